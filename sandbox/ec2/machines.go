package ec2

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/machine"
	"amiship/sandbox/wire"
)

// bases are the operating systems that Seed was given, by layer.
var bases = cloud.NewTable[machine.Base]("ec2.bases")

// spec describes an instance's machine to the driver.
func spec(tx *cloud.Tx, in Instance) machine.Spec {
	arch := "amd64"
	if in.Arch == "arm64" {
		arch = "arm64"
	}
	s := machine.Spec{
		ID: in.ID, Layers: in.Layers, Arch: arch, Hostname: in.Hostname(), UUID: hypervisorUUID(in.ID), MAC: in.MAC(),
		Private: in.Private, Public: in.Public, Ports: portsOf(tx, in), AuthorizedKey: in.AuthorizedKey, User: "ubuntu",
	}
	if b, found := bases.Get(tx, "", in.Layers[0]); found {
		s.User = b.User
	}
	return s
}

// hypervisorUUID begins with ec2, by which cloud-init knows where it is.
func hypervisorUUID(id string) string {
	d := digest(id)
	return fmt.Sprintf("ec2%s-%s-%s-%s-%s", d[:5], d[5:9], d[9:13], d[13:17], d[17:29])
}

func portsOf(tx *cloud.Tx, in Instance) []machine.PortRange {
	if in.Deaf {
		return nil
	}
	var rules []rule
	for _, id := range in.Groups {
		if g, found := findGroup(tx, in.Region, in.Account, id); found {
			rules = append(rules, g.Ingress...)
		}
	}
	return openPorts(rules)
}

// tell has the driver do something to the instance if it is still in the state
// that this was decided in. The store is held meanwhile, so that orders reach
// the driver in the order in which they were stored.
func (k core) tell(region, id, state string, do func(*cloud.Tx, Instance) error) error {
	return k.store.View(func(tx *cloud.Tx) error {
		in, found := Instances.Get(tx, region, id)
		if !found || in.State != state {
			return errMovedOn
		}
		return do(tx, in)
	})
}

var (
	errMovedOn = errors.New("the instance is in another state by now")
	errNoKey   = errors.New("a volume's KMS key is not there")
)

// start starts a pending instance's machine.
func (k core) start(region, id string) {
	err := k.tell(region, id, statePending, func(tx *cloud.Tx, in Instance) error {
		if in.lacksKey(tx) {
			return errNoKey
		}
		return k.driver.Start(spec(tx, in))
	})
	if errors.Is(err, errMovedOn) {
		return
	}
	_ = k.store.Update(func(tx *cloud.Tx) error {
		in, found := Instances.Get(tx, region, id)
		if !found || in.State != statePending {
			return nil
		}
		in.Started = true
		k.doom(in, tx.Now)
		switch {
		case errors.Is(err, errNoKey):
			in = in.terminated(tx.Now, launchFailed, launchFailed+": Client error on launch")
			release(tx, in)
		case err != nil:
			in = in.terminated(tx.Now, "Server.InternalError", "Server.InternalError: "+err.Error())
			release(tx, in)
		}
		Instances.Put(tx, region, id, in)
		return nil
	})
}

// stop and remove carry out what was stored.
func (k core) stop(region, id string) {
	_ = k.tell(region, id, stateStopping, func(*cloud.Tx, Instance) error { return k.driver.Stop(id) })
}

func (k core) remove(region, id string) {
	_ = k.tell(region, id, stateShutting, func(*cloud.Tx, Instance) error { return k.driver.Remove(id) })
}

const (
	rebootTime = 60 * time.Second
	rebootPoll = 50 * time.Millisecond
)

// whileStopped stops a running instance once the call is stored, does something, and
// starts it again. The caller waits for the stop, for at most rebootTime; AWS does not wait.
func (k core) whileStopped(c *wire.Call, in Instance, do func()) {
	in.Rebooting = true
	putInstance(c, in)
	region := c.Region
	c.After(func() { k.reboot(region, in.ID, do) })
}

func (k core) reboot(region, id string, do func()) {
	if err := k.driver.Stop(id); err == nil {
		k.awaitStop(id)
	}
	do()
	_ = k.tell(region, id, stateRunning, func(tx *cloud.Tx, in Instance) error { return k.driver.Start(spec(tx, in)) })
	_ = k.store.Update(func(tx *cloud.Tx) error {
		in, found := Instances.Get(tx, region, id)
		if found {
			in.Rebooting = false
			Instances.Put(tx, region, id, in)
		}
		return nil
	})
}

func (k core) awaitStop(id string) {
	poll := time.NewTicker(rebootPoll)
	defer poll.Stop()
	deadline := time.After(rebootTime)
	for {
		if s := k.driver.Status(id).State; s == machine.Stopped || s == machine.Failed {
			return
		}
		select {
		case <-poll.C:
		case <-deadline:
			return
		}
	}
}

// portsChanged tells the driver about a change of a group's rules.
func (k core) portsChanged(c *wire.Call, group string) {
	region := c.Region
	for id, in := range Instances.All(c.Tx, region) {
		if slices.Contains(in.Groups, group) && (in.State == stateRunning || in.State == statePending) {
			c.After(func() { k.setPorts(region, id) })
		}
	}
}

func (k core) setPorts(region, id string) {
	_ = k.store.View(func(tx *cloud.Tx) error {
		in, found := Instances.Get(tx, region, id)
		if !found || !in.Started || (in.State != stateRunning && in.State != statePending) {
			return nil
		}
		return k.driver.SetPorts(id, portsOf(tx, in))
	})
}
