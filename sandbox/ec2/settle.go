package ec2

import (
	"net/netip"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/machine"
	"amiship/sandbox/wire"
)

// settled is the instance as it is now: what was last asked of it, moved on by
// what its machine does.
func (k core) settled(in Instance, now time.Time) Instance {
	if k.driver == nil || in.State == stateTerminated || in.State == stateStopped || in.Rebooting {
		return in
	}
	st := k.driver.Status(in.ID)
	off := st.State == machine.Stopped || st.State == machine.Failed
	switch in.State {
	case statePending:
		switch {
		case !in.Started:
		case st.State == machine.Running && st.SSH:
			in.State, in.Reason, in.ReasonCode = stateRunning, "", ""
		case st.State == machine.Failed:
			in = in.terminated(now, "Server.InternalError", "Server.InternalError: "+st.Err)
		case off:
			in = in.poweredOff(now)
		}
	case stateRunning:
		if off {
			in = in.poweredOff(now)
		}
	case stateStopping:
		if off {
			in = in.stopped()
		}
	case stateShutting:
		if off {
			in = in.terminated(now, in.ReasonCode, in.Reason)
		}
	}
	return in
}

// poweredOff is the instance after its machine was shut down from within.
func (in Instance) poweredOff(now time.Time) Instance {
	in.ReasonCode, in.Reason = "Client.InstanceInitiatedShutdown", "Client.InstanceInitiatedShutdown: Instance initiated shutdown"
	if in.ShutdownBehavior == "terminate" {
		return in.terminated(now, in.ReasonCode, in.Reason)
	}
	return in.stopped()
}

func (in Instance) stopped() Instance {
	in.State = stateStopped
	in.Public = netip.Addr{}
	return in
}

func (in Instance) terminated(now time.Time, code, reason string) Instance {
	in.State, in.Terminated = stateTerminated, now
	in.ReasonCode, in.Reason = code, reason
	in.Public, in.Private = netip.Addr{}, netip.Addr{}
	return in
}

// seen returns an instance settled, and sees to it that the store hears of
// what has changed once this call is over.
func (k core) seen(c *wire.Call, in Instance) Instance {
	now := k.settled(in, c.Now)
	if now.State != in.State {
		region, id := c.Region, in.ID
		c.After(func() { k.settle(region, id) })
	}
	return now
}

// settle stores what has become of an instance, and clears away what ended.
func (k core) settle(region, id string) {
	ended, idle := false, false
	_ = k.store.Update(func(tx *cloud.Tx) error {
		in, found := Instances.Get(tx, region, id)
		if !found {
			return nil
		}
		now := k.settled(in, tx.Now)
		if now.State == in.State {
			return nil
		}
		ended = now.State == stateTerminated
		Instances.Put(tx, region, id, now)
		if ended {
			release(tx, now)
			idle = !ownLayers(tx, now.Layers)
		}
		return nil
	})
	if ended {
		_ = k.driver.Remove(id)
		if idle {
			k.prune()
		}
	}
}

// release deletes the network interface and the volumes of a terminated
// instance, or leaves volumes behind unattached.
func release(tx *cloud.Tx, in Instance) {
	dropTags(tx, in.Region, in.Account, in.Interface)
	dropTags(tx, in.Region, in.Account, in.SpotRequest)
	for _, d := range in.Devices {
		v, found := Volumes.Get(tx, in.Region, d.Volume)
		switch {
		case !found:
		case d.Keep:
			v.Instance = ""
			Volumes.Put(tx, in.Region, v.ID, v)
		default:
			dropVolume(tx, in.Region, v)
		}
	}
}

// forget removes the records of instances that were terminated a while ago.
func (o instanceOps) forget(c *wire.Call) {
	for id, in := range Instances.All(c.Tx, c.Region) {
		if in.State == stateTerminated && !c.Now.Before(in.Terminated.Add(o.set.TerminatedShown)) {
			Instances.Delete(c.Tx, c.Region, id)
			dropTags(c.Tx, c.Region, in.Account, id)
		}
	}
}

// shown reports whether an instance is still described.
func (k core) shown(in Instance, now time.Time) bool {
	return in.State != stateTerminated || now.Before(in.Terminated.Add(k.set.TerminatedShown))
}
