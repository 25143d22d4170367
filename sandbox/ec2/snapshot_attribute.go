package ec2

import "amiship/sandbox/wire"

type modifySnapshotIn struct {
	dry
	legacy
	Attribute  string
	GroupNames []string `wire:"GroupName"` // some clients spell UserGroup so
	SnapshotID string   `wire:"SnapshotId"`

	CreateVolumePermission struct{ Add, Remove []volumePermission }
}

// volumePermission has no organizations: AWS shares snapshots with accounts alone.
type volumePermission struct {
	UserID string `wire:"UserId"`
	Group  string
}

func permissions(all []volumePermission) []permission {
	var out []permission
	for _, p := range all {
		out = append(out, permission{UserID: p.UserID, Group: p.Group})
	}
	return out
}

func (o snapshotOps) modifySnapshotAttribute(c *wire.Call, in *modifySnapshotIn) (*done, error) {
	s, err := ownSnapshot(c, in.SnapshotID)
	if err != nil {
		return nil, err
	}
	if in.Attribute != "" && in.Attribute != "createVolumePermission" {
		return nil, invalidValue("attribute", in.Attribute, "Expected createVolumePermission.")
	}
	in.UserGroups = append(in.UserGroups, in.GroupNames...)
	changes := modification{permissions(in.CreateVolumePermission.Add), permissions(in.CreateVolumePermission.Remove)}
	g, err := collect(changes, in.legacy, nil, nil, mostChanges)
	if err != nil {
		return nil, err
	}
	if g.empty() {
		return nil, invalidCombination("No attributes specified.")
	}
	if len(g.add) > 0 && len(g.remove) > 0 {
		return nil, invalidCombination("Permissions of a snapshot cannot be added and removed in one request.")
	}
	if state := s.state(c.Now); state != "completed" && len(g.add) > 0 {
		return nil, wire.Errorf("IncorrectState", "Snapshot is in invalid state - %s", state)
	}
	after := s
	after.Public, after.Users, _ = g.apply(s.Public, s.Users, nil)
	if err := o.mayShareSnapshot(c, s, after); err != nil {
		return nil, err
	}
	putSnapshot(c, after)
	return ok()
}

func (o snapshotOps) mayShareSnapshot(c *wire.Call, before, after Snapshot) error {
	published := after.Public && !before.Public
	shared := len(after.Users) > len(before.Users)
	switch {
	case published && stateOf(c).SnapshotBlock != "":
		return wire.Errorf(o.set.SnapshotBlockCode, "The snapshot %s cannot be shared publicly because block public access for snapshots is enabled for this account in this Region.", after.ID)
	case published && after.ProductCode != "":
		return wire.Errorf("OperationNotPermitted", "The snapshot %s has a product code of AWS Marketplace and cannot be made public.", after.ID)
	case published && after.Encrypted && after.KMSKey != defaultKey(c):
		return wire.Errorf("OperationNotPermitted", "Encrypted snapshots cannot be shared publicly")
	case (published || shared) && after.Encrypted && after.KMSKey == defaultKey(c):
		return wire.Errorf("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
	}
	return nil
}

type snapshotAttributeIn struct {
	dry
	Attribute  string
	SnapshotID string `wire:"SnapshotId"`
}

type snapshotAttributeOut struct {
	ProductCodes           *wire.List[xmlProductCode] `xml:"productCodes"`
	SnapshotID             string                     `xml:"snapshotId"`
	CreateVolumePermission *wire.List[permission]     `xml:"createVolumePermission"`
}

func (o snapshotOps) describeSnapshotAttribute(c *wire.Call, in *snapshotAttributeIn) (*snapshotAttributeOut, error) {
	s, err := ownSnapshot(c, in.SnapshotID)
	if err != nil {
		return nil, err
	}
	out := &snapshotAttributeOut{SnapshotID: s.ID}
	switch in.Attribute {
	case "createVolumePermission":
		list := listPermissions(s.Public, s.Users, nil)
		out.CreateVolumePermission = &list
	case "productCodes":
		list := productCodes(s.ProductCode)
		out.ProductCodes = &list
	default:
		return nil, invalidValue("attribute", in.Attribute, "Expected createVolumePermission or productCodes.")
	}
	return out, nil
}
