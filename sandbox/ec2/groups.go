package ec2

import (
	"slices"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// group is a security group. Only its TCP ingress has an effect: it says on
// which ports the public addresses of its instances answer; the others don't.
// Instances reach each other on every port.
type group struct {
	ID, Account, VPC, Name, Description string
	Created                             time.Time
	Ingress                             []rule
}

// groups by id, in partition region. The default group of a VPC is stored only
// once it was changed.
var groups = cloud.NewTable[group]("ec2.groups")

const defaultGroup = "default"

func defaultGroupOf(account, region string) group {
	id := derivedID("sg", account, region, defaultGroup)
	return group{
		ID: id, Account: account, VPC: vpcOf(account, region), Name: defaultGroup, Description: "default VPC security group",
		Ingress: []rule{{ID: derivedID("sgr", id), Protocol: "-1", From: -1, To: -1, Group: id, User: account}},
	}
}

// egress is the one rule for what instances send: anything, anywhere.
func (g group) egress() rule {
	return rule{ID: derivedID("sgr", g.ID, "egress"), Protocol: "-1", From: -1, To: -1, CIDR: "0.0.0.0/0"}
}

// findGroup returns one of the account's groups.
func findGroup(tx *cloud.Tx, region, account, id string) (group, bool) {
	if g, found := groups.Get(tx, region, id); found {
		return g, g.Account == account
	}
	g := defaultGroupOf(account, region)
	return g, g.ID == id
}

// accountGroups returns all groups of the caller by id.
func accountGroups(c *wire.Call) []group {
	out := []group{}
	standard := defaultGroupOf(c.Account.ID, c.Region)
	for id, g := range groups.All(c.Tx, c.Region) {
		if g.Account == c.Account.ID {
			out = append(out, g)
		}
		if id == standard.ID {
			standard.ID = ""
		}
	}
	if standard.ID != "" {
		out = append(out, standard)
		slices.SortFunc(out, func(a, b group) int { return compareIDs(a.ID, b.ID) })
	}
	return out
}

func groupNotFound(ids ...string) error {
	return notFound("InvalidGroup.NotFound", "security group", ids, "")
}

// namedGroup is the group that a request means by id, or by name in the
// default VPC.
func namedGroup(c *wire.Call, id, name string) (group, error) {
	if id != "" {
		if g, found := findGroup(c.Tx, c.Region, c.Account.ID, id); found {
			return g, nil
		}
		return group{}, groupNotFound(id)
	}
	if name == "" {
		return group{}, missingParameter("GroupId")
	}
	found, err := groupsNamed(c, []string{name})
	if err != nil {
		return group{}, err
	}
	return found[0], nil
}

// groupsNamed are the groups of the default VPC with these names.
func groupsNamed(c *wire.Call, names []string) ([]group, error) {
	if len(names) > 0 && stateOf(c).NoDefaultVPC {
		return nil, noDefaultVPC()
	}
	all := accountGroups(c)
	missing := func(gone ...string) error {
		return notFound("InvalidGroup.NotFound", "security group", gone, " in default VPC '"+vpcID(c)+"'")
	}
	return named(names, missing, func(name string) (group, bool, error) {
		i := slices.IndexFunc(all, func(g group) bool { return g.Name == name })
		if i < 0 {
			return group{}, false, nil
		}
		return all[i], true, nil
	})
}

type createGroupIn struct {
	dry
	Description string `wire:"GroupDescription"`
	Name        string `wire:"GroupName"`
	VpcID       string `wire:"VpcId"`

	TagSpecs []tagSpec `wire:"TagSpecification"`
}

type createGroupOut struct {
	done
	GroupID string            `xml:"groupId"`
	Tags    wire.List[xmlTag] `xml:"tagSet,omitempty"`
	ARN     string            `xml:"securityGroupArn"`
}

// createSecurityGroup refuses a name that the VPC already has: the one thing
// in EC2 that only one of two can succeed at.
func (o networkOps) createSecurityGroup(c *wire.Call, in *createGroupIn) (*createGroupOut, error) {
	switch {
	case in.Name == "":
		return nil, missingParameter("GroupName")
	case in.Description == "":
		return nil, missingParameter("GroupDescription")
	case len(in.Name) > 255 || len(in.Name) > 2 && in.Name[:3] == "sg-":
		return nil, invalidValue("groupName", in.Name, "Character sets beyond ASCII are not supported, and sg- may not begin a name.")
	}
	vpc, err := accountVPC(c, in.VpcID)
	if err != nil {
		return nil, err
	}
	tags, err := specTags(in.TagSpecs, "security-group")
	if err != nil {
		return nil, err
	}
	for _, g := range accountGroups(c) {
		if g.Name == in.Name {
			return nil, wire.Errorf("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", in.Name, vpc)
		}
	}
	g := group{ID: newID("sg"), Account: c.Account.ID, VPC: vpc, Name: in.Name, Description: in.Description, Created: c.Now}
	groups.Put(c.Tx, c.Region, g.ID, g)
	putTags(c.Tx, c.Region, g.Account, "security-group", g.ID, tags["security-group"])
	return &createGroupOut{done{true}, g.ID, tagList(tags["security-group"]), g.arn(c.Region)}, nil
}

func (g group) arn(region string) string {
	return arn("ec2", region, g.Account, "security-group/"+g.ID)
}

type groupIn struct {
	GroupID   string `wire:"GroupId"`
	GroupName string
}

type deleteGroupIn struct {
	dry
	groupIn
}

type deleteGroupOut struct {
	done
	GroupID string `xml:"groupId"`
}

func (o networkOps) deleteSecurityGroup(c *wire.Call, in *deleteGroupIn) (*deleteGroupOut, error) {
	g, err := namedGroup(c, in.GroupID, in.GroupName)
	if err != nil {
		return nil, err
	}
	if g.Name == defaultGroup {
		return nil, wire.Errorf("CannotDelete", `the specified group: "%s" name: "default" cannot be deleted by a user`, g.ID)
	}
	if o.groupUsed(c, g) {
		return nil, wire.Errorf("DependencyViolation", "resource %s has a dependent object", g.ID)
	}
	groups.Delete(c.Tx, c.Region, g.ID)
	dropTags(c.Tx, c.Region, g.Account, g.ID)
	for _, r := range g.Ingress {
		dropTags(c.Tx, c.Region, g.Account, r.ID)
	}
	return &deleteGroupOut{done{true}, g.ID}, nil
}

// groupUsed reports whether an instance is in the group, or a rule of another
// group refers to it.
func (o networkOps) groupUsed(c *wire.Call, g group) bool {
	for _, in := range instanceIndex.All(c.Tx, c.Region, wordGroup+g.ID) {
		if o.settled(in, c.Now).State != stateTerminated {
			return true
		}
	}
	for id, other := range groups.All(c.Tx, c.Region) {
		if id != g.ID && slices.ContainsFunc(other.Ingress, func(r rule) bool { return r.Group == g.ID }) {
			return true
		}
	}
	return false
}
