package plan

import (
	"math"

	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// FewAccounts reports whether it is by account, whatever AMIs there are: each has a snapshot.
func FewAccounts(d release.Desired, region string) bool {
	return CallsByAccount(d, region) <= 2*len(d.Variants)
}

// CallsByAccount is how many calls show who may use a release's AMIs in a region, by account:
// two for each account, and two for the snapshots that are public.
func CallsByAccount(d release.Desired, region string) int {
	if d.SharedWithOrganizations() {
		return math.MaxInt // no number of accounts shows that: attributes alone do
	}
	n := 2 * len(d.SharedIn(region))
	if d.PublicSnapshots() {
		n += 2
	}
	return n
}

// PublicSnapshots is the query that shows which snapshots of a region are public.
func PublicSnapshots(region string) world.Query {
	return world.Query{Kind: world.LookGrants, Region: region, Account: record.Everybody}
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

// restorable is what shows that snapshots are public.
func restorable(act Action, d release.Desired) []world.Query {
	if FewAccounts(d, act.Target.Region) || len(act.Image().Snapshots) == 0 {
		return []world.Query{PublicSnapshots(act.Target.Region)}
	}
	return AccessQueries(act)[1:] // who may launch the AMI is as it was
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
