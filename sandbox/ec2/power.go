package ec2

import (
	"encoding/base64"
	"fmt"

	"amiship/sandbox/wire"
)

type instancesIn struct {
	dry
	InstanceIDs []string `wire:"InstanceId"`
}

type stopIn struct {
	instancesIn
	Hibernate      bool
	SkipOSShutdown bool `wire:"SkipOsShutdown"`
	Force          bool
}

type xmlState struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

func stateXML(name string) xmlState { return xmlState{stateCode(name), name} }

type xmlStateChange struct {
	InstanceID string   `xml:"instanceId"`
	Current    xmlState `xml:"currentState"`
	Previous   xmlState `xml:"previousState"`
}

type stateChangesOut struct {
	Instances wire.List[xmlStateChange] `xml:"instancesSet"`
}

// ownInstance returns one of the caller's instances, settled.
func (k core) ownInstance(c *wire.Call, id string) (Instance, error) {
	if id == "" {
		return Instance{}, missingParameter("InstanceId")
	}
	all, err := k.ownInstances(c, []string{id})
	if err != nil {
		return Instance{}, err
	}
	return all[0], nil
}

// ownInstances are the caller's instances with these ids, settled, by id.
func (k core) ownInstances(c *wire.Call, ids []string) ([]Instance, error) {
	return named(ids, instanceNotFound, func(id string) (Instance, bool, error) {
		if err := checkID("i", id, "InvalidInstanceID.Malformed"); err != nil {
			return Instance{}, false, err
		}
		in, found := Instances.Get(c.Tx, c.Region, id)
		if !found || in.Account != c.Account.ID || !k.shown(in, c.Now) {
			return in, false, nil
		}
		return k.seen(c, in), true, nil
	})
}

// askedToChange are the instances that a request is about to change; one of nothing is refused.
func (k core) askedToChange(c *wire.Call, ids []string) ([]Instance, error) {
	if len(ids) == 0 {
		return nil, invalidCombination("No instances specified")
	}
	return k.ownInstances(c, ids)
}

// each changes the state of the named instances, all or none. change is given
// an instance and returns its next state.
func (o instanceOps) each(c *wire.Call, ids []string, change func(*Instance) error) (*stateChangesOut, error) {
	all, err := o.askedToChange(c, ids)
	if err != nil {
		return nil, err
	}
	out := &stateChangesOut{}
	for _, in := range all {
		before := in.State
		if err := change(&in); err != nil {
			return nil, err
		}
		if in.State != before {
			putInstance(c, in)
		}
		out.Instances = append(out.Instances, xmlStateChange{in.ID, stateXML(in.State), stateXML(before)})
	}
	return out, nil
}

func wrongState(in *Instance, verb string) error {
	return wire.Errorf("IncorrectInstanceState", "The instance '%s' is not in a state from which it can be %s.", in.ID, verb)
}

func (o instanceOps) stopInstances(c *wire.Call, in *stopIn) (*stateChangesOut, error) {
	region := c.Region
	return o.each(c, in.InstanceIDs, func(i *Instance) error {
		switch {
		case i.State == stateStopped || i.State == stateStopping:
			return nil
		case i.State != stateRunning && i.State != statePending:
			return wrongState(i, "stopped")
		case in.Hibernate && !i.Hibernation:
			return wire.Errorf("UnsupportedHibernationConfiguration", "The instance '%s' is not configured for hibernation.", i.ID)
		case in.Hibernate:
			return wire.Errorf("Unsupported", "The sandbox's machines do not hibernate.")
		case in.Force || in.SkipOSShutdown:
			return wire.Errorf("Unsupported", "The sandbox's machines are stopped by their own system: there is no Force and no SkipOsShutdown.")
		case i.SpotRequest != "":
			return notStoppable(i.ID)
		case i.KeepRunning:
			return wire.Errorf("OperationNotPermitted", "The instance '%s' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.", i.ID)
		}
		i.State = stateStopping
		i.ReasonCode, i.Reason = "Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"
		id := i.ID
		c.After(func() { o.stop(region, id) })
		return nil
	})
}

// startInstances gives stopped machines a new public address.
func (o instanceOps) startInstances(c *wire.Call, in *instancesIn) (*stateChangesOut, error) {
	region := c.Region
	return o.each(c, in.InstanceIDs, func(i *Instance) error {
		switch {
		case i.State == stateRunning || i.State == statePending:
			return nil
		case i.State != stateStopped:
			return wrongState(i, "started")
		}
		i.State, i.Started, i.Launched, i.Reason, i.ReasonCode = statePending, false, c.Now, "", ""
		if i.WantsPublic {
			i.Public = publicAddress(c.Tx)
		}
		id := i.ID
		c.After(func() { o.start(region, id) })
		return nil
	})
}

type terminateIn struct {
	instancesIn
	Force          bool
	SkipOSShutdown bool `wire:"SkipOsShutdown"`
}

func (o instanceOps) terminateInstances(c *wire.Call, in *terminateIn) (*stateChangesOut, error) {
	region := c.Region
	return o.each(c, in.InstanceIDs, func(i *Instance) error {
		if i.State == stateTerminated || i.State == stateShutting {
			return nil
		}
		if i.KeepAlive {
			return wire.Errorf("OperationNotPermitted", "The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", i.ID)
		}
		i.State = stateShutting
		i.ReasonCode, i.Reason = "Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"
		id := i.ID
		c.After(func() { o.remove(region, id) })
		return nil
	})
}

func (o instanceOps) rebootInstances(c *wire.Call, in *instancesIn) (*done, error) {
	all, err := o.askedToChange(c, in.InstanceIDs)
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		if i.State != stateRunning {
			return nil, wrongState(&i, "rebooted")
		}
		o.whileStopped(c, i, func() {})
	}
	return ok()
}

type consoleIn struct {
	dry
	InstanceID string `wire:"InstanceId"`
	Latest     bool
}

type consoleOut struct {
	InstanceID string    `xml:"instanceId"`
	Timestamp  wire.Time `xml:"timestamp"`
	Output     string    `xml:"output,omitempty"` // base64
}

func (o instanceOps) getConsoleOutput(c *wire.Call, in *consoleIn) (*consoleOut, error) {
	i, err := o.ownInstance(c, in.InstanceID)
	if err != nil {
		return nil, err
	}
	text, err := o.driver.Console(i.ID)
	if err != nil && i.State != stateTerminated {
		return nil, fmt.Errorf("console of %s: %w", i.ID, err)
	}
	return &consoleOut{i.ID, wire.Time(c.Now), base64.StdEncoding.EncodeToString(text)}, nil
}
