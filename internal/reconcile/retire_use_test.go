package reconcile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/world"
)

// inUse is an attic with an expired AMI, ami-0, and one that is kept.
func inUse() *attic {
	a := newAttic()
	a.add("1.0.0", 400)
	a.add("1.1.0", 300)
	a.add("1.2.0", 10)
	return a
}

func (a *attic) used(references world.Fact[world.References], usage world.Fact[world.Usage]) world.World {
	w := a.world()
	r := w.Regions["us-east-1"]
	r.References, r.Usage, r.Claims = references, usage, known(a.now, []world.Claim(nil))
	w.Regions["us-east-1"] = r
	return w
}

// TestWhoIsAsked: who uses an AMI is read of those that nothing else keeps, where the policy or the
// operator asks for it, and again once that is old, or does not say it.
func TestWhoIsAsked(t *testing.T) {
	const references, usage = "references ami-0", "usage "
	refers := func(age time.Duration, amis ...string) world.Fact[world.References] {
		all := map[string][]string{}
		for _, ami := range amis {
			all[ami] = nil
		}
		return world.Fact[world.References]{At: newAttic().now.Add(-age), Val: world.References{ByAMI: all}}
	}
	for name, c := range map[string]struct {
		change     func(*attic, *reconcile.Retire)
		references world.Fact[world.References]
		want       []string
	}{
		"no one asks":  {},
		"the operator": {change: func(_ *attic, r *reconcile.Retire) { r.Users = true }, want: []string{references, usage}},
		"the policy":   {change: func(_ *attic, r *reconcile.Retire) { r.Policy.Referenced = true }, want: []string{references}},
		"for others":   {change: func(_ *attic, r *reconcile.Retire) { r.Policy.UsedByOthers = true }, want: []string{usage}},
		"of a region that has ended": {change: func(_ *attic, r *reconcile.Retire) {
			r.Ended, r.Policy.UsedByOthers, r.Policy.Referenced = true, true, true
		}},
		"all are kept": {change: func(a *attic, r *reconcile.Retire) {
			a.images[0].LastLaunched = a.now
			r.Users = true
		}},
		"it is known":    {change: func(_ *attic, r *reconcile.Retire) { r.Policy.Referenced = true }, references: refers(0, "ami-0")},
		"of others only": {change: func(_ *attic, r *reconcile.Retire) { r.Policy.Referenced = true }, references: refers(0, "ami-9"), want: []string{references}},
		"it is old":      {change: func(_ *attic, r *reconcile.Retire) { r.Policy.Referenced = true }, references: refers(6*time.Minute, "ami-0"), want: []string{references}},
	} {
		t.Run(name, func(t *testing.T) {
			a := inUse()
			scope := a.scope()
			if c.change != nil {
				c.change(a, &scope)
			}
			var got []string
			for _, q := range scope.Reconcile(a.used(c.references, world.Fact[world.Usage]{}), plan.NewRun("run")).Look {
				got = append(got, string(q.Kind)+" "+q.ID)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestUseIsShown: what may not be read, and no policy asks for, is a note and keeps nothing; what is
// known is shown beside the step. A policy without a report says that it keeps.
func TestUseIsShown(t *testing.T) {
	a := inUse()
	arn := "arn:aws:ec2:us-east-1:1:launch-template/lt-1"
	scope := a.scope()
	scope.Users = true
	unread := a.used(world.Fact[world.References]{At: a.now, Val: world.References{Denied: "you may not"}}, world.Fact[world.Usage]{At: a.now, Val: world.Usage{Denied: "you may not"}})
	p := scope.Reconcile(unread, plan.NewRun("run"))
	if got := fmt.Sprint(kindsOf(p), p.Notes); got != "[ready deprecate] [what refers to AMIs that will be retired is not shown in us-east-1: you may not which other accounts use AMIs that will be retired is not shown in us-east-1: you may not]" {
		t.Error(got)
	}
	report := world.UsageReport{ID: "amiur-1", AMI: "ami-0", State: world.Available, Created: a.now, Accounts: 1, Instances: 2}
	shown := a.used(known(a.now, world.References{ByAMI: map[string][]string{"ami-0": {arn}}}), known(a.now, world.Usage{Reports: []world.UsageReport{report}}))
	if p := scope.Reconcile(shown, plan.NewRun("run")); fmt.Sprint(kindsOf(p), p.Notes) != "[ready deprecate] []" {
		t.Error(kindsOf(p), p.Notes)
	}
	users := scope.Summary(shown).Users
	if len(users) != 1 || users[0].AMI != "ami-0" || fmt.Sprint(users[0].References) != "["+arn+"]" || users[0].Report.ID != "amiur-1" {
		t.Errorf("%+v", users)
	}
	a.policy.UsedByOthers = true
	scope = a.scope()
	p = scope.Reconcile(a.used(known(a.now, world.References{}), known(a.now, world.Usage{})), plan.NewRun("run"))
	if got := strings.Join(p.Notes, "; "); len(p.Steps) != 0 || !strings.Contains(got, "keep.used_by_others keeps 1: no usage report of the last 7 days ") {
		t.Error(kindsOf(p), got)
	}
}

// TestReportsAreMade: a report is made of what nothing else keeps, once, and waited for; a fresh one
// of anyone serves, and only what this run has made is named, to be deleted.
func TestReportsAreMade(t *testing.T) {
	now := newAttic().now
	report := func(state string, ours bool) world.UsageReport {
		return world.UsageReport{ID: "amiur-1", AMI: "ami-0", State: state, Created: now.Add(-time.Hour), Ours: ours, Reason: "out of luck"}
	}
	old := report(world.Available, true)
	old.Created = now.Add(-7 * oneDay)
	for name, c := range map[string]struct {
		reports []world.UsageReport
		did     time.Duration // ago
		kept    bool
		want    string
		why     string
	}{
		"none":                     {want: "ready report-usage "},
		"an old one":               {reports: []world.UsageReport{old}, want: "ready report-usage "},
		"a fresh one":              {reports: []world.UsageReport{report(world.Available, false)}, want: "done report-usage "},
		"one of an earlier run":    {reports: []world.UsageReport{report(world.Available, true)}, want: "done report-usage "},
		"made":                     {reports: []world.UsageReport{report(world.Available, true)}, did: time.Hour, want: "done report-usage amiur-1"},
		"pending":                  {reports: []world.UsageReport{report(world.Pending, true)}, did: time.Hour, want: "waiting report-usage amiur-1", why: "AWS is making the usage report amiur-1 of ami-0"},
		"another user's":           {reports: []world.UsageReport{report(world.Pending, false)}, want: "waiting report-usage ", why: "AWS is making"},
		"not shown yet":            {did: time.Second, want: "waiting report-usage ", why: "AWS does not show it yet"},
		"never shown":              {did: time.Minute, want: "skipped report-usage ", why: "AWS does not show the usage report that this run requested"},
		"failed":                   {reports: []world.UsageReport{report(world.Erroneous, true)}, did: time.Hour, want: "skipped report-usage amiur-1", why: "could not make the usage report amiur-1: out of luck"},
		"one failed before":        {reports: []world.UsageReport{report(world.Erroneous, true)}, want: "ready report-usage "},
		"a reference keeps it":     {kept: true},
		"a fresh one among others": {reports: []world.UsageReport{old, report(world.Available, false), report(world.Pending, false)}, want: "done report-usage "},
	} {
		t.Run(name, func(t *testing.T) {
			a := inUse()
			scope := reconcile.UsageReports{Retire: a.scope()}
			scope.Policy.UsedByOthers = true
			arns := map[string][]string{"ami-0": nil}
			if scope.Policy.Referenced = c.kept; c.kept {
				arns["ami-0"] = []string{"arn"}
			}
			w := a.used(known(now, world.References{ByAMI: arns}), known(now, world.Usage{Reports: c.reports}))
			run := plan.NewRun("run")
			if c.did != 0 {
				asked := scope.Reconcile(a.used(known(now, world.References{ByAMI: arns}), known(now, world.Usage{})), run).Steps[0].Action
				run.Ended(asked, "", now.Add(-c.did))
			}
			var got, why string
			p := scope.Reconcile(w, run)
			for _, s := range p.Steps {
				got += string(s.State) + " " + string(s.Kind()) + " " + plan.As[plan.CreateUsageReport](s.Action).Report
				why += s.Why
			}
			if got != c.want || !strings.Contains(why, c.why) {
				t.Errorf("%q: %s; want %q: %s", got, why, c.want, c.why)
			}
		})
	}
}

// TestReportsAreDeleted: a run deletes those that it has made, a sweep those of the project that no
// run can need any longer.
func TestReportsAreDeleted(t *testing.T) {
	a := newAttic()
	report := func(id string, age time.Duration, ours bool) world.UsageReport {
		return world.UsageReport{ID: id, AMI: "ami-0", Created: a.now.Add(-age), Ours: ours}
	}
	w := a.used(world.Fact[world.References]{}, known(a.now, world.Usage{Reports: []world.UsageReport{
		report("new", time.Hour, true), report("left", 25*time.Hour, true), report("others", 25*time.Hour, false),
	}}))
	ids := func(p plan.Plan) (out []string) {
		for _, s := range p.Steps {
			out = append(out, plan.As[plan.DeleteUsageReport](s.Action).Report)
		}
		return out
	}
	regions := []string{"us-east-1"}
	if got := ids(reconcile.Sweep{Project: "p", Regions: regions}.Reconcile(w, plan.NewRun("run"))); fmt.Sprint(got) != "[left]" {
		t.Errorf("a sweep deletes %v", got)
	}
	if got := ids(reconcile.Sweep{Project: "p", Regions: regions, ClaimsOnly: true}.Reconcile(w, plan.NewRun("run"))); len(got) != 0 {
		t.Errorf("a sweep of claims deletes %v", got)
	}
	made := reconcile.DeleteReports{Project: "p", Regions: regions, IDs: map[string]bool{"new": true, "others": true}}
	if got := ids(made.Reconcile(w, plan.NewRun("run"))); fmt.Sprint(got) != "[new]" {
		t.Errorf("a run deletes %v", got)
	}
}
