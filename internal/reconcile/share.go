package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Who may use the AMIs of a region can be read by account, two calls each for all AMIs and one
// for all public snapshots, or by attributes, one call for each AMI and one for each snapshot. Sharing is read by
// whichever takes fewer calls for a release.

// sharing is who may use AMIs.
type sharing struct{ *facts }

func (f *facts) sharing() sharing { return sharing{f} }

// need asks for whom the release's AMIs of a region are shared with.
func (x sharing) need(region string) (found findings) {
	accounts := x.d.SharedIn(region)
	var images []world.Image
	byAttributes := 0
	calls := plan.CallsByAccount(x.d, region)
	for _, i := range x.ofTag(region) {
		if kept(i) && i.State == world.Available && calls > 0 {
			images = append(images, i)
			byAttributes += 1 + len(i.Snapshots)
		}
	}
	if plan.FewAccounts(x.d, region) || calls <= byAttributes {
		if x.d.PublicSnapshots() {
			need(&found, plan.PublicSnapshots(region), x.w.Regions[region].Grants[record.Everybody])
		}
		for _, a := range accounts {
			need(&found, world.Query{Kind: world.LookGrants, Region: region, Account: a}, x.w.Regions[region].Grants[a])
		}
		return found
	}
	for _, i := range images {
		found.include(x.needAccess(release.Place{Region: region}, i))
	}
	return found
}

// needAccess asks who may use an AMI and its snapshots.
func (x sharing) needAccess(at release.Place, i world.Image) (found findings) {
	for _, q := range plan.AccessOf(at, i.ID, i.Snapshots) {
		need(&found, q, x.w.Access[q.ID])
	}
	return found
}

// access is who may use an AMI and each of its snapshots, as their attributes say.
type access struct {
	lists  [][]string
	known  bool         // all were read
	missed *world.Query // one that could not be read
}

func (x sharing) access(at release.Place, i world.Image) access {
	out := access{known: true}
	for _, q := range plan.AccessOf(at, i.ID, i.Snapshots) {
		who := x.w.Access[q.ID]
		out.lists, out.known = append(out.lists, who.Val), out.known && who.Known()
		if who.Missed() {
			out.missed = &q
		}
	}
	return out
}

// restorable reports whether all snapshots of an AMI are public.
func (x sharing) restorable(region string, i world.Image) (public world.Fact[bool], shownBy world.Query) {
	byAttributes := x.access(release.Place{Region: region}, i)
	shownBy = plan.PublicSnapshots(region)
	of := x.w.Regions[region].Grants[record.Everybody]
	switch {
	case byAttributes.missed != nil:
		shownBy = *byAttributes.missed
		return world.Fact[bool]{Err: "permissions of " + shownBy.ID + ": " + x.w.Access[shownBy.ID].Err}, shownBy
	case byAttributes.known:
		public.At = x.w.Access[i.ID].At
		public.Val = !slices.ContainsFunc(byAttributes.lists[1:], func(who []string) bool { return !slices.Contains(who, record.Everybody) })
	case of.Missed():
		public.Err = "which snapshots are public: " + of.Err
	default:
		public.At = of.At
		public.Val = !slices.ContainsFunc(i.Snapshots, func(s string) bool { return !of.Val.Snapshots[s] })
	}
	return public, shownBy
}

// covers reports whether an account may use the AMI and all its snapshots.
func (a access) covers(account string) bool {
	return !slices.ContainsFunc(a.lists, func(who []string) bool {
		_, there := slices.BinarySearch(who, account)
		return !there
	})
}

// anybody is who may use an AMI, which may be known to be public, or one of its snapshots.
func (a access) anybody(public bool) []string {
	all := slices.Concat(a.lists...)
	if public {
		all = append(all, record.Everybody)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// noteOrganizations says what AWS does not share with organizations.
func noteOrganizations(f *facts) (found findings) {
	for _, v := range f.d.Variants {
		if text := v.OrganizationsOnlyLaunch(); text != "" {
			found.note("%s", text)
		}
	}
	return found
}

// some names a few of many: "111111111111, all and 98 more".
func some(who []string) string {
	const few = 3
	if len(who) <= few {
		return strings.Join(who, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(who[:few], ", "), len(who)-few)
}

// share gives the accounts of the variant what they may use: the AMI and
// its snapshots.
func (x copies) share(v *variant, p *place) {
	key := v.Key(p.Region)
	s := plan.Step{Required: p.Required, State: plan.Done, Action: plan.Action{ID: plan.StepID(plan.Share, key), Target: key, Change: plan.ShareImage{Image: plan.Image{AMI: p.copied.Image().AMI}}}}
	switch {
	case len(v.SharedIn(p.Region))+len(v.Organizations) == 0:
		p.share = s
	case p.copied.State == plan.Skipped:
		p.share = x.decide(decided(s, plan.Skipped, p.copied.Why))
	case p.copied.State != plan.Done:
		p.share = x.decide(queued(s, p.copied.ID))
	default:
		p.share = x.decide(x.shared(v, p, s))
	}
}

// shared decides which accounts may not use the AMI of a place yet, and which organizations
// may not launch it.
func (x copies) shared(v *variant, p *place, s plan.Step) *verdict {
	byAttributes := x.sharing().access(release.Place{Region: p.Region}, *p.image)
	if q := byAttributes.missed; q != nil {
		return x.unread(s, p.Region, *q, "permissions of "+q.ID+": "+x.w.Access[q.ID].Err)
	}
	if len(v.Organizations) > 0 && !byAttributes.known {
		return x.unread(s, p.Region, plan.AccessOf(release.Place{Region: p.Region}, p.image.ID, nil)[0], "")
	}
	var accounts, organizations []string
	for _, arn := range v.Organizations {
		if !slices.Contains(byAttributes.lists[0], arn) {
			organizations = append(organizations, arn)
		}
	}
	for _, account := range v.SharedIn(p.Region) {
		g := x.w.Regions[p.Region].Grants[account]
		if !byAttributes.known && g.Missed() {
			return x.unread(s, p.Region, world.Query{Kind: world.LookGrants, Region: p.Region, Account: account}, "grants of "+account+": "+g.Err)
		}
		if byAttributes.known && !byAttributes.covers(account) || !byAttributes.known && !g.Val.Covers(*p.image) {
			accounts = append(accounts, account)
		}
	}
	if len(accounts)+len(organizations) > 0 {
		s.State, s.Guard.Image = plan.Ready, plan.Seen(*p.image)
		plan.Edit(&s.Action, func(c *plan.ShareImage) {
			c.Snapshots, c.Accounts, c.Organizations = p.image.Snapshots, accounts, organizations
		})
	}
	return &verdict{step: s}
}
