package ec2

import (
	"cmp"
	"slices"

	"amiship/sandbox/wire"
)

type nothingIn struct{ dry }

// Values of imageBlockPublicAccessState, and of the state for snapshots.
const (
	blockNewSharing = "block-new-sharing"
	blockAllSharing = "block-all-sharing" // of snapshots only
	unblocked       = "unblocked"
)

type publicBlockOut struct {
	State     string `xml:"imageBlockPublicAccessState"`
	ManagedBy string `xml:"managedBy,omitempty"`
}

func (o accountOps) getPublicBlock(c *wire.Call, _ *nothingIn) (*publicBlockOut, error) {
	out := &publicBlockOut{State: unblocked, ManagedBy: "account"}
	if stateOf(c).BlockPublic {
		out.State = blockNewSharing
	}
	return out, nil
}

type enablePublicBlockIn struct {
	dry
	State string `wire:"ImageBlockPublicAccessState"`
}

func (o accountOps) enablePublicBlock(c *wire.Call, in *enablePublicBlockIn) (*publicBlockOut, error) {
	if in.State != blockNewSharing {
		return nil, invalidValue("ImageBlockPublicAccessState", in.State, "Expected block-new-sharing.")
	}
	setState(c, func(s *regionState) { s.BlockPublic = true })
	return &publicBlockOut{State: blockNewSharing}, nil
}

func (o accountOps) disablePublicBlock(c *wire.Call, _ *nothingIn) (*publicBlockOut, error) {
	setState(c, func(s *regionState) { s.BlockPublic = false })
	return &publicBlockOut{State: unblocked}, nil
}

type snapshotBlockOut struct {
	State     string `xml:"state"`
	ManagedBy string `xml:"managedBy,omitempty"`
}

func (o accountOps) getSnapshotBlock(c *wire.Call, _ *nothingIn) (*snapshotBlockOut, error) {
	return &snapshotBlockOut{State: cmp.Or(stateOf(c).SnapshotBlock, unblocked), ManagedBy: "account"}, nil
}

type enableSnapshotBlockIn struct {
	dry
	State string
}

func (o accountOps) enableSnapshotBlock(c *wire.Call, in *enableSnapshotBlockIn) (*snapshotBlockOut, error) {
	if !blocksSnapshots(in.State) {
		return nil, invalidValue("State", in.State, "Expected block-all-sharing or block-new-sharing.")
	}
	setState(c, func(s *regionState) { s.SnapshotBlock = in.State })
	return &snapshotBlockOut{State: in.State}, nil
}

func (o accountOps) disableSnapshotBlock(c *wire.Call, _ *nothingIn) (*snapshotBlockOut, error) {
	setState(c, func(s *regionState) { s.SnapshotBlock = "" })
	return &snapshotBlockOut{State: unblocked}, nil
}

func blocksSnapshots(state string) bool { return state == blockNewSharing || state == blockAllSharing }

func setState(c *wire.Call, do func(*regionState)) {
	s := stateOf(c)
	do(&s)
	regionStates.Put(c.Tx, c.Region, c.Account.ID, s)
}

type encryptOut struct {
	On      bool   `xml:"ebsEncryptionByDefault"`
	SSEType string `xml:"sseType,omitempty"`
}

func (o accountOps) getEncryption(c *wire.Call, _ *nothingIn) (*encryptOut, error) {
	out := &encryptOut{On: stateOf(c).Encrypt, SSEType: "none"}
	if out.On {
		out.SSEType = "sse-kms"
	}
	return out, nil
}

func (o accountOps) enableEncryption(c *wire.Call, _ *nothingIn) (*encryptOut, error) {
	setState(c, func(s *regionState) { s.Encrypt = true })
	return &encryptOut{On: true}, nil
}

func (o accountOps) disableEncryption(c *wire.Call, _ *nothingIn) (*encryptOut, error) {
	setState(c, func(s *regionState) { s.Encrypt = false })
	return &encryptOut{}, nil
}

type accountAttributesIn struct {
	dry
	Names []string `wire:"AttributeName"`
}

type xmlAttributeValue struct {
	Value string `xml:"attributeValue"`
}

type xmlAccountAttribute struct {
	Name   string                       `xml:"attributeName"`
	Values wire.List[xmlAttributeValue] `xml:"attributeValueSet"`
}

type accountAttributesOut struct {
	Attributes wire.List[xmlAccountAttribute] `xml:"accountAttributeSet"`
}

func (o accountOps) describeAccountAttributes(c *wire.Call, in *accountAttributesIn) (*accountAttributesOut, error) {
	vpc := "none"
	if !stateOf(c).NoDefaultVPC {
		vpc = vpcID(c)
	}
	all := []xmlAccountAttribute{
		{"supported-platforms", wire.List[xmlAttributeValue]{{"VPC"}}},
		{"default-vpc", wire.List[xmlAttributeValue]{{vpc}}},
		{"max-instances", wire.List[xmlAttributeValue]{{"20"}}},
		{"vpc-max-security-groups-per-interface", wire.List[xmlAttributeValue]{{"5"}}},
		{"max-elastic-ips", wire.List[xmlAttributeValue]{{"5"}}},
		{"vpc-max-elastic-ips", wire.List[xmlAttributeValue]{{"5"}}},
	}
	for _, n := range in.Names {
		if !slices.ContainsFunc(all, func(a xmlAccountAttribute) bool { return a.Name == n }) {
			return nil, invalidValue("attributeName", n, "Unknown account attribute.")
		}
	}
	if len(in.Names) > 0 {
		all = slices.DeleteFunc(all, func(a xmlAccountAttribute) bool { return !slices.Contains(in.Names, a.Name) })
	}
	return &accountAttributesOut{Attributes: all}, nil
}
