package ec2

import (
	"slices"

	"amiship/sandbox/wire"
)

// mapDevices puts the request's block devices over the image's.
func (o *order) mapDevices(c *wire.Call, in *runIn) error {
	var err error
	o.mappings, err = overlay(c, o.image.Mappings, in.Mappings)
	if err != nil {
		return err
	}
	for i, m := range o.mappings {
		if m.Virtual != "" {
			continue
		}
		o.mappings[i].Encrypted, o.mappings[i].KMSKey = encryption(c, m.Encrypted, m.KMSKey)
	}
	return nil
}

// overlay merges mappings of a request into those of an image, by device.
func overlay(c *wire.Call, base []Mapping, asked []mappingIn) ([]Mapping, error) {
	out := slices.Clone(base)
	for _, a := range asked {
		i := slices.IndexFunc(out, func(m Mapping) bool { return m.Device == a.DeviceName })
		switch {
		case a.DeviceName == "":
			return nil, missingParameter("BlockDeviceMapping.DeviceName")
		case a.NoDevice != nil:
			if i >= 0 {
				out = slices.Delete(out, i, i+1)
			}
			continue
		case i < 0:
			out = append(out, Mapping{Device: a.DeviceName})
			i = len(out) - 1
		}
		m, err := a.over(c, out[i])
		if err != nil {
			return nil, err
		}
		out[i] = m
	}
	return out, nil
}

func (in mappingIn) over(c *wire.Call, m Mapping) (Mapping, error) {
	if in.VirtualName != "" {
		return Mapping{Device: in.DeviceName, Virtual: in.VirtualName}, nil
	}
	if in.EBS.SnapshotID != "" {
		s, err := seenSnapshot(c, in.EBS.SnapshotID)
		if err != nil {
			return m, err
		}
		m.Snapshot, m.Encrypted, m.KMSKey = s.ID, s.Encrypted, s.KMSKey
		m.Size = max(m.Size, s.Size)
	}
	if s, found := Snapshots.Get(c.Tx, c.Region, m.Snapshot); found && in.EBS.VolumeSize > 0 && in.EBS.VolumeSize < s.Size {
		return m, wire.Errorf("InvalidBlockDeviceMapping", "Volume of size %dGB is smaller than snapshot '%s', expect size >= %dGB", in.EBS.VolumeSize, s.ID, s.Size)
	}
	if err := checkKey(c, in.EBS.Encrypted != nil && *in.EBS.Encrypted, in.EBS.KMSKeyID); err != nil {
		return m, err
	}
	if in.EBS.VolumeType != "" && in.EBS.VolumeType != m.Type {
		m.IOPS, m.Throughput = 0, 0 // of another type
	}
	if in.EBS.DeleteOnTermination != nil {
		m.Keep = !*in.EBS.DeleteOnTermination
	}
	if in.EBS.Encrypted != nil {
		m.Encrypted = m.Encrypted || *in.EBS.Encrypted
	}
	override(&m.Size, in.EBS.VolumeSize)
	override(&m.Type, in.EBS.VolumeType)
	override(&m.IOPS, in.EBS.IOPS)
	override(&m.Throughput, in.EBS.Throughput)
	override(&m.KMSKey, in.EBS.KMSKeyID)
	return m.complete()
}

func override[T comparable](v *T, with T) {
	var zero T
	if with != zero {
		*v = with
	}
}

// attachVolumes makes the volumes of a new instance.
func (o *order) attachVolumes(c *wire.Call, in *Instance) {
	for _, m := range o.mappings {
		if m.Virtual != "" {
			continue
		}
		v := m.volume(c, in.Zone, in.ZoneID)
		v.Instance = in.ID
		putVolume(c, v, o.tags["volume"])
		in.Devices = append(in.Devices, Device{Name: m.Device, Volume: v.ID, Attached: c.Now, Keep: m.Keep})
	}
}

// volume is a new volume in a zone.
func (m Mapping) volume(c *wire.Call, zone, zoneID string) Volume {
	v := Volume{
		ID: newID("vol"), Account: c.Account.ID, Zone: zone, ZoneID: zoneID, Size: m.Size, Type: m.Type, IOPS: m.IOPS,
		Throughput: m.Throughput, Snapshot: m.Snapshot, Encrypted: m.Encrypted, KMSKey: m.KMSKey, Created: c.Now,
	}
	if m.Type == "gp2" {
		v.IOPS = max(100, 3*m.Size)
	}
	return v
}

func putVolume(c *wire.Call, v Volume, tags map[string]string) {
	Volumes.Put(c.Tx, c.Region, v.ID, v)
	putTags(c.Tx, c.Region, c.Account.ID, "volume", v.ID, tags)
}
