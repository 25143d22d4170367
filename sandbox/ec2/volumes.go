package ec2

import (
	"slices"
	"strconv"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Volume is a disk in the record only: the data of an instance's disks is the
// machine driver's, and goes with the instance.
type Volume struct {
	ID, Account, Zone, ZoneID string
	Size                      int // GiB
	Type                      string
	IOPS, Throughput          int    `json:",omitempty"`
	Snapshot                  string `json:",omitempty"`
	Encrypted                 bool   `json:",omitempty"`
	KMSKey                    string `json:",omitempty"`
	Created                   time.Time
	Instance                  string `json:",omitempty"` // it is attached to
}

// Volumes by id, in partition region.
var Volumes = cloud.NewTable[Volume]("ec2.volumes")

func volumeNotFound(ids ...string) error {
	return notFound("InvalidVolume.NotFound", "volume", ids, ".")
}

type describeVolumesIn struct {
	dry
	paging
	VolumeIDs []string `wire:"VolumeId"`
	Filters   []filter `wire:"Filter"`

	IncludeManagedResources bool
}

type xmlAttachment struct {
	DeleteOnTermination bool      `xml:"deleteOnTermination"`
	VolumeID            string    `xml:"volumeId"`
	InstanceID          string    `xml:"instanceId"`
	Device              string    `xml:"device"`
	Status              string    `xml:"status"`
	AttachTime          wire.Time `xml:"attachTime"`
}

type xmlVolume struct {
	ZoneID      string                   `xml:"availabilityZoneId"`
	IOPS        int                      `xml:"iops,omitempty"`
	Tags        wire.List[xmlTag]        `xml:"tagSet,omitempty"`
	Type        string                   `xml:"volumeType"`
	FastRestore bool                     `xml:"fastRestored"`
	MultiAttach bool                     `xml:"multiAttachEnabled"`
	Throughput  int                      `xml:"throughput,omitempty"`
	SSEType     string                   `xml:"sseType,omitempty"`
	Operator    xmlOperator              `xml:"operator"`
	VolumeID    string                   `xml:"volumeId"`
	Size        int                      `xml:"size"`
	SnapshotID  string                   `xml:"snapshotId"`
	Zone        string                   `xml:"availabilityZone"`
	Status      string                   `xml:"status"`
	Created     wire.Time                `xml:"createTime"`
	Attachments wire.List[xmlAttachment] `xml:"attachmentSet"`
	Encrypted   bool                     `xml:"encrypted"`
	KMSKeyID    string                   `xml:"kmsKeyId,omitempty"`
}

// xmlOperator says that no AWS service manages the resource.
type xmlOperator struct {
	Managed bool `xml:"managed"`
}

type describeVolumesOut struct {
	NextToken string               `xml:"nextToken,omitempty"`
	Volumes   wire.List[xmlVolume] `xml:"volumeSet"`
}

type volumeView struct {
	xmlVolume
	tags map[string]string
}

func (v volumeView) eachAttachment(get func(xmlAttachment) string) []string {
	var out []string
	for _, a := range v.Attachments {
		out = append(out, get(a))
	}
	return out
}

var volumeFilters = filters[volumeView]{
	by: map[string]func(volumeView) []string{
		"attachment.attach-time": func(v volumeView) []string {
			return v.eachAttachment(func(a xmlAttachment) string { return wire.FormatTime(time.Time(a.AttachTime)) })
		},
		"attachment.delete-on-termination": func(v volumeView) []string {
			return v.eachAttachment(func(a xmlAttachment) string { return strconv.FormatBool(a.DeleteOnTermination) })
		},
		"attachment.device": func(v volumeView) []string { return v.eachAttachment(func(a xmlAttachment) string { return a.Device }) },
		"attachment.instance-id": func(v volumeView) []string {
			return v.eachAttachment(func(a xmlAttachment) string { return a.InstanceID })
		},
		"attachment.status":    func(v volumeView) []string { return v.eachAttachment(func(a xmlAttachment) string { return a.Status }) },
		"availability-zone":    func(v volumeView) []string { return one(v.Zone) },
		"availability-zone-id": func(v volumeView) []string { return one(v.ZoneID) },
		"create-time":          func(v volumeView) []string { return one(wire.FormatTime(time.Time(v.Created))) },
		"encrypted":            func(v volumeView) []string { return flag(v.Encrypted) },
		"fast-restored":        func(volumeView) []string { return flag(false) },
		"multi-attach-enabled": func(volumeView) []string { return flag(false) },
		"operator.managed":     func(volumeView) []string { return flag(false) },
		"size":                 func(v volumeView) []string { return one(strconv.Itoa(v.Size)) },
		"snapshot-id":          func(v volumeView) []string { return one(v.SnapshotID) },
		"status":               func(v volumeView) []string { return one(v.Status) },
		"volume-id":            func(v volumeView) []string { return one(v.VolumeID) },
		"volume-type":          func(v volumeView) []string { return one(v.Type) },
	},
	tags:  func(v volumeView) map[string]string { return v.tags },
	never: []string{"operator.principal"},
}

func (o volumeOps) describeVolumes(c *wire.Call, in *describeVolumesIn) (*describeVolumesOut, error) {
	seen := map[string]xmlVolume{}
	var views []volumeView
	for id, v := range Volumes.All(c.Tx, c.Region) {
		if v.Account != c.Account.ID || (len(in.VolumeIDs) > 0 && !slices.Contains(in.VolumeIDs, id)) {
			continue
		}
		x, there := o.volumeXML(c, v)
		if !there {
			continue
		}
		seen[id] = x
		views = append(views, volumeView{x, TagsOf(c.Tx, c.Region, c.Account.ID, id)})
	}
	_, err := named(in.VolumeIDs, volumeNotFound, func(id string) (xmlVolume, bool, error) {
		x, found := seen[id]
		return x, found, nil
	})
	if err != nil {
		return nil, err
	}
	if views, err = volumeFilters.keep(views, in.Filters); err != nil {
		return nil, err
	}
	views, next, err := page(c, in.paging, 5, views, func(v volumeView) string { return v.VolumeID })
	out := &describeVolumesOut{NextToken: next, Volumes: wire.List[xmlVolume]{}}
	for _, v := range views {
		v.Tags = tagList(v.tags)
		out.Volumes = append(out.Volumes, v.xmlVolume)
	}
	return out, err
}

// volumeXML also reports whether the volume is still there: one that is
// deleted on termination goes when its machine has gone.
func (o volumeOps) volumeXML(c *wire.Call, v Volume) (xmlVolume, bool) {
	x := xmlVolume{
		ZoneID: v.ZoneID, IOPS: v.IOPS, Type: v.Type, Throughput: v.Throughput, VolumeID: v.ID, Size: v.Size,
		SnapshotID: v.Snapshot, Zone: v.Zone, Status: "available", Created: wire.Time(v.Created),
		Attachments: wire.List[xmlAttachment]{}, Encrypted: v.Encrypted, KMSKeyID: v.KMSKey,
	}
	if v.Encrypted {
		x.SSEType = "sse-kms"
	}
	in, attached := Instances.Get(c.Tx, c.Region, v.Instance)
	i := slices.IndexFunc(in.Devices, func(d Device) bool { return d.Volume == v.ID })
	if !attached || i < 0 {
		return x, true
	}
	d := in.Devices[i]
	if o.settled(in, c.Now).State == stateTerminated {
		return x, d.Keep
	}
	x.Status = "in-use"
	x.Attachments = wire.List[xmlAttachment]{{!d.Keep, v.ID, in.ID, d.Name, "attached", wire.Time(d.Attached)}}
	return x, true
}

type deleteVolumeIn struct {
	dry
	VolumeID string `wire:"VolumeId"`
}

func (o volumeOps) deleteVolume(c *wire.Call, in *deleteVolumeIn) (*done, error) {
	v, found := Volumes.Get(c.Tx, c.Region, in.VolumeID)
	if !found || v.Account != c.Account.ID {
		return nil, volumeNotFound(in.VolumeID)
	}
	x, there := o.volumeXML(c, v)
	switch {
	case !there:
		return nil, volumeNotFound(in.VolumeID)
	case x.Status == "in-use":
		return nil, wire.Errorf("VolumeInUse", "Volume %s is currently attached to %s", v.ID, v.Instance)
	}
	dropVolume(c.Tx, c.Region, v)
	return ok()
}

func dropVolume(tx *cloud.Tx, region string, v Volume) {
	Volumes.Delete(tx, region, v.ID)
	dropTags(tx, region, v.Account, v.ID)
}
