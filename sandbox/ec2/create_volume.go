package ec2

import (
	"slices"

	"amiship/sandbox/wire"
)

type createVolumeIn struct {
	dry
	ClientToken      string
	Zone             string `wire:"AvailabilityZone"`
	ZoneID           string `wire:"AvailabilityZoneId"`
	Size             int
	SnapshotID       string `wire:"SnapshotId"`
	VolumeType       string
	IOPS             int `wire:"Iops"`
	Throughput       int
	Encrypted        *bool
	KMSKeyID         string    `wire:"KmsKeyId"`
	TagSpecs         []tagSpec `wire:"TagSpecification"`
	MultiAttach      bool      `wire:"MultiAttachEnabled"`
	OutpostARN       string    `wire:"OutpostArn"`
	InitializingRate int       `wire:"VolumeInitializationRate"`
}

// createVolume makes a volume that no instance has. It has no data of its own: a snapshot
// of it is a record, as one of a data volume is.
func (o volumeOps) createVolume(c *wire.Call, in *createVolumeIn) (*xmlVolume, error) {
	if made, err := replay(c, in.ClientToken, in); err != nil {
		return nil, err
	} else if len(made) > 0 {
		return o.created(c, made[0]), nil
	}
	z, err := in.where(c)
	if err != nil {
		return nil, err
	}
	tags, err := specTags(in.TagSpecs, "volume")
	if err != nil {
		return nil, err
	}
	m, err := mappingIn{EBS: ebsIn{
		SnapshotID: in.SnapshotID, VolumeSize: in.Size, VolumeType: in.VolumeType, IOPS: in.IOPS, Throughput: in.Throughput, Encrypted: in.Encrypted, KMSKeyID: in.KMSKeyID,
	}}.over(c, Mapping{})
	if err != nil {
		return nil, err
	}
	m.Encrypted, m.KMSKey = encryption(c, m.Encrypted, m.KMSKey)
	v := m.volume(c, z.name, z.id)
	putVolume(c, v, tags["volume"])
	o.remember(c, in.ClientToken, in, v.ID)
	return o.created(c, v.ID), nil
}

// created is a volume as CreateVolume answers with it.
func (o volumeOps) created(c *wire.Call, id string) *xmlVolume {
	v, _ := Volumes.Get(c.Tx, c.Region, id)
	x, _ := o.volumeXML(c, v)
	x.Status, x.Tags = "creating", tagList(TagsOf(c.Tx, c.Region, c.Account.ID, id))
	return &x
}

// where is the zone of the request; what the sandbox's volumes can't be is refused.
func (in *createVolumeIn) where(c *wire.Call) (zone, error) {
	switch {
	case in.MultiAttach, in.OutpostARN != "", in.InitializingRate > 0:
		return zone{}, invalidCombination("The sandbox has no volumes with MultiAttachEnabled, OutpostArn or VolumeInitializationRate.")
	case in.Zone == "" && in.ZoneID == "":
		return zone{}, missingParameter("AvailabilityZone")
	}
	r, _ := findRegion(c.Region)
	all := r.allZones()
	i := slices.IndexFunc(all, func(z zone) bool { return z.name == in.Zone || in.Zone == "" && z.id == in.ZoneID })
	if i < 0 {
		return zone{}, wire.Errorf("InvalidZone.NotFound", "The zone '%s' does not exist.", in.Zone+in.ZoneID)
	}
	return all[i], nil
}
