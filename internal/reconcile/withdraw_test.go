package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// withdrawn is the release of a shop after its AMI was marked.
func (s *shop) withdrawn(taken string) {
	s.image(func(i *world.Image) {
		i.Tags[record.TagStage], i.Tags[record.TagTaken] = record.TagValue(record.StageWithdrawn), record.TagValue(taken)
	})
}

// access is who may use the shop's AMI, and its snapshot.
func (s *shop) access(image, snapshot []string) {
	s.w.Access["ami-1"], s.w.Access["snap-1"] = known(s.w.Now, image), known(s.w.Now, snapshot)
}

// other adds an AMI of another version of the shop's image.
func (s *shop) other(version, stage string, public bool) {
	i := world.Image{
		ID: "ami-" + version, Name: "premium " + version, State: world.Available, Public: public,
		Tags: ofVersion(s.d, version).OwnTags(s.d.Variants[0], stage), Created: s.w.Now,
	}
	home(s.w, func(r *world.Region) { r.Images.Val = append(r.Images.Val, i) })
}

func (s *shop) parameter(name string, latest bool, value string) {
	s.d.Variants[0].Parameters = append(slices.Clone(s.d.Variants[0].Parameters), release.Parameter{Name: name, Latest: latest})
	s.w.Regions["us-east-1"].Params.Val[name] = value
}

func wantNote(t *testing.T, p plan.Plan, note string) {
	t.Helper()
	if text := strings.Join(p.Notes, "\n"); !strings.Contains(text, note) {
		t.Errorf("notes lack %q: %s", note, text)
	}
}

func TestWithdrawal(t *testing.T) {
	const mark, closing, restrict = plan.ID("withdraw/premium/amd64/us-east-1/ami-1"), plan.ID("close/premium/amd64/us-east-1/ami-1"), plan.ID("restrict/premium")
	unread := world.Fact[[]string]{At: time.Unix(1, 0), Err: "no"}
	for name, c := range map[string]struct {
		change   func(*shop)
		restrict bool
		want     map[plan.ID]plan.State
		note     string
	}{
		"marked first": {func(*shop) {}, false, map[plan.ID]plan.State{mark: plan.Ready, closing: plan.Queued}, ""},
		"then read": {
			func(s *shop) { s.withdrawn("111111111111") }, false, map[plan.ID]plan.State{mark: plan.Done, closing: plan.Waiting}, "",
		},
		"then closed": {
			func(s *shop) { s.withdrawn("111111111111"); s.access([]string{"111111111111"}, nil) }, false,
			map[plan.ID]plan.State{mark: plan.Done, closing: plan.Ready},
			"",
		},
		"then done": {
			func(s *shop) { s.withdrawn("111111111111"); s.access(nil, nil) }, false,
			map[plan.ID]plan.State{mark: plan.Done, closing: plan.Done},
			"",
		},
		"an organization has it": {
			func(s *shop) {
				s.withdrawn("111111111111")
				s.access([]string{"arn:aws:organizations::123456789012:organization/o-abcdefghij"}, nil)
			}, false, map[plan.ID]plan.State{closing: plan.Ready}, "",
		},
		"an account that nobody named can restore it": {
			func(s *shop) { s.withdrawn("111111111111"); s.access(nil, []string{"222222222222"}) }, false,
			map[plan.ID]plan.State{closing: plan.Ready},
			"",
		},
		"everybody can restore it, though it was disabled": {
			func(s *shop) {
				s.withdrawn("")
				s.image(func(i *world.Image) { i.State = world.Disabled })
				s.access(nil, []string{"all"})
			}, false, map[plan.ID]plan.State{closing: plan.Ready}, "",
		},
		"its snapshot is unread": {
			func(s *shop) { s.withdrawn(""); s.access(nil, nil); s.w.Access["snap-1"] = unread }, false,
			map[plan.ID]plan.State{closing: plan.Blocked},
			"",
		},
		"its snapshot is throttled": {
			func(s *shop) {
				s.withdrawn("")
				s.access(nil, nil)
				s.w.Access["snap-1"] = unread
				s.w.Throttled[world.Query{Kind: world.LookAccess, Region: "us-east-1", ID: "snap-1"}] = true
			}, false, map[plan.ID]plan.State{closing: plan.Waiting}, "",
		},
		"public, the rest unread": {
			func(s *shop) {
				s.withdrawn("all")
				s.image(func(i *world.Image) { i.Public = true })
				s.w.Access["ami-1"] = unread
			}, false, map[plan.ID]plan.State{closing: plan.Ready}, "",
		},
		"still pending": {
			func(s *shop) { s.withdrawn(""); s.image(func(i *world.Image) { i.State = world.Pending }) }, false,
			map[plan.ID]plan.State{closing: plan.Waiting},
			"",
		},
		"the region can't be read": {
			func(s *shop) {
				home(s.w, func(r *world.Region) { r.Images = world.Fact[[]world.Image]{At: s.w.Now, Err: "no"} })
			}, false, map[plan.ID]plan.State{"withdraw/us-east-1": plan.Blocked}, "",
		},
		"a newer Amiship's": {
			func(s *shop) { s.image(func(i *world.Image) { i.Tags[record.TagBuild] = "2:0" }) }, false,
			map[plan.ID]plan.State{mark: ""},
			"newer Amiship",
		},
		"a stranger's": {
			func(s *shop) { s.image(func(i *world.Image) { i.Tags = nil }) }, false, map[plan.ID]plan.State{mark: ""}, "",
		},
		"a candidate without tags": {
			func(s *shop) {
				s.image(func(i *world.Image) { i.Tags, i.Name = nil, s.d.Owner(s.d.Variants[0]).CandidateName("0123456789ab") })
			}, false, map[plan.ID]plan.State{mark: plan.Ready}, "",
		},
		"buyers keep it unasked": {
			func(s *shop) { s.version("P 1.2.3", "ami-1", "Public"); s.old("P 1.0.0", 99, "Public") }, false,
			map[plan.ID]plan.State{restrict: ""},
			"--restrict takes from new buyers",
		},
		"buyers lose it": {
			func(s *shop) { s.version("P 1.2.3", "ami-1", "Public"); s.old("P 1.0.0", 99, "Public") }, true,
			map[plan.ID]plan.State{restrict: plan.Ready},
			"",
		},
		"buyers have lost it": {
			func(s *shop) { s.version("P 1.2.3", "ami-1", "Restricted") }, true, map[plan.ID]plan.State{restrict: plan.Done}, "",
		},
		"the last public version": {
			func(s *shop) { s.version("P 1.2.3", "ami-1", "Public"); s.old("P 1.0.0", 99, "Restricted") }, true,
			map[plan.ID]plan.State{restrict: ""},
			"last public version",
		},
		"a version of another AMI": {
			func(s *shop) { s.version("P 1.2.3", "ami-9", "Public"); s.old("P 1.0.0", 99, "Public") }, true, map[plan.ID]plan.State{restrict: ""}, "",
		},
		"our change set is new": {
			func(s *shop) { s.set("cs1", s.ours("add"), world.Preparing); s.details("cs1", stranger) }, true,
			map[plan.ID]plan.State{"cancel/premium/cs1": plan.Ready, restrict: ""},
			"",
		},
		"our change set is being applied": {
			func(s *shop) { s.set("cs1", s.ours("add"), world.Applying) }, true, map[plan.ID]plan.State{restrict: plan.Waiting}, "",
		},
		"it is being applied, and may stay": {
			func(s *shop) { s.set("cs1", s.ours("add"), world.Applying) }, false, map[plan.ID]plan.State{restrict: ""}, "can no longer be cancelled",
		},
		"somebody else's change set stays": {
			func(s *shop) {
				s.theirs(release.PendingWait, world.Preparing)
				s.version("P 1.2.3", "ami-1", "Public")
				s.old("P 1.0.0", 99, "Public")
			}, true, map[plan.ID]plan.State{"cancel/premium/cs1": "", restrict: plan.Waiting}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			c.change(s)
			p := reconcile.Withdrawal{Desired: s.d, Why: "it eats disks", Restrict: c.restrict}.Reconcile(s.w, s.r)
			for id, want := range c.want {
				if step, _ := p.Step(id); step.State != want {
					t.Errorf("%s is %q (%s), want %q", id, step.State, step.Why, want)
				}
			}
			wantNote(t, p, c.note)
		})
	}
}

func TestPointBack(t *testing.T) {
	const step = plan.ID("parameter/premium/amd64/us-east-1/p/latest")
	for name, c := range map[string]struct {
		change func(*shop)
		value  string // of the step; "": there is none
		note   string
	}{
		"nobody else": {func(s *shop) { s.parameter("/p/latest", true, "ami-1") }, "", "no other release"},
		"the one before": {
			func(s *shop) {
				s.parameter("/p/latest", true, "ami-1")
				s.other("1.1.9", record.StageRelease, false)
				s.other("1.1.10", record.StageDeprecated, false)
			}, "ami-1.1.10", "",
		},
		"not one that is over, public or a pre-release": {
			func(s *shop) {
				s.parameter("/p/latest", true, "ami-1")
				s.other("1.1.0", record.StageRelease, false)
				s.other("1.1.1", record.StageWithdrawn, false)
				s.other("1.1.2", record.StageDemoted, false)
				s.other("1.1.3", record.StageRelease, true)
				s.other("1.1.4-rc1", record.StageRelease, false)
				s.other("1.1.5", record.StageCandidate, false)
			}, "ami-1.1.0", "",
		},
		"it names another already": {
			func(s *shop) {
				s.parameter("/p/latest", true, "ami-1.1.9")
				s.other("1.1.9", record.StageRelease, false)
			}, "", "",
		},
		"one of this version alone": {
			func(s *shop) {
				s.parameter("/p/latest", false, "ami-1")
				s.other("1.1.9", record.StageRelease, false)
			}, "", "of this version alone",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			c.change(s)
			p := reconcile.Withdrawal{Desired: s.d, Why: "it eats disks"}.Reconcile(s.w, s.r)
			got, _ := p.Step(step)
			if value := plan.As[plan.PutParameter](got.Action).Value; value != c.value {
				t.Errorf("points at %q, want %q", value, c.value)
			}
			wantNote(t, p, c.note)
		})
	}
}

// TestWithdrawnIsNotOpen: a schedule that carries on what is open leaves it alone.
func TestWithdrawnIsNotOpen(t *testing.T) {
	s := newShop(t)
	s.set("cs1", s.ours("add"), world.Cancelled)
	if open := reconcile.Open("p", s.d.Listings, s.w); !slices.Equal(open, []string{"v1.2.3"}) {
		t.Errorf("open before: %v", open)
	}
	s.withdrawn("")
	if open := reconcile.Open("p", s.d.Listings, s.w); len(open) > 0 {
		t.Errorf("open after: %v", open)
	}
}

// TestWithdrawnCandidateStays: a sweep would make the tag be built anew.
func TestWithdrawnCandidateStays(t *testing.T) {
	for stage, want := range map[string]int{record.StageCandidate: 1, record.StageWithdrawn: 0} {
		s := newShop(t)
		s.image(func(i *world.Image) {
			i.Name, i.Tags[record.TagStage] = "amiship-p-premium-amd64-v1.2.3-0123456789ab", record.TagValue(stage)
		})
		p := reconcile.Sweep{Project: "p", Regions: []string{"us-east-1"}}.Reconcile(s.w, s.r)
		if len(p.Steps) != want {
			t.Errorf("%s: %s", stage, fmt.Sprint(p.Steps))
		}
	}
}
