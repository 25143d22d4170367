package reconcile

import (
	"fmt"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/world"
)

// scarce is how few versions may be left before a person is told.
const scarce = 5

// versionsLeft tells a person that a listing will soon be full.
func (x listings) versionsLeft(l *listing) {
	if !l.state.Entity.Known() {
		return
	}
	offered := l.state.Entity.Val.Offered()
	if left := l.Limit - offered; left < scarce {
		x.note("%s: %d of %d versions are there, capacity for %d", l.Name, offered, l.Limit, max(0, left))
	}
}

// versionQuota is what the quota of versions leaves for one more.
type versionQuota struct {
	full     *verdict        // why there is nothing left; nil: the version can be added
	restrict []world.Version // with it, as was approved
	findings
}

// versionQuota: a product that has as many versions as it may have is full. Its change set
// restricts as many as must make way, if a person has approved of exactly those.
func (x listings) versionQuota(l *listing) (q versionQuota) {
	e := l.state.Entity.Val
	need := e.Offered() + 1 + x.r.Ahead - l.Limit
	if need <= 0 {
		return q
	}
	may, unread := x.dispensableVersions(l)
	if len(unread) > 0 {
		q.note("%s: never restricted, since titles (%s) can't read them: %s", l.Name, l.Titles, strings.Join(unread, ", "))
	}
	chosen := fitting(may, need)
	enough := len(chosen) == need
	id := plan.RestrictStep(l.Key())
	if enough && x.r.Approved[id] == plan.SeenVersions(chosen) {
		q.restrict = chosen
		return q
	}
	bl := plan.Blocker{
		ID: "versions", Why: fmt.Sprintf("the product has %d versions of %d", e.Offered(), l.Limit),
		Have: max(0, l.Limit-e.Offered()), Need: 1 + x.r.Ahead, Since: filled(offered(e), l.Limit-1-x.r.Ahead),
	}
	if enough {
		first, found := x.restrictAlone(l, "versions/"+l.Name, "before it, by", chosen)
		q.include(found)
		bl.Remedies = []plan.Remedy{x.together(l, id, chosen), first}
	} else {
		bl.Remedies = []plan.Remedy{{
			Name: "restrict", Cost: fmt.Sprintf("not enough: capacity for %d is missing, and %d may go: %s; amiship listings %s shows all", need, len(chosen), x.dispensable(), l.Name),
		}}
	}
	q.full = l.refused(bl)
	q.crowded = append(q.crowded, q.full.blockers...)
	return q
}

// offered is when the versions were made that buyers can still get.
func offered(e world.Entity) []time.Time {
	var out []time.Time
	for _, v := range e.Versions {
		if v.Offered() {
			out = append(out, v.Created)
		}
	}
	return out
}

// together restricts in the change set that adds the version: the product is
// never without capacity, and locked once.
func (x listings) together(l *listing, id plan.ID, chosen []world.Version) plan.Remedy {
	return plan.Approving(x.command(), []string{plan.Approval(id, plan.SeenVersions(chosen))}, plan.Remedy{
		Name: "together", Cost: "in the change set of the new version, " + restricting(chosen), IAM: []string{"aws-marketplace:StartChangeSet"},
	})
}

// restrictAlone restricts by a change set of its own, as a remedy of a blocker; a release that
// waits for it goes on by itself. What is in the way of that now is found with it.
func (x listings) restrictAlone(l *listing, blocker, by string, chosen []world.Version) (plan.Remedy, findings) {
	s := plan.Step{Action: plan.Action{ID: plan.StepID(plan.Restrict, l.Key()), Target: l.Key(), Change: plan.SubmitChangeSet{For: plan.Restrict}}}
	rem := plan.Remedy{
		Name: "restrict", Command: x.unblocking(blocker, "restrict"),
		Cost: by + " a change set of its own that takes hours, " + restricting(chosen), IAM: []string{"aws-marketplace:StartChangeSet"},
	}
	out := x.sets.ready(l, s, restriction(chosen))
	if out.step.State != plan.Ready {
		rem.Command, rem.Cost = "", "not now: "+out.step.Why
		return rem, out.findings
	}
	rem.Do = []plan.Action{out.step.Action}
	return rem, out.findings
}

// restriction is a change set that adds nothing.
func restriction(chosen []world.Version) offer {
	return offer{purpose: marketplace.Restrict, digest: plan.SeenVersions(chosen), restrict: chosen}
}

// restricting says what a restriction does to buyers.
func restricting(chosen []world.Version) string {
	var titles []string
	for _, v := range chosen {
		titles = append(titles, fmt.Sprintf("%q of %s", v.Title, v.Created.Format(time.DateOnly)))
	}
	return "takes from new buyers: " + strings.Join(titles, ", ") + "; can't be undone, and owes those who have it 90 days of support"
}

// fitting takes as many as are needed, and as one change can restrict.
func fitting(versions []world.Version, need int) []world.Version {
	var out []world.Version
	for _, v := range versions {
		if len(out) == need || len(plan.Options(out))+len(plan.Options([]world.Version{v})) > marketplace.MaxRestricted {
			break
		}
		out = append(out, v)
	}
	return out
}
