package ec2

import (
	"errors"
	"fmt"

	"amiship/sandbox/cloud"
)

// Recover brings the store and the machines together after the sandbox died:
// instances that ran are started again on their disks, half-made snapshots and
// images with lost layers become failed, half-removed machines go.
func (e *EC2) Recover() error { return e.core.recoverAll() }

func (k *core) recoverAll() error {
	if k.driver == nil {
		return nil
	}
	var todo []func()
	err := k.store.Update(func(tx *cloud.Tx) error {
		for _, region := range Snapshots.Parts(tx) {
			lost := k.recoverSnapshots(tx, region)
			recoverImages(tx, region, lost)
		}
		for _, region := range Instances.Parts(tx) {
			for _, in := range Instances.All(tx, region) {
				if do := k.recoverInstance(tx, in); do != nil {
					todo = append(todo, do)
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("recover instances and images: %w", err)
	}
	for _, do := range todo {
		do()
	}
	k.prune()
	return nil
}

// recoverSnapshots marks snapshots whose layers are gone, and returns their ids.
func (k *core) recoverSnapshots(tx *cloud.Tx, region string) map[string]bool {
	lost := map[string]bool{}
	there := map[string]bool{}
	for id, s := range Snapshots.All(tx, region) {
		if s.Failed != "" {
			lost[id] = true
			continue
		}
		for _, l := range s.Layers {
			has, known := there[l]
			if !known {
				has = k.driver.HasLayer(l)
				there[l] = has
			}
			if !has {
				s.Failed = "The disk of this snapshot was lost when the sandbox ended."
			}
		}
		if s.Failed == "" && s.Ready {
			continue
		}
		if s.Failed == "" { // the layer was finished, only the word of it was lost
			s.Ready = true
		} else {
			lost[id] = true
			s.Due = tx.Now
		}
		Snapshots.Put(tx, region, id, s)
	}
	return lost
}

func recoverImages(tx *cloud.Tx, region string, lost map[string]bool) {
	for id, im := range Images.All(tx, region) {
		if im.Failed != "" {
			continue
		}
		changed := !im.Ready
		im.Ready = true
		for _, s := range im.Snapshots() {
			if lost[s] {
				im.Failed, im.Due, changed = "The snapshot "+s+" was lost when the sandbox ended.", tx.Now, true
			}
		}
		if changed {
			Images.Put(tx, region, id, im)
		}
	}
}

// recoverInstance returns what must be done to the instance's machine.
func (k *core) recoverInstance(tx *cloud.Tx, in Instance) func() {
	region, id := in.Region, in.ID
	switch in.State {
	case statePending, stateRunning:
		in.State, in.Started, in.Rebooting = statePending, false, false
		Instances.Put(tx, region, id, in)
		return func() { k.start(region, id) }
	case stateStopping:
		return func() { k.stop(region, id) }
	case stateShutting:
		return func() { k.remove(region, id) }
	}
	return nil
}

var errNoDriver = errors.New("this sandbox runs no machines")
