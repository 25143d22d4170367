package iam

import (
	"slices"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Profile is an instance profile: what an instance is launched with, to have a role. The
// sandbox gives instances no credentials of it.
type Profile struct {
	Account   string
	Partition cloud.Partition `json:",omitempty"`
	Name      string
	Path      string `json:",omitempty"`
	Role      string `json:",omitempty"` // its name; one at most
	Created   time.Time
	Tags      []tag `json:",omitempty"`
}

// profiles by account and name, in partition "".
var profiles = cloud.NewTable[Profile]("iam.profiles")

// ARN names the profile.
func (p Profile) ARN() string { return ProfileARN(p.Partition, p.Account, p.Path, p.Name) }

// ProfileARN is the ARN of an account's instance profile.
func ProfileARN(partition cloud.Partition, account, path, name string) string {
	return partition.ARN("iam", "", account, "instance-profile/"+strings.TrimPrefix(path, "/")+name)
}

// ProfileID is what IAM calls the instance profile of an ARN.
func ProfileID(arn string) string { return uniqueID("AIPA", arn) }

// PutProfile makes an instance profile.
func PutProfile(tx *cloud.Tx, p Profile) { profiles.Put(tx, "", p.Account+"/"+p.Name, p) }

// FindProfile returns an account's instance profile, by its name or by its ARN.
func FindProfile(tx *cloud.Tx, account, name, arn string) (Profile, bool) {
	if name == "" {
		name = arn[strings.LastIndex(arn, "/")+1:]
	}
	p, found := profiles.Get(tx, "", account+"/"+name)
	return p, found && (arn == "" || p.ARN() == arn)
}

type profileIn struct {
	Name string `wire:"InstanceProfileName"`
}

type createProfileIn struct {
	profileIn
	Path string
	Tags []tag
}

type attachIn struct {
	profileIn
	RoleName string
}

type xmlProfile struct {
	Path       string
	Name       string    `xml:"InstanceProfileName"`
	ID         string    `xml:"InstanceProfileId"`
	ARN        string    `xml:"Arn"`
	CreateDate wire.Time `xml:"CreateDate"`
	Roles      []xmlRole `xml:"Roles>member"`
	Tags       []tag     `xml:"Tags>member"`
}

type profileOut struct {
	InstanceProfile xmlProfile
}

func (p Profile) out(tx *cloud.Tx) *profileOut {
	x := xmlProfile{Path: pathOf(p.Path), Name: p.Name, ID: ProfileID(p.ARN()), ARN: p.ARN(), CreateDate: wire.Time(p.Created), Tags: p.Tags}
	if r, found := findRole(tx, p.Account, p.Partition, p.Role); found {
		x.Roles = []xmlRole{r.xml()}
	}
	return &profileOut{x}
}

func pathOf(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

func ownProfile(c *wire.Call, name string) (Profile, error) {
	if err := checkName("instanceProfileName", name, ""); err != nil {
		return Profile{}, err
	}
	p, found := FindProfile(c.Tx, c.Account.ID, name, "")
	if !found {
		return p, notFound("Instance Profile %s cannot be found.", name)
	}
	return p, nil
}

func createProfile(c *wire.Call, in *createProfileIn) (*profileOut, error) {
	if err := checkName("instanceProfileName", in.Name, in.Path); err != nil {
		return nil, err
	}
	if _, exists := FindProfile(c.Tx, c.Account.ID, in.Name, ""); exists {
		return nil, conflict("EntityAlreadyExists", "Instance Profile %s already exists.", in.Name)
	}
	p := Profile{Account: c.Account.ID, Partition: c.Account.Partition, Name: in.Name, Path: in.Path, Created: c.Now, Tags: in.Tags}
	PutProfile(c.Tx, p)
	return p.out(c.Tx), nil
}

func getProfile(c *wire.Call, in *profileIn) (*profileOut, error) {
	p, err := ownProfile(c, in.Name)
	if err != nil {
		return nil, err
	}
	return p.out(c.Tx), nil
}

func deleteProfile(c *wire.Call, in *profileIn) (*done, error) {
	p, err := ownProfile(c, in.Name)
	if err != nil {
		return nil, err
	}
	if p.Role != "" {
		return nil, conflict("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	}
	profiles.Delete(c.Tx, "", p.Account+"/"+p.Name)
	return &done{}, nil
}

// addRole needs iam:PassRole, as giving a role to an instance does.
func addRole(c *wire.Call, in *attachIn) (*done, error) {
	p, err := ownProfile(c, in.Name)
	if err != nil {
		return nil, err
	}
	r, err := ownRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := c.May(wire.Asked{Action: "iam:PassRole", Resource: r.arn()}); err != nil {
		return nil, err
	}
	if p.Role != "" {
		return nil, conflict("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	}
	p.Role = r.Name
	PutProfile(c.Tx, p)
	return &done{}, nil
}

func removeRole(c *wire.Call, in *attachIn) (*done, error) {
	p, err := ownProfile(c, in.Name)
	if err != nil {
		return nil, err
	}
	if p.Role == "" || p.Role != in.RoleName {
		return nil, notFound("The role with name %s cannot be found.", in.RoleName)
	}
	p.Role = ""
	PutProfile(c.Tx, p)
	return &done{}, nil
}

// profilesOf are the names of the instance profiles that have a role.
func profilesOf(tx *cloud.Tx, account, role string) []string {
	var out []string
	for _, p := range profiles.All(tx, "") {
		if p.Account == account && p.Role == role {
			out = append(out, p.Name)
		}
	}
	return slices.Sorted(slices.Values(out))
}
