package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// stall is a region with limits, and a release that wants to be public there.
type stall struct {
	d      release.Desired
	w      world.World
	r      plan.Run
	limits world.Limits
}

func newStall(t testing.TB) *stall {
	t.Helper()
	d := desired(t)
	d.Variants, d.Targets = d.Variants[:1], d.Targets[2:]
	d.Policy.Horizon = 12
	s := &stall{d: d, w: world.New(), r: plan.NewRun("run"), limits: world.Limits{Public: world.Quota{Limit: 5, Default: true}}}
	s.w.Now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	s.w.Regions["us-east-1"] = world.Region{
		Images: known(s.w.Now, []world.Image(nil)), Claims: known(s.w.Now, []world.Claim(nil)), Params: known(s.w.Now, map[string]string{}),
		Grants: map[string]world.Fact[world.Grants]{"111111111111": known(s.w.Now, world.Grants{Images: map[string]bool{}, Snapshots: map[string]bool{}})},
	}
	s.w.Packages["ce/amd64"] = known(s.w.Now, world.Package{Path: "p.deb", SHA256: "aa", Inputs: "0123456789abcdef"})
	s.w.Bases["ce/amd64"] = known(s.w.Now, world.Base{ID: "ami-base"})
	return s
}

// types are the instance types of its region.
func (s *stall) types(all map[string]world.InstanceType) {
	home(s.w, func(r *world.Region) { r.Types = known(s.w.Now, all) })
}

// image adds one of a version, days old.
func (s *stall) image(version string, days int, change func(*world.Image)) {
	i := world.Image{
		ID: fmt.Sprintf("ami-%d", len(s.w.Regions[homeRegion].Images.Val)), Name: "ce " + version, State: world.Available, Public: true,
		Tags: ofVersion(s.d, version).OwnTags(s.d.Variants[0], record.StageRelease), Created: s.w.Now.AddDate(0, 0, -days), IMDSSupport: "v2.0",
	}
	if change != nil {
		change(&i)
	}
	home(s.w, func(r *world.Region) { r.Images.Val = append(r.Images.Val, i) })
}

// candidate adds that of another release.
func (s *stall) candidate(version string, days int, change func(*world.Image)) {
	s.image(version, days, func(i *world.Image) {
		i.Public, i.Name, i.Tags[record.TagStage] = false, "amiship-p-ce-amd64-v"+version+"-0123456789ab", record.TagValue(record.StageCandidate)
		if change != nil {
			change(i)
		}
	})
}

func (s *stall) old(n int) {
	for i := range n {
		s.image(fmt.Sprintf("1.0.%d", i), 100-i, nil)
	}
}

// published has the release's AMI public, and its snapshot, or not.
func (s *stall) published(snapshot bool) {
	s.image("1.2.3", 0, func(i *world.Image) { i.Snapshots = []string{"snap-1"} })
	home(s.w, func(r *world.Region) {
		id := r.Images.Val[len(r.Images.Val)-1].ID
		r.Grants["111111111111"] = known(s.w.Now, world.Grants{Images: map[string]bool{id: true}, Snapshots: map[string]bool{"snap-1": true}})
		r.Grants[record.Everybody] = known(s.w.Now, world.Grants{Snapshots: map[string]bool{"snap-1": snapshot}})
		r.Params = known(s.w.Now, map[string]string{"/p/ce": id})
	})
}

func (s *stall) plan() plan.Plan {
	home(s.w, func(r *world.Region) { r.Limits = known(s.w.Now, s.limits) })
	return reconcile.Reconcile(s.d, s.w, s.r)
}

func TestPublicQuota(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*stall)
		blocker string
		text    []string // in why and remedies
		not     string
	}{
		"enough capacity": {func(s *stall) { s.old(4) }, "", nil, ""},
		"none is left": {
			func(s *stall) { s.old(5) }, "quota/us-east-1",
			[]string{"1 public AMIs needed, capacity for 0: AWS's default quota 5, used 5", "unblock quota/us-east-1 raise", "asks AWS for 17 ", "makes ce 1.0.0 (ami-0, never launched) private"},
			"not made",
		},
		"the quota was raised": {
			func(s *stall) {
				s.old(5)
				s.limits = world.Limits{Public: world.Quota{Limit: 6}}
			}, "", nil, "",
		},
		"the Recycle Bin counts": {
			func(s *stall) {
				s.old(3)
				s.limits.Binned = 2
			}, "quota/us-east-1", []string{"used 5"}, "",
		},
		"deprecated ones count": {
			func(s *stall) {
				s.old(4)
				s.image("0.9.0", 200, func(i *world.Image) { i.Deprecated = s.w.Now.AddDate(0, 0, -1) })
			}, "quota/us-east-1", []string{"used 5", "makes ce 0.9.0"}, "",
		},
		"private ones do not": {
			func(s *stall) {
				s.old(4)
				s.image("0.9.0", 200, func(i *world.Image) { i.Public = false })
			}, "", nil, "",
		},
		"somebody else's fill it": {
			func(s *stall) {
				for i := range 5 {
					s.image(fmt.Sprintf("0.%d.0", i), 100, func(i *world.Image) { i.Tags = nil })
				}
			}, "quota/us-east-1", []string{"not enough: 0 could be made private, 1 are missing", "the 5 that Amiship has not made"}, "",
		},
		"launched lately is spared": {
			func(s *stall) {
				s.old(4)
				s.image("0.9.0", 200, func(i *world.Image) { i.LastLaunched = s.w.Now.AddDate(0, 0, -3) })
			}, "quota/us-east-1", []string{"makes ce 1.0.0"}, "0.9.0",
		},
		"the newest is spared": {
			func(s *stall) {
				s.limits.Public.Limit = 1
				s.image("1.0.0", 200, nil)
			}, "quota/us-east-1", []string{"not enough: 0"}, "",
		},
		"what a parameter points at is spared": {
			func(s *stall) {
				s.old(5)
				s.d.Variants[0].Parameters = []release.Parameter{{Name: "/p/ce", Latest: true}}
				s.w.Regions["us-east-1"].Params.Val["/p/ce"] = "ami-0"
			}, "quota/us-east-1", []string{"makes ce 1.0.1"}, "ce 1.0.0",
		},
		"no parameter could be read": {
			func(s *stall) {
				s.old(5)
				home(s.w, func(r *world.Region) { r.Params = world.Fact[map[string]string]{At: s.w.Now, Err: "no"} })
			}, "quota/us-east-1", []string{"not enough: 0"}, "makes",
		},
		"what looks like ours is adopted first": {
			func(s *stall) {
				s.d.Forms = []release.Form{{Image: "ce", Arch: "amd64", Name: `^ce ([0-9.]+)$`, Tag: "v{version}"}}
				for i := range 5 {
					s.image(fmt.Sprintf("0.%d.0", i), 100, func(i *world.Image) { i.Tags, i.Arch = nil, "amd64" })
				}
			}, "quota/us-east-1", []string{"amiship adopt: tags AMIs as the project's that look like it, 5 public ones"}, "",
		},
		"the policy keeps them": {
			func(s *stall) {
				s.d.Policy.Retention = &release.Retention{Public: &release.Keep{Patches: 5, Minors: 1}}
				s.old(5)
			}, "quota/us-east-1", []string{"not enough: 0"}, "makes",
		},
		"by the policy the oldest goes": {
			func(s *stall) {
				s.d.Policy.Retention = &release.Retention{Public: &release.Keep{Patches: 2, Minors: 1}}
				s.old(4)
				s.image("0.9.0", 50, func(i *world.Image) { i.LastLaunched = s.w.Now.AddDate(0, 0, -3) })
			}, "quota/us-east-1", []string{"makes ce 1.0.0"}, "",
		},
		"the policy says nothing of public ones": {
			func(s *stall) {
				s.d.Policy.Retention = &release.Retention{}
				s.old(5)
			}, "quota/us-east-1", []string{"not enough: 0"}, "makes",
		},
		"asked already": {
			func(s *stall) {
				s.old(5)
				s.limits.Public.Requests = []world.QuotaRequest{{Status: "CASE_OPENED", Desired: 30, Created: s.w.Now.AddDate(0, 0, -2), Updated: s.w.Now.AddDate(0, 0, -1)}}
			}, "quota/us-east-1", []string{"asked for already: 30 on 2026-11-22, CASE_OPENED since 2026-11-23"}, "asks AWS",
		},
		"refused before": {
			func(s *stall) {
				s.old(5)
				s.limits.Public.Requests = []world.QuotaRequest{{Status: "DENIED", Desired: 30, Created: s.w.Now.AddDate(0, 0, -2), Updated: s.w.Now.AddDate(0, 0, -1)}}
			}, "quota/us-east-1", []string{"AWS has refused 30 on 2026-11-23 (DENIED)"}, "",
		},
		"an earlier release is under way": {
			func(s *stall) {
				s.old(4)
				s.candidate("1.2.4", 1, nil)
			}, "quota/us-east-1", []string{"reserved for earlier releases 1"}, "",
		},
		"its test has failed": {
			func(s *stall) {
				s.old(4)
				s.candidate("1.2.4", 1, func(i *world.Image) {
					i.Tags[record.TagTested] = record.TagValue(record.Verdict{Checks: "0123456789ab", Why: "no"}.String())
				})
			}, "", nil, "",
		},
		"a later release is under way": {
			func(s *stall) {
				s.old(4)
				s.image("1.2.3", 2, func(i *world.Image) { i.Public = false })
				s.candidate("1.2.4", 1, nil)
			}, "", nil, "",
		},
		"public access is blocked": {
			func(s *stall) { s.limits.BlockPublic = world.BlockedByAccount }, "public-block/us-east-1",
			[]string{"unblock public-block/us-east-1 allow"},
			"",
		},
		"blocked by a policy": {
			func(s *stall) { s.limits.BlockPublic = world.BlockedByPolicy }, "public-block/us-east-1",
			[]string{"no switch for it"},
			"unblock",
		},
		"public snapshots are blocked": {
			func(s *stall) { s.limits.BlockSnapshots = world.BlockedByAccount }, "snapshot-block/us-east-1",
			[]string{"block public access for snapshots is on in us-east-1", "unblock snapshot-block/us-east-1 allow"},
			"",
		},
		"both are blocked": {
			func(s *stall) {
				s.limits.BlockPublic, s.limits.BlockSnapshots = world.BlockedByAccount, world.BlockedByAccount
			}, "public-block/us-east-1 snapshot-block/us-east-1", []string{"unblock snapshot-block/us-east-1 allow"}, "",
		},
		"public snapshots are blocked by a policy": {
			func(s *stall) { s.limits.BlockSnapshots = world.BlockedByPolicy }, "snapshot-block/us-east-1",
			[]string{"keeps snapshots in us-east-1 from becoming public"},
			"unblock",
		},
		"no snapshot becomes public": {
			func(s *stall) {
				s.limits.BlockSnapshots, s.d.Variants[0].PublicSnapshot = world.BlockedByAccount, false
			}, "", nil, "",
		},
		"public snapshots are blocked, two releases ahead": {
			func(s *stall) {
				s.published(true)
				s.limits.BlockSnapshots, s.r.Ahead = world.BlockedByAccount, 1
			}, "snapshot-block/us-east-1", []string{"--forecast 2"}, "",
		},
		"public snapshots are blocked, and one is private": {
			func(s *stall) {
				s.published(false)
				s.limits.BlockSnapshots = world.BlockedByAccount
			}, "snapshot-block/us-east-1", nil, "",
		},
		"public snapshots are blocked, and all are public": {
			func(s *stall) {
				s.published(true)
				s.limits.BlockSnapshots = world.BlockedByAccount
			}, "", nil, "",
		},
		"snapshots are encrypted": {
			func(s *stall) { s.limits.Encrypted = true }, "encryption/us-east-1", []string{"disable-ebs-encryption-by-default"}, "",
		},
		"beside another project's release": {
			func(s *stall) {
				s.old(4)
				s.r.Others = map[string]int{"us-east-1": 2}
			}, "quota/us-east-1", []string{"1 public AMIs needed, capacity for 0", "used 4, for releases of other projects 2", "unblock quota/us-east-1 raise --forecast 3"}, "reserved for earlier",
		},
		"beside another project's release, elsewhere": {
			func(s *stall) {
				s.old(4)
				s.r.Others = map[string]int{"eu-west-1": 2}
			}, "", nil, "",
		},
		"three releases ahead": {
			func(s *stall) {
				s.old(3)
				s.r.Ahead = 2
			}, "quota/us-east-1", []string{"3 public AMIs needed, capacity for 2"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStall(t)
			c.change(s)
			p := s.plan()
			var ids []string
			text := ""
			for _, b := range p.Blockers {
				ids = append(ids, b.ID)
				text += b.Why + "\n"
				for _, r := range b.Remedies {
					text += r.Command + ": " + r.Cost + "\n"
				}
			}
			if got := strings.Join(ids, " "); got != c.blocker {
				t.Fatalf("blocked by %q, want %q\n%s", got, c.blocker, text)
			}
			for _, want := range c.text {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in:\n%s", want, text)
				}
			}
			if c.not != "" && strings.Contains(text, c.not) {
				t.Errorf("there is %q in:\n%s", c.not, text)
			}
			claim, _ := p.Step("claim/ce/amd64/us-east-1")
			if held := claim.State == plan.Blocked; claim.ID != "" && claim.State != plan.Done && held != (c.blocker != "") {
				t.Errorf("the build is %s", claim.State)
			}
		})
	}
}

func TestPublicQuotaByPolicy(t *testing.T) {
	s := newStall(t)
	s.old(5)
	s.d.Policy.BuildAnyway = true
	p := s.plan()
	claim, _ := p.Step("claim/ce/amd64/us-east-1")
	publish, _ := p.Step("publish/ce/amd64/us-east-1")
	if claim.State != plan.Ready || publish.State != plan.Blocked {
		t.Errorf("the build is %s, publishing is %s; want ready, blocked", claim.State, publish.State)
	}
	s.d.Policy.Raise = true
	p = s.plan()
	if raise, ok := p.Step("raise/us-east-1"); !ok || raise.State != plan.Ready || plan.As[plan.RaiseQuota](raise.Action).Limit != 17 {
		t.Errorf("got %+v", raise)
	}
	s.limits.Public.Requests = []world.QuotaRequest{{Status: "PENDING"}}
	if _, ok := s.plan().Step("raise/us-east-1"); ok {
		t.Error("it asks a second time")
	}
	s.d.Targets[0].Required, s.d.Policy.Raise = false, false
	p = s.plan()
	publish, _ = p.Step("publish/ce/amd64/us-east-1")
	if publish.State != plan.Skipped || len(p.Blockers) > 0 {
		t.Errorf("in a best-effort region publishing is %s, blockers %v; want skipped, none", publish.State, p.Blockers)
	}
}

func TestUnknownLimitsHoldNothing(t *testing.T) {
	s := newStall(t)
	s.limits = world.Limits{Public: world.Quota{Err: "no Service Quotas here"}}
	if p := s.plan(); len(p.Blockers) > 0 || len(p.Capacities) > 0 || len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "no Service Quotas here") {
		t.Errorf("blockers %v, capacities %v, notes %v", p.Blockers, p.Capacities, p.Notes)
	}
	s.limits.BlockPublic = world.BlockedByAccount
	if p := s.plan(); len(p.Blockers) != 1 {
		t.Errorf("what is known holds nothing: %v", p.Blockers)
	}
	s.limits = world.Limits{}
	home(s.w, func(r *world.Region) {
		r.Limits = world.Fact[world.Limits]{At: s.w.Now, Err: "AccessDeniedException: no"}
	})
	p := reconcile.Reconcile(s.d, s.w, s.r)
	if len(p.Blockers) > 0 || len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "AccessDeniedException") {
		t.Errorf("blockers %v, notes %v", p.Blockers, p.Notes)
	}
}

// TestOneFullRegionHoldsAll: the AMIs are made, and a required region has no capacity for
// them any longer; in none are they published until it has.
func TestOneFullRegionHoldsAll(t *testing.T) {
	m, d := newModel(), desired(t)
	d.Policy.BuildAnyway = true
	m.quota["eu-west-1"] = 1
	m.add("eu-west-1", world.Image{Name: "another's", State: world.Available, Public: true})
	if runOnce(m, d, "full", -1, func(plan.Plan, plan.Action) {}) {
		t.Error("it is complete without eu-west-1")
	}
	for _, region := range []string{"us-east-1", "eu-west-1", "ap-south-1"} {
		if len(m.find(region, func(i world.Image) bool { return d.Tagged(i.Tags) })) == 0 {
			t.Errorf("no AMI was made in %s", region)
		}
	}
	if got := m.publicOf(d.Tag); len(got) > 0 {
		t.Errorf("public in %v, with no capacity in eu-west-1", got)
	}
	m.quota["eu-west-1"] = 2
	if !runOnce(m, d, "room", -1, func(plan.Plan, plan.Action) {}) || len(m.publicOf(d.Tag)) != 3 {
		t.Errorf("with capacity again, public in %v, want all three", m.publicOf(d.Tag))
	}
	if m.err != nil {
		t.Error(m.err)
	}
}

// TestTwoReleasesOneQuota: of two releases that want two slots in each region,
// one becomes public everywhere and the other nowhere, whatever the order in
// which they act; after capacity was freed the other follows.
func TestTwoReleasesOneQuota(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel()
		m.quota["eu-west-1"] = 1 + rapid.IntRange(0, 1).Draw(rt, "more")
		both := []release.Desired{desired(t), desired(t)}
		for i := range both {
			both[i] = ofVersion(both[i], fmt.Sprintf("1.2.%d", i+3))
			for j := range both[i].Variants {
				both[i].Variants[j].Name += both[i].Tag
				both[i].Variants[j].Parameters = nil
			}
		}
		for n := range rapid.IntRange(2, 12).Draw(rt, "turns") {
			i := rapid.IntRange(0, 1).Draw(rt, "who")
			runOnce(m, both[i], fmt.Sprint("run", n), rapid.IntRange(1, 12).Draw(rt, "actions"), func(plan.Plan, plan.Action) {})
			m.now = m.now.Add(5 * time.Minute)
		}
		for round := range 2 {
			for i, d := range both {
				runOnce(m, d, fmt.Sprint("end", round, i), -1, func(plan.Plan, plan.Action) {})
				m.now = m.now.Add(5 * time.Minute)
			}
		}
		counts := map[string]int{}
		for _, d := range both {
			counts[d.Tag] = len(m.publicOf(d.Tag))
		}
		want := []int{0, 3}
		if m.quota["eu-west-1"] == 2 {
			want = []int{3, 3}
		}
		if got := slices.Sorted(maps.Values(counts)); !slices.Equal(got, want) {
			rt.Fatalf("public in %v regions, want %v", counts, want)
		}
		m.quota["eu-west-1"] = 5
		for i, d := range both {
			if !runOnce(m, d, fmt.Sprint("last", i), -1, func(plan.Plan, plan.Action) {}) {
				rt.Fatalf("%s did not complete once there was capacity", d.Tag)
			}
		}
		if m.err != nil {
			rt.Fatal(m.err)
		}
	})
}

// TestAnUntaggedCandidateReserves: a run was killed after AWS had begun its candidate, and
// before it was tagged. What its claim says reserves the quota as the tags would.
func TestAnUntaggedCandidateReserves(t *testing.T) {
	for what, c := range map[string]struct {
		claimed, tagged bool
		want            int
	}{
		"tagged":                 {false, true, 1},
		"untagged, with a claim": {true, false, 1},
		"tagged, with a claim":   {true, true, 1},
		"untagged and no one's":  {false, false, 0},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStall(t)
			s.limits.Public = world.Quota{Limit: 1}
			older := ofVersion(s.d, "1.2.2")
			v, tags := older.Variants[0], older.OwnTags(older.Variants[0], record.StageCandidate)
			s.image("1.2.2", 1, func(i *world.Image) {
				i.Name, i.Public, i.Tags = older.Owner(v).CandidateName(fullInputs), false, nil
				if c.tagged {
					i.Tags = tags
				}
			})
			if c.claimed {
				home(s.w, func(r *world.Region) {
					r.Claims.Val = []world.Claim{{Group: "sg-1", Name: older.Owner(v).Name(), Run: "killed", Tags: tags}}
				})
			}
			if p := s.plan(); len(p.Capacities) != 1 || p.Capacities[0].Reserved != c.want || (len(p.Blockers) == 0) != (c.want == 0) {
				t.Errorf("capacity %+v, blockers %+v, want %d reserved", p.Capacities, p.Blockers, c.want)
			}
		})
	}
}

// publicOf are the regions in which a release is public.
func (m *model) publicOf(tag string) []string {
	var out []string
	for region, images := range m.images {
		for _, i := range images {
			if i.Public && i.Tag(record.TagTag) == tag {
				out = append(out, region)
			}
		}
	}
	return out
}

// TestDemotionIsWrittenDown: what is made private for capacity is staged first, and
// not published again.
func TestDemotionIsWrittenDown(t *testing.T) {
	s := newStall(t)
	s.old(5)
	for _, r := range s.plan().Blockers[0].Remedies {
		if r.Name != "demote" {
			continue
		}
		act := r.Do[0]
		want := map[string]string{record.TagStage: "1:demoted", record.TagRetired: record.TagValue(s.w.Now.Format(time.RFC3339))}
		if !maps.Equal(act.Tags(), want) || act.Guard.Launched != "never" || act.Image().AMI != "ami-0" {
			t.Errorf("%+v", act)
		}
		return
	}
	t.Error("no way to demote")
}
