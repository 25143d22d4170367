package plan

import (
	"amiship/internal/release"
	"amiship/internal/world"
)

// FewAccounts reports whether it is by account, whatever AMIs there are: each has a snapshot.
func FewAccounts(d release.Desired, region string) bool {
	return len(d.SharedIn(region)) <= len(d.Variants)
}

// Sharing is what shows that an AMI was shared.
func Sharing(act Action, d release.Desired) []world.Query {
	switch {
	case act.Target.Account != "":
		return images(act, d)
	case !FewAccounts(d, act.Target.Region):
		return AccessQueries(act)
	}
	var out []world.Query
	for _, account := range d.SharedIn(act.Target.Region) {
		out = append(out, world.Query{Kind: world.LookGrants, Region: act.Target.Region, Account: account})
	}
	return out
}

// AccessQueries show who may use the AMI of an action, and its snapshots.
func AccessQueries(act Action) []world.Query {
	return AccessOf(act.Target.Place, act.Image().AMI, act.Image().Snapshots)
}

// AccessOf are the queries that show who may use an AMI of a place, and its snapshots.
func AccessOf(at release.Place, ami string, snapshots []string) []world.Query {
	var out []world.Query
	for _, id := range append([]string{ami}, snapshots...) {
		out = append(out, world.Query{Kind: world.LookAccess, Region: at.Region, Account: at.Account, ID: id})
	}
	return out
}
