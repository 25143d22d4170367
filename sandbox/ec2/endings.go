package ec2

import (
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// usualLife is how long a machine lives that a fault terminates.
const usualLife = time.Minute

// meet has a new image end as the call's fault says.
func (im *Image) meet(c *wire.Call) {
	ending, at := c.Ends()
	switch ending {
	case wire.EndsFailed:
		im.Failed = "Client.InternalError: a fault of the sandbox's"
	case wire.EndsStuck:
		im.Due = c.Now.AddDate(10, 0, 0)
	case wire.EndsVanished:
		im.Gone = later(at, im.Due)
	}
}

// meet has a new instance end as the call's fault says.
func (in *Instance) meet(c *wire.Call) {
	ending, at := c.Ends()
	switch ending {
	case wire.EndsDeaf:
		in.Deaf = true
	case wire.EndsTerminated:
		in.Doom = later(at, c.Due(usualLife))
	}
}

// later is a moment, or the usual one.
func later(at, usual time.Time) time.Time {
	if at.IsZero() {
		return usual
	}
	return at
}

// passed reports whether a moment is there that is over.
func passed(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// doom terminates a machine when its time has come: the one thing here that does
// not wait for a read, since whoever works on the machine may not read.
func (k core) doom(in Instance, now time.Time) {
	if in.Doom.IsZero() {
		return
	}
	time.AfterFunc(in.Doom.Sub(now), func() { k.terminate(in.Region, in.ID) })
}

// terminate is what AWS does when a machine's host fails.
func (k core) terminate(region, id string) {
	_ = k.store.Update(func(tx *cloud.Tx) error {
		in, found := Instances.Get(tx, region, id)
		if !found || in.State == stateTerminated || in.State == stateShutting {
			return errMovedOn
		}
		in.State, in.ReasonCode, in.Reason = stateShutting, "Server.InternalError", "Server.InternalError: a fault of the sandbox's"
		Instances.Put(tx, region, id, in)
		return nil
	})
	k.remove(region, id)
	k.settle(region, id)
}
