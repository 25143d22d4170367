package ec2

import (
	"regexp"
	"slices"

	"amiship/sandbox/wire"
)

// permission is a member of LaunchPermission and CreateVolumePermission, in
// requests and answers.
type permission struct {
	Organization string `wire:"OrganizationArn" xml:"organizationArn,omitempty"`
	Unit         string `wire:"OrganizationalUnitArn" xml:"organizationalUnitArn,omitempty"`
	UserID       string `wire:"UserId" xml:"userId,omitempty"`
	Group        string `xml:"group,omitempty"`
}

// modification is the part that the two spellings of a permission change have
// in common: <Attribute>.Add.N and .Remove.N, and the older OperationType with
// UserGroup.N and UserId.N. Packer sends both in one request.
type modification struct{ Add, Remove []permission }

type legacy struct {
	OperationType string
	UserGroups    []string `wire:"UserGroup"`
	UserIDs       []string `wire:"UserId"`
}

// grants is what a request changes, put together from both spellings.
type grants struct{ add, remove []permission }

func (g grants) empty() bool { return len(g.add)+len(g.remove) == 0 }

// collect merges the spellings. The older lists without an OperationType
// repeat what the newer ones say.
func collect(m modification, l legacy, organizations, units []string, most int) (grants, error) {
	g := grants{add: slices.Clone(m.Add), remove: slices.Clone(m.Remove)}
	var old []permission
	for _, group := range l.UserGroups {
		old = append(old, permission{Group: group})
	}
	for _, id := range l.UserIDs {
		old = append(old, permission{UserID: id})
	}
	for _, arn := range organizations {
		old = append(old, permission{Organization: arn})
	}
	for _, arn := range units {
		old = append(old, permission{Unit: arn})
	}
	switch {
	case len(old) == 0:
	case l.OperationType == "add":
		g.add = append(g.add, old...)
	case l.OperationType == "remove":
		g.remove = append(g.remove, old...)
	case l.OperationType != "":
		return g, invalidValue("operationType", l.OperationType, "Expected add or remove.")
	case g.empty():
		return g, missingParameter("operationType")
	}
	return g, g.check(most)
}

var accountForm = regexp.MustCompile(`^\d{12}$`)

func (g grants) check(most int) error {
	if err := g.checkSize(most); err != nil {
		return err
	}
	for _, p := range slices.Concat(g.add, g.remove) {
		switch {
		case p.Group != "" && p.Group != "all":
			return wire.Errorf("InvalidAMIAttributeItemValue", `Invalid attribute item value "%s" for userGroup item type.`, p.Group)
		case p.UserID != "" && !accountForm.MatchString(p.UserID):
			return wire.Errorf("InvalidAMIAttributeItemValue", `Invalid attribute item value "%s" for userId item type.`, p.UserID)
		case p.Organization != "" && !organizationForm.MatchString(p.Organization):
			return wire.Errorf("InvalidAMIAttributeItemValue", `Invalid attribute item value "%s" for organizationArn item type.`, p.Organization)
		case p.Unit != "" && !unitForm.MatchString(p.Unit):
			return wire.Errorf("InvalidAMIAttributeItemValue", `Invalid attribute item value "%s" for organizationalUnitArn item type.`, p.Unit)
		}
	}
	return nil
}

// mostChanges is how many permissions of a snapshot one request changes, as AWS documents.
// For images see Settings.ImageChanges.
const mostChanges = 500

func (g grants) checkSize(most int) error {
	if n := len(g.add) + len(g.remove); most > 0 && n > most {
		return wire.Errorf("InvalidParameterValue", "The request has %d permission modifications. The maximum is %d.", n, most)
	}
	return nil
}

// apply returns public, accounts and organizations as they are after g.
func (g grants) apply(public bool, users, orgs []string) (bool, []string, []string) {
	users, orgs = slices.Clone(users), slices.Clone(orgs)
	for _, p := range g.add {
		public = public || p.Group == "all"
		users = with(users, p.UserID)
		orgs = with(orgs, p.Organization+p.Unit)
	}
	for _, p := range g.remove {
		public = public && p.Group != "all"
		users = without(users, p.UserID)
		orgs = without(orgs, p.Organization+p.Unit)
	}
	return public, users, orgs
}

func with(sorted []string, s string) []string {
	i, found := slices.BinarySearch(sorted, s)
	if s == "" || found {
		return sorted
	}
	return slices.Insert(sorted, i, s)
}

func without(sorted []string, s string) []string {
	return slices.DeleteFunc(sorted, func(x string) bool { return x == s })
}

// listPermissions is the answer to who has a permission.
func listPermissions(public bool, users, orgs []string) wire.List[permission] {
	out := wire.List[permission]{}
	if public {
		out = append(out, permission{Group: "all"})
	}
	for _, u := range users {
		out = append(out, permission{UserID: u})
	}
	for _, o := range orgs {
		if unitForm.MatchString(o) {
			out = append(out, permission{Unit: o})
		} else {
			out = append(out, permission{Organization: o})
		}
	}
	return out
}

var (
	organizationForm = regexp.MustCompile(`^arn:[a-z-]+:organizations::\d{12}:organization/o-[a-z0-9]{10,32}$`)
	unitForm         = regexp.MustCompile(`^arn:[a-z-]+:organizations::\d{12}:ou/o-[a-z0-9]{10,32}/ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}$`)
)
