package ec2

import (
	"cmp"
	"context"
	"fmt"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

type createImageIn struct {
	dry
	TagSpecs    []tagSpec   `wire:"TagSpecification"`
	InstanceID  string      `wire:"InstanceId"`
	Mappings    []mappingIn `wire:"BlockDeviceMapping"`
	Name        string
	Description string
	NoReboot    bool
}

// createImage freezes an instance's disk. A running instance is stopped for it and
// started again, unless NoReboot says otherwise; AWS does not wait for that.
func (o imageOps) createImage(c *wire.Call, in *createImageIn) (*imageOut, error) {
	inst, err := o.ownInstance(c, in.InstanceID)
	if err != nil {
		return nil, err
	}
	if inst.State != stateRunning && inst.State != stateStopped {
		return nil, wire.Errorf("InvalidParameterValue", "Instance is not in state 'running' or 'stopped'.")
	}
	tags, err := specTags(in.TagSpecs, "image", "snapshot")
	if err := cmp.Or(err, checkImageName(c, in.Name, true), checkQuota(c)); err != nil {
		return nil, err
	}
	im := o.imageOf(c, in, inst)
	im.meet(c)
	if im.Mappings, err = overlay(c, instanceMappings(c, inst), in.Mappings); err != nil {
		return nil, err
	}
	root := ""
	for i, m := range im.Mappings {
		if m.Virtual != "" {
			continue
		}
		s := o.frozen(c, inst, im, m)
		if m.Device == im.RootDevice {
			root = s.ID
			s.Layers, s.Ready = append(inst.Layers[:len(inst.Layers):len(inst.Layers)], s.ID), false
		}
		putSnapshot(c, s)
		putTags(c.Tx, c.Region, c.Account.ID, "snapshot", s.ID, tags["snapshot"])
		im.Mappings[i].Snapshot = s.ID
	}
	putImage(c, im)
	putTags(c.Tx, c.Region, c.Account.ID, "image", im.ID, tags["image"])
	freeze := func() { o.freeze(c.Region, inst.ID, im.ID, root) }
	if inst.State == stateRunning && !in.NoReboot {
		o.whileStopped(c, inst, freeze)
	} else {
		c.After(freeze)
	}
	return &imageOut{im.ID}, nil
}

func (o imageOps) imageOf(c *wire.Call, in *createImageIn, inst Instance) Image {
	im := Image{
		ID: newID("ami"), Owner: c.Account.ID, Name: in.Name, Description: in.Description, Arch: inst.Arch, Created: c.Now,
		Due: c.Due(o.set.CreateImage), Seen: c.Due(o.set.Lag), RootDevice: inst.RootDevice, ENA: inst.ENA, SRIOV: inst.SRIOV, BootMode: inst.BootMode,
		ProductCode: inst.ProductCode, SourceInstance: inst.ID,
	}
	if src, found := Images.Get(c.Tx, c.Region, inst.Image); found {
		im.IMDS, im.TPM, im.SourceImage, im.SourceRegion = src.IMDS, src.TPM, src.ID, c.Region
	}
	return im
}

// instanceMappings are the block devices of an instance as an image of it has them.
func instanceMappings(c *wire.Call, inst Instance) []Mapping {
	var out []Mapping
	for _, d := range inst.Devices {
		v, found := Volumes.Get(c.Tx, c.Region, d.Volume)
		if !found {
			continue
		}
		m := Mapping{Device: d.Name, Size: v.Size, Type: v.Type, Encrypted: v.Encrypted, KMSKey: v.KMSKey, Keep: d.Keep, Snapshot: v.Snapshot}
		if v.Type != "gp2" {
			m.IOPS, m.Throughput = v.IOPS, v.Throughput
		}
		out = append(out, m)
	}
	return out
}

// frozen is the snapshot of one device of an instance, ready at the same time
// as the image. Only the root device has data.
func (o imageOps) frozen(c *wire.Call, inst Instance, im Image, m Mapping) Snapshot {
	s := Snapshot{
		ID: newID("snap"), Owner: c.Account.ID, Size: m.Size, Started: c.Now, Due: im.Due, Seen: im.Seen, Gone: im.Gone, Failed: im.Failed, Ready: true,
		Encrypted: m.Encrypted, KMSKey: m.KMSKey, ProductCode: im.ProductCode,
		Description: fmt.Sprintf("Created by CreateImage(%s) for %s", inst.ID, im.ID),
	}
	for _, d := range inst.Devices {
		if d.Name == m.Device {
			s.Volume = d.Volume
		}
	}
	return s
}

// freeze has the driver make the layer of the root snapshot, and says in image
// and snapshot how that went. It outlives the request, hence its own context.
func (o imageOps) freeze(region, instance, image, snapshot string) {
	size, err := o.driver.Snapshot(context.Background(), instance, snapshot)
	_ = o.store.Update(func(tx *cloud.Tx) error {
		s, found := Snapshots.Get(tx, region, snapshot)
		if found {
			s.Ready, s.Bytes = err == nil, size
			if err != nil {
				s.Failed, s.Due = err.Error(), tx.Now
			}
			Snapshots.Put(tx, region, snapshot, s)
		}
		im, found := Images.Get(tx, region, image)
		if !found {
			return nil
		}
		im.Ready = true
		if err != nil {
			im.Failed, im.Due = "Client.InternalError: "+err.Error(), tx.Now
		}
		Images.Put(tx, region, image, im)
		return nil
	})
}
