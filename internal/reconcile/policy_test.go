package reconcile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// TestAPolicyThatChanged: nothing is retired by another policy than the last one's until
// exactly that has been approved; then it is recorded before anything is done.
func TestAPolicyThatChanged(t *testing.T) {
	was := newAttic().policy
	recordPolicy, blocked := "record/ce/amd64/us-east-1/ami-0", []string{"blocked record", "blocked deprecate"}
	recordFirst := []string{"ready record", "queued deprecate"}
	for name, c := range map[string]struct {
		change   func(*attic)
		approved string // "it": the digest of what is in the catalog
		want     []string
		says     string
	}{
		"as before":                       {want: []string{"ready deprecate"}},
		"the first":                       {change: func(a *attic) { a.unrecorded = true }, want: recordFirst},
		"fewer minors":                    {change: func(a *attic) { a.policy.Public.Minors = 1 }, want: append(blocked, "blocked deprecate"), says: "public 1 of 1 90d"},
		"shorter grace":                   {change: func(a *attic) { a.policy.Grace.Deregister = 61 * oneDay }, want: blocked, says: "deregister 61d"},
		"launches keep less":              {change: func(a *attic) { a.policy.Launched = 0 }, want: blocked, says: "launched 0d"},
		"more minors, and nothing is due": {change: func(a *attic) { a.policy.Public.Minors = 9 }, want: []string{"blocked record"}, says: "public 1 of 9 90d"},
		"approved":                        {change: func(a *attic) { a.policy.Launched = 0 }, approved: "it", want: recordFirst},
		"another was approved":            {change: func(a *attic) { a.policy.Launched = 0 }, approved: was.Digest(), want: blocked},
		"a limit is no policy":            {change: func(a *attic) { a.policy.MaxPerRun = 9 }, want: []string{"ready deprecate"}},
		"the record is on what is retired": {change: func(a *attic) {
			a.unrecorded = true
			a.images[2].Tags[record.TagKeep] = record.TagValue(was.String())
		}, want: recordFirst},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAttic()
			a.add("1.2.0", 10)
			a.add("1.1.0", 300)
			a.add("1.0.0", 400)
			a.recorded()
			a.policy.Public = &release.Keep{Patches: 1, Minors: 2, Age: 90 * oneDay}
			if c.change != nil {
				c.change(a)
			}
			if a.unrecorded {
				delete(a.images[0].Tags, record.TagKeep)
			}
			a.unrecorded = true // what is there stays
			run := plan.NewRun("run")
			if c.approved == "it" {
				c.approved = a.policy.Digest()
			}
			run.Approved = map[plan.ID]string{reconcile.Policy: c.approved}
			p := a.scope().Reconcile(a.world(), run)
			if diff := cmp.Diff(c.want, kindsOf(p)); diff != "" {
				t.Error(diff)
			}
			isBlocked := strings.HasPrefix(c.want[0], "blocked")
			if isBlocked != (len(p.Blockers) == 1) {
				t.Fatalf("blockers %+v", p.Blockers)
			}
			if s, ok := p.Step(plan.ID(recordPolicy)); ok && s.Tags()[record.TagKeep] != record.TagValue(a.policy.String()) {
				t.Errorf("records %q", s.Tags())
			}
			if isBlocked && (!strings.Contains(p.Blockers[0].Why, was.String()) || !strings.Contains(p.Blockers[0].Why, c.says) ||
				p.Blockers[0].Remedies[0].Command != "amiship retire --approve keep@"+a.policy.Digest()) {
				t.Errorf("%+v", p.Blockers[0])
			}
		})
	}
}

// TestThePolicyMayBeUnread: a record that may be in a region which could not be read
// holds everything.
func TestThePolicyMayBeUnread(t *testing.T) {
	a := newAttic()
	a.unrecorded = true
	a.add("1.2.0", 10)
	a.add("1.1.0", 300)
	a.add("1.0.0", 400)
	scope := a.scope()
	scope.Regions = append(scope.Regions, "eu-west-1")
	w := a.world()
	w.Regions["eu-west-1"] = world.Region{
		Images: world.Fact[[]world.Image]{At: a.now, Err: "down"}, Params: known(a.now, a.params), Snapshots: known(a.now, a.snapshots),
	}
	if p := scope.Reconcile(w, plan.NewRun("run")); len(p.Steps) > 0 || !strings.Contains(strings.Join(p.Notes, ""), "the policy of the last retirement") {
		t.Errorf("steps %v, notes %v", kindsOf(p), p.Notes)
	}
}

// TestLimits: a run that no person confirms changes the oldest AMIs, as many as it may;
// one that no person has started spares the newest versions.
func TestLimits(t *testing.T) {
	a := newAttic()
	a.policy.Public = &release.Keep{Patches: 1, Minors: 1}
	for n, version := range []string{"1.5.0", "1.4.1", "1.4.0", "1.3.0", "1.2.0"} {
		a.add(version, 100*(n+1))
	}
	for name, c := range map[string]struct {
		limit, spare int
		want         []int // the AMIs that are deprecated
		note         string
	}{
		"confirmed":          {0, 0, []int{1, 2, 3, 4}, ""},
		"three at once":      {3, 0, []int{2, 3, 4}, "3 of 4 AMIs that are due"},
		"as many as are due": {4, 0, []int{1, 2, 3, 4}, ""},
		"unattended":         {9, 2, []int{2, 3, 4}, ""},
		"both":               {1, 2, []int{4}, "1 of 3 AMIs"},
	} {
		t.Run(name, func(t *testing.T) {
			scope := a.scope()
			scope.Limit, scope.Spare = c.limit, c.spare
			p := scope.Reconcile(a.world(), plan.NewRun("run"))
			var got []int
			for _, s := range p.Steps {
				var n int
				_, _ = fmt.Sscanf(s.Image().AMI, "ami-%d", &n)
				got = append(got, n)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if notes := strings.Join(p.Notes, "\n"); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
				t.Errorf("notes %q, want %q", notes, c.note)
			}
		})
	}
}
