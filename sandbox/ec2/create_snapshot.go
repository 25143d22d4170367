package ec2

import (
	"context"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

type createSnapshotIn struct {
	dry
	Description string
	VolumeID    string    `wire:"VolumeId"`
	TagSpecs    []tagSpec `wire:"TagSpecification"`
}

// createSnapshotOut has the tags also where there are none, unlike a snapshot that is described.
type createSnapshotOut struct {
	xmlSnapshot
	Tags wire.List[xmlTag] `xml:"tagSet"`
}

// createSnapshot of a root volume freezes its instance's disk; of another
// volume it makes a record without data.
func (o snapshotOps) createSnapshot(c *wire.Call, in *createSnapshotIn) (*createSnapshotOut, error) {
	if in.VolumeID == "" {
		return nil, missingParameter("VolumeId")
	}
	v, found := Volumes.Get(c.Tx, c.Region, in.VolumeID)
	if !found || v.Account != c.Account.ID {
		return nil, volumeNotFound(in.VolumeID)
	}
	if _, there := volumeOps(o).volumeXML(c, v); !there {
		return nil, volumeNotFound(in.VolumeID)
	}
	tags, err := specTags(in.TagSpecs, "snapshot")
	if err != nil {
		return nil, err
	}
	s := Snapshot{
		ID: newID("snap"), Owner: c.Account.ID, Description: in.Description, Volume: v.ID, Size: v.Size, Started: c.Now,
		Due: c.Due(o.set.CreateSnapshot), Seen: c.Due(o.set.Lag), Ready: true, Encrypted: v.Encrypted, KMSKey: v.KMSKey,
	}
	inst, attached := Instances.Get(c.Tx, c.Region, v.Instance)
	if attached && inst.Devices[0].Volume == v.ID {
		s.Layers, s.Ready = append(inst.Layers[:len(inst.Layers):len(inst.Layers)], s.ID), false
		region := c.Region
		c.After(func() { o.freezeVolume(region, inst.ID, s.ID) })
	}
	putSnapshot(c, s)
	putTags(c.Tx, c.Region, c.Account.ID, "snapshot", s.ID, tags["snapshot"])
	return &createSnapshotOut{snapshotXML(c, s, nil), tagList(tags["snapshot"])}, nil
}

func (o snapshotOps) freezeVolume(region, instance, snapshot string) {
	size, err := o.driver.Snapshot(context.Background(), instance, snapshot)
	_ = o.store.Update(func(tx *cloud.Tx) error {
		s, found := Snapshots.Get(tx, region, snapshot)
		if !found {
			return nil
		}
		s.Ready, s.Bytes = err == nil, size
		if err != nil {
			s.Failed, s.Due = err.Error(), tx.Now
		}
		Snapshots.Put(tx, region, snapshot, s)
		return nil
	})
}
