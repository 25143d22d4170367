package reconcile_test

import (
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

func desired(t interface{ Fatal(...any) }) release.Desired {
	v, err := release.ParseVersion("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	variant := func(image, arch string, public bool) release.Variant {
		return release.Variant{
			Image: image, Arch: arch, Name: image + " 1.2.3 " + arch, Public: public, PublicSnapshot: public, Share: []string{"111111111111"},
			Build: release.Build{Region: "us-east-1", InstanceType: "m7i.large", IMDSSupport: "v2.0"},
		}
	}
	d := release.Desired{
		Project: "p", Tag: "v1.2.3", Version: v,
		Variants: []release.Variant{variant("ce", "amd64", true), variant("premium", "amd64", false)},
		Targets: []release.Target{
			{Region: "ap-south-1"}, {Region: "eu-west-1", Required: true}, {Region: "us-east-1", Required: true},
		},
	}
	d.Variants[0].Parameters = []release.Parameter{{Name: "/p/ce"}}
	return d
}

// runOnce reconciles and acts until nothing is left to do, or max actions were
// done: as if the process had been killed then. It reports whether the release
// is complete.
func runOnce(m *model, d release.Desired, id string, most int, check func(plan.Plan, plan.Action)) bool {
	w, r := world.New(), plan.NewRun(id)
	return loop(m, d, &w, &r, most, check)
}

// carryOn goes on with a run until nothing is left to do.
func carryOn(m *model, d release.Desired, w *world.World, r *plan.Run) bool {
	return loop(m, d, w, r, -1, gateHolds(m, d))
}

func loop(m *model, d release.Desired, w *world.World, r *plan.Run, most int, check func(plan.Plan, plan.Action)) bool {
	m.d = d
	for range 500 {
		m.now = m.now.Add(10 * time.Second)
		w.Now = m.now
		for _, c := range m.claims {
			if c.Run == r.ID {
				c.Alive = m.now
			}
		}
		p := reconcile.Reconcile(d, *w, *r)
		if len(p.Look) > 0 {
			m.answer(w, p.Look)
			continue
		}
		var ready []plan.Step
		for _, s := range p.Steps {
			if s.State == plan.Ready {
				ready = append(ready, s)
			}
		}
		if len(ready) == 0 && len(p.Waits) == 0 {
			return p.Complete()
		}
		if len(ready) == 0 {
			m.settle(world.Available)
		}
		for _, s := range ready {
			if most == 0 {
				return false
			}
			most--
			check(p, s.Action)
			r.Ended(s.Action, m.do(s.Action, r.ID), m.now)
		}
		m.answer(w, everything(d))
	}
	m.broken("does not converge")
	return false
}

func everything(d release.Desired) []world.Query {
	var out []world.Query
	for _, t := range d.Targets {
		out = append(out, world.Query{Kind: world.LookImages, Region: t.Region}, world.Query{Kind: world.LookClaims, Region: t.Region},
			world.Query{Kind: world.LookRelease, Region: t.Region}, world.Query{Kind: world.LookNamesakes, Region: t.Region},
			world.Query{Kind: world.LookParams, Region: t.Region}, world.Query{Kind: world.LookGrants, Region: t.Region, Account: "111111111111"},
			world.Query{Kind: world.LookGrants, Region: t.Region, Account: record.Everybody})
	}
	return out
}

// gateHolds fails if something becomes public before every required AMI is
// there and shared.
func gateHolds(m *model, d release.Desired) func(plan.Plan, plan.Action) {
	return func(_ plan.Plan, act plan.Action) {
		if act.Kind() != plan.Publish && act.Kind() != plan.PublishSnapshot {
			return
		}
		for _, t := range d.Targets {
			if !t.Required {
				continue
			}
			got := m.released(t.Region)
			if len(got) != len(d.Variants) {
				m.broken("%s publishes while %s has %d of %d AMIs", act.ID, t.Region, len(got), len(d.Variants))
			}
			for _, i := range got {
				if !m.granted("111111111111").Covers(i) {
					m.broken("%s publishes while %s is not shared", act.ID, i.ID)
				}
			}
		}
	}
}

// TestConverges kills runs at random points, lets copies fail and regions be
// down, and then expects exactly what the catalog asks for.
func TestConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, d := newModel(), desired(t)
		runs := rapid.IntRange(1, 6).Draw(t, "runs")
		for n := range runs {
			m.down["eu-west-1"] = rapid.Bool().Draw(t, "down")
			runOnce(m, d, string(rune('a'+n)), rapid.IntRange(0, 30).Draw(t, "actions"), gateHolds(m, d))
			if rapid.Bool().Draw(t, "copies fail") {
				m.settle(world.Failed)
			}
			m.now = m.now.Add(rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Minute}).Draw(t, "later"))
		}
		clear(m.down)
		m.now = m.now.Add(5 * time.Minute)
		if !runOnce(m, d, "last", -1, gateHolds(m, d)) {
			t.Fatal("the last run did not complete")
		}
		if m.err != nil {
			t.Fatal(m.err)
		}
		wantReleased(t, m, d)
	})
}

func wantReleased(t *rapid.T, m *model, d release.Desired) {
	if len(m.claims) != 0 {
		t.Fatalf("%d claims are left", len(m.claims))
	}
	for _, target := range d.Targets {
		images := m.list(target.Region)
		if len(images) != len(d.Variants) {
			t.Fatalf("%s has %d images, want %d: %+v", target.Region, len(images), len(d.Variants), images)
		}
		for _, i := range images {
			if public := i.Tag(record.TagImage) == "ce"; i.Public != public {
				t.Fatalf("%s (%s): public %v", i.ID, i.Name, i.Public)
			}
			if i.IMDSSupport != "v2.0" {
				t.Fatalf("%s does not ask for IMDSv2", i.ID)
			}
			if i.Tag(record.TagInputs) == "" || i.Tag(record.TagPackage) == "" || i.Tag(record.TagBase) == "" || i.Tag(record.TagBaseName) == "" {
				t.Fatalf("%s lost what it was made of: %v", i.ID, i.Tags)
			}
		}
	}
}

// TestALateClaimIsGivenBack: a run gets the claim of another one that has just
// finished.
func TestALateClaimIsGivenBack(t *testing.T) {
	m, d := newModel(), desired(t)
	if !runOnce(m, d, "first", -1, gateHolds(m, d)) || len(m.claims) != 0 {
		t.Fatalf("the first run did not complete; claims %v", m.claims)
	}
	m.claims["sg-late"] = &world.Claim{Group: "sg-late", Name: d.Owner(d.Variants[0]).Name(), Run: "second", Alive: m.now}
	w := world.New()
	m.answer(&w, everything(d))
	s, ok := reconcile.Reconcile(d, w, plan.NewRun("second")).Step("unclaim/ce/amd64/us-east-1")
	if !ok || s.State != plan.Ready || plan.As[plan.EndClaim](s.Action).Group != "sg-late" {
		t.Errorf("the second run's claim is not given back: %+v", s)
	}
}

func TestUnreadIsNotAbsent(t *testing.T) {
	d := desired(t)
	m := newModel()
	m.down["us-east-1"] = true
	runOnce(m, d, "a", -1, func(_ plan.Plan, act plan.Action) {
		if act.Target.Region == "us-east-1" {
			t.Errorf("%s acts in a region that was not read", act.ID)
		}
	})
}

func TestBestEffortRegionIsSkipped(t *testing.T) {
	d := desired(t)
	m := newModel()
	m.down["ap-south-1"] = true
	if !runOnce(m, d, "a", -1, gateHolds(m, d)) || m.err != nil {
		t.Fatalf("a best-effort region that is down held the release: %v", m.err)
	}
	w := world.New()
	m.answer(&w, everything(d))
	s, ok := reconcile.Reconcile(d, w, plan.NewRun("b")).Step("copy/ce/amd64/ap-south-1")
	if !ok || s.State != plan.Skipped {
		t.Errorf("copy to the region that is down: %s, want skipped", s.State)
	}
}

// TestOtherRunsClaimIsRespected: a claim is ended once its lease is over, and only when
// two reads apart in time say so; one that does not say when it was renewed is
// watched for a whole lease first.
func TestOtherRunsClaimIsRespected(t *testing.T) {
	d := desired(t)
	for name, c := range map[string]struct {
		silent, watched time.Duration // by the last read; between that and the first
		untimed         bool
		state           plan.State
	}{
		"alive":                     {silent: time.Minute, watched: time.Minute, state: plan.Waiting},
		"dead":                      {silent: 3 * time.Minute, watched: world.Renewal + time.Second, state: plan.Queued},
		"silent in one read":        {silent: 26 * time.Hour, state: plan.Waiting},
		"in two of one moment":      {silent: 26 * time.Hour, watched: world.Renewal, state: plan.Waiting},
		"alive when read first":     {silent: world.Lease + time.Second, watched: world.Lease, state: plan.Queued},
		"untimed, in one read":      {untimed: true, state: plan.Waiting},
		"untimed, for half a lease": {untimed: true, watched: world.Lease / 2, state: plan.Waiting},
		"untimed, for a lease":      {untimed: true, watched: world.Lease + time.Second, state: plan.Queued},
	} {
		t.Run(name, func(t *testing.T) {
			m, w := newModel(), world.New()
			other := &world.Claim{Group: "sg-1", Name: d.Owner(d.Variants[0]).Name(), Run: "other", Alive: m.now.Add(c.watched - c.silent)}
			if c.untimed {
				other.Alive = time.Time{}
			}
			m.claims["sg-1"] = other
			m.answer(&w, append(everything(d), world.Query{Kind: world.LookPackage, Variant: "ce/amd64"}, world.Query{Kind: world.LookBase, Variant: "ce/amd64"}))
			m.now = m.now.Add(c.watched)
			m.answer(&w, everything(d))
			p := reconcile.Reconcile(d, w, plan.NewRun("mine"))
			s, _ := p.Step("claim/ce/amd64/us-east-1")
			if s.State != c.state {
				t.Errorf("claim is %s, want %s", s.State, c.state)
			}
			_, sweeps := p.Step("unclaim/ce/amd64/us-east-1")
			if sweeps != (c.state == plan.Queued) {
				t.Errorf("ends the other's claim: %v", sweeps)
			}
			stays := slices.ContainsFunc(p.Waits, func(w plan.Wait) bool { return w.On == s.ID && w.Unshown })
			if stays != (name != "alive" && c.state == plan.Waiting) {
				t.Errorf("stays until it is known: %v", stays)
			}
		})
	}
}

func TestAMissingLicenseHoldsEveryBuild(t *testing.T) {
	d := desired(t)
	m, w, r := newModel(), world.New(), plan.NewRun("a")
	for range 8 {
		m.answer(&w, reconcile.Reconcile(d, w, r).Look)
	}
	w.Packages["premium/amd64"] = world.Fact[world.Package]{At: m.now, Err: "license: environment variable PREMIUM_LICENSE: has no value"}
	p := reconcile.Reconcile(d, w, r)
	s, _ := p.Step("claim/ce/amd64/us-east-1")
	if len(p.Look) > 0 || p.Count(plan.Ready) != 0 || s.State != plan.Blocked {
		t.Errorf("%d steps are ready, the other claim is %s; want none, and blocked", p.Count(plan.Ready), s.State)
	}
	if b := p.Blockers[0]; b.ID != "package/premium/amd64" || len(b.Holds) != 2 || !strings.Contains(b.Why, "PREMIUM_LICENSE") {
		t.Errorf("got %+v", b)
	}
}

// looked has all read that a plan asks to.
func looked(d release.Desired) (*model, world.World, plan.Run) {
	m, w, r := newModel(), world.New(), plan.NewRun("a")
	for range 8 {
		m.answer(&w, reconcile.Reconcile(d, w, r).Look)
	}
	return m, w, r
}

// TestABaseThatIsSold: an image has its base's product code, and AWS lets none with one be
// public or listed. A private one is built.
func TestABaseThatIsSold(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*release.Desired)
		state  plan.State
	}{
		"public": {func(d *release.Desired) { d.Listings = nil }, plan.Blocked},
		"listed": {func(d *release.Desired) {
			d.Variants[0].Public, d.Listings = false, []release.Listing{{Name: "pro", Image: "ce", Arch: "amd64"}}
		}, plan.Blocked},
		"private": {func(d *release.Desired) { d.Variants[0].Public, d.Listings = false, nil }, plan.Ready},
	} {
		t.Run(name, func(t *testing.T) {
			d := desired(t)
			d.Variants = d.Variants[:1]
			c.change(&d)
			m, w, r := looked(d)
			w.Bases["ce/amd64"] = world.Fact[world.Base]{At: m.now, Val: world.Base{ID: "ami-base", Name: "base", ProductCode: "0123456789abcdefghijklmno"}}
			p := reconcile.Reconcile(d, w, r)
			s, _ := p.Step("claim/ce/amd64/us-east-1")
			if s.State != c.state {
				t.Fatalf("the claim is %s (%s), want %s", s.State, s.Why, c.state)
			}
			if b := p.Blockers; c.state == plan.Blocked && (len(b) != 1 || b[0].ID != "base/ce/amd64" || !strings.Contains(b[0].Why, "0123456789abcdefghijklmno")) {
				t.Errorf("blockers: %+v", b)
			}
		})
	}
}

// TestLaunchesMustRequireTokens: where the account enforces IMDSv2, nothing is built by a
// template that launches instances whose tokens are optional.
func TestLaunchesMustRequireTokens(t *testing.T) {
	enforced := world.MetadataDefaults{Enforced: true}
	for name, c := range map[string]struct {
		defaults world.Fact[world.MetadataDefaults]
		base     string // its IMDS support
		asks     bool
		state    plan.State
		remedies int
	}{
		"not enforced":                {world.Fact[world.MetadataDefaults]{}, "", false, plan.Ready, 0},
		"enforced":                    {world.Fact[world.MetadataDefaults]{Val: enforced}, "", false, plan.Blocked, 2},
		"by a policy":                 {world.Fact[world.MetadataDefaults]{Val: world.MetadataDefaults{Enforced: true, ByPolicy: true}}, "", false, plan.Blocked, 1},
		"the template asks":           {world.Fact[world.MetadataDefaults]{Val: enforced}, "", true, plan.Ready, 0},
		"the account's default":       {world.Fact[world.MetadataDefaults]{Val: world.MetadataDefaults{Enforced: true, Tokens: "required"}}, "", false, plan.Ready, 0},
		"the base's":                  {world.Fact[world.MetadataDefaults]{Val: enforced}, "v2.0", false, plan.Ready, 0},
		"the account's over the base": {world.Fact[world.MetadataDefaults]{Val: world.MetadataDefaults{Enforced: true, Tokens: "optional"}}, "v2.0", false, plan.Blocked, 2},
		"not known":                   {world.Fact[world.MetadataDefaults]{Err: "UnauthorizedOperation"}, "", false, plan.Ready, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := desired(t)
			d.Variants, d.Listings = d.Variants[:1], nil
			d.Variants[0].Build.Tokens = c.asks
			m, w, r := looked(d)
			w.Bases["ce/amd64"] = world.Fact[world.Base]{At: m.now, Val: world.Base{ID: "ami-base", IMDSSupport: c.base}}
			reg := w.Regions["us-east-1"]
			reg.Metadata, reg.Metadata.At = c.defaults, m.now
			w.Regions["us-east-1"] = reg
			p := reconcile.Reconcile(d, w, r)
			s, _ := p.Step("claim/ce/amd64/us-east-1")
			if s.State != c.state {
				t.Fatalf("the claim is %s (%s), want %s", s.State, s.Why, c.state)
			}
			if b := p.Blockers; c.state == plan.Blocked && (len(b) != 1 || b[0].ID != "tokens/us-east-1" || len(b[0].Remedies) != c.remedies) {
				t.Errorf("blockers: %+v", b)
			}
			if told := len(p.Notes) > 0; told != (c.defaults.Err != "") {
				t.Errorf("notes: %q", p.Notes)
			}
		})
	}
}

// TestLaunchesNeedMetadata: where the account's default is no metadata service, nothing is
// built by a template that does not switch it on.
func TestLaunchesNeedMetadata(t *testing.T) {
	for name, c := range map[string]struct {
		defaults world.MetadataDefaults
		asks     bool
		remedies []string // of the blocker; none: there is none
	}{
		"by the account":    {world.MetadataDefaults{Off: true}, false, []string{"default", "template"}},
		"by a policy":       {world.MetadataDefaults{Off: true, ByPolicy: true}, false, []string{"template"}},
		"the template asks": {world.MetadataDefaults{Off: true}, true, nil},
		"there is one":      {world.MetadataDefaults{}, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := desired(t)
			d.Variants, d.Listings = d.Variants[:1], nil
			d.Variants[0].Build.Metadata = c.asks
			m, w, r := looked(d)
			reg := w.Regions["us-east-1"]
			reg.Metadata = known(m.now, c.defaults)
			w.Regions["us-east-1"] = reg
			p := reconcile.Reconcile(d, w, r)
			var remedies []string
			for _, b := range p.Blockers {
				if b.ID == "metadata/us-east-1" {
					for _, r := range b.Remedies {
						remedies = append(remedies, r.Name)
					}
				}
			}
			if !slices.Equal(remedies, c.remedies) {
				t.Errorf("remedies %q, want %q", remedies, c.remedies)
			}
			if s, _ := p.Step("claim/ce/amd64/us-east-1"); (s.State == plan.Blocked) != (c.remedies != nil) {
				t.Errorf("the claim is %s (%s)", s.State, s.Why)
			}
		})
	}
}

// TestAllowedImages: a base that the account's Allowed AMIs may hide is a blocker with the
// command that allows it; in audit mode it is a note.
func TestAllowedImages(t *testing.T) {
	command := []string{"aws", "ec2", "replace-image-criteria-in-allowed-images-settings"}
	for name, c := range map[string]struct {
		base     world.Fact[world.Base]
		state    plan.State
		remedies []string
		notes    int
	}{
		"not there":   {world.Fact[world.Base]{Err: "no AMI"}, plan.Blocked, []string{"again"}, 0},
		"hidden":      {world.Fact[world.Base]{Err: "no AMI", Val: world.Base{Allowed: world.AllowedImages{Enabled: true, Allow: command}}}, plan.Blocked, []string{"allow", "again"}, 0},
		"by a policy": {world.Fact[world.Base]{Err: "no AMI", Val: world.Base{Allowed: world.AllowedImages{Enabled: true, ByPolicy: true}}}, plan.Blocked, []string{"again"}, 0},
		"audited":     {world.Fact[world.Base]{Val: world.Base{ID: "ami-base", Unallowed: true, Allowed: world.AllowedImages{Allow: command}}}, plan.Ready, nil, 1},
		"allowed":     {world.Fact[world.Base]{Val: world.Base{ID: "ami-base"}}, plan.Ready, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := desired(t)
			d.Variants, d.Listings = d.Variants[:1], nil
			m, w, r := newModel(), world.New(), plan.NewRun("a")
			for range 4 {
				m.answer(&w, reconcile.Reconcile(d, w, r).Look)
			}
			c.base.At = m.now
			w.Bases["ce/amd64"] = c.base
			p := reconcile.Reconcile(d, w, r)
			if s, _ := p.Step("claim/ce/amd64/us-east-1"); s.State != c.state {
				t.Fatalf("the claim is %s (%s), want %s", s.State, s.Why, c.state)
			}
			var remedies []string
			for _, b := range p.Blockers {
				for _, remedy := range b.Remedies {
					remedies = append(remedies, remedy.Name)
				}
			}
			if !slices.Equal(remedies, c.remedies) || len(p.Notes) != c.notes {
				t.Errorf("remedies %v, notes %q", remedies, p.Notes)
			}
		})
	}
}

// TestAClaimIsHeldOnceItsAnswerIsThere: the group shows before the key is made.
func TestAClaimIsHeldOnceItsAnswerIsThere(t *testing.T) {
	const id = "claim/ce/amd64/us-east-1"
	d := desired(t)
	for name, c := range map[string]struct {
		run          func(*plan.Run)
		claim, build plan.State
		ends         bool
	}{
		"under way": {func(r *plan.Run) { r.InFlight[id] = time.Time{} }, plan.Running, plan.Queued, false},
		"made":      {func(r *plan.Run) { r.Made[id] = plan.Made{Claim: "sg-1"} }, plan.Done, plan.Ready, false},
		"lost":      {func(*plan.Run) {}, plan.Queued, plan.Queued, true},
	} {
		t.Run(name, func(t *testing.T) {
			m, w, r := newModel(), world.New(), plan.NewRun("a")
			m.claims["sg-1"] = &world.Claim{Group: "sg-1", Name: d.Owner(d.Variants[0]).Name(), Run: "a", Alive: m.now}
			for range 8 {
				m.answer(&w, reconcile.Reconcile(d, w, r).Look)
			}
			c.run(&r)
			p := reconcile.Reconcile(d, w, r)
			claim, _ := p.Step(id)
			build, _ := p.Step("build/ce/amd64/us-east-1")
			_, ends := p.Step("unclaim/ce/amd64/us-east-1")
			if claim.State != c.claim || build.State != c.build || ends != c.ends {
				t.Errorf("claim %s, build %s, ended %v", claim.State, build.State, ends)
			}
		})
	}
}

func TestNameOfAStranger(t *testing.T) {
	d := desired(t)
	m, w := newModel(), world.New()
	m.add("eu-west-1", world.Image{Name: d.Variants[0].Name, State: world.Available})
	m.answer(&w, everything(d))
	p := reconcile.Reconcile(d, w, plan.NewRun("a"))
	if !slices.ContainsFunc(p.Blockers, func(b plan.Blocker) bool { return b.ID == "name/ce/amd64/eu-west-1" }) {
		t.Errorf("no blocker for the name that is taken: %+v", p.Blockers)
	}
}

func TestGrantTakenAwayIsFound(t *testing.T) {
	d := desired(t)
	m := newModel()
	if !runOnce(m, d, "a", -1, gateHolds(m, d)) {
		t.Fatal("not complete")
	}
	for id := range m.grants["111111111111"] {
		delete(m.grants["111111111111"], id)
		break
	}
	w := world.New()
	m.answer(&w, everything(d))
	if p := reconcile.Reconcile(d, w, plan.NewRun("b")); p.Count(plan.Ready) != 1 {
		t.Errorf("%d steps to do, want the one share", p.Count(plan.Ready))
	}
}

func TestFailureInABestEffortRegionIsSkipped(t *testing.T) {
	d := desired(t)
	m, w := newModel(), world.New()
	m.add("us-east-1", world.Image{Name: d.Owner(d.Variants[0]).CandidateName("0123456789abcdef"), State: world.Available})
	m.answer(&w, everything(d))
	r := plan.NewRun("a")
	r.Failed["copy/ce/amd64/ap-south-1"] = plan.Failure{Err: "no"}
	r.Failed["copy/ce/amd64/eu-west-1"] = plan.Failure{Err: "no"}
	m.do(plan.Action{Target: d.Variants[0].Key("us-east-1"), Change: plan.AdoptImage{Image: plan.Image{AMI: "ami-0001"}, Tags: d.OwnTags(d.Variants[0], record.StageCandidate)}}, "a")
	m.images["us-east-1"]["ami-0001"].Tags[record.TagInputs] = record.TagValue("x")
	m.images["us-east-1"]["ami-0001"].IMDSSupport = "v2.0"
	m.images["us-east-1"]["ami-0001"].Tags[record.TagTested] = record.TagValue(record.Verdict{OK: true, Checks: d.Variants[0].ChecksDigest()}.String())
	m.answer(&w, everything(d))
	p := reconcile.Reconcile(d, w, r)
	for id, want := range map[plan.ID]plan.State{
		"copy/ce/amd64/ap-south-1": plan.Skipped, "publish/ce/amd64/ap-south-1": plan.Skipped,
		"copy/ce/amd64/eu-west-1": plan.Failed, "copy/ce/amd64/us-east-1": plan.Ready,
	} {
		if s, _ := p.Step(id); s.State != want {
			t.Errorf("%s is %s, want %s", id, s.State, want)
		}
		if s, _ := p.Step(id); want == plan.Skipped && s.Why != "no" {
			t.Errorf("%s is skipped since %q, want the failure's text", id, s.Why)
		}
	}
}

// TestAnOvertakenPutIsDoneAgain: an older release's run read `latest` before this one put it,
// and put its own AMI after. That is no value that SSM is still checking.
func TestAnOvertakenPutIsDoneAgain(t *testing.T) {
	for what, c := range map[string]struct {
		shown, was string
		want       plan.State
	}{
		"there was none, and the older one's is shown": {"ami-older", "", plan.Ready},
		"the older one's was there before":             {"ami-older", "ami-older", plan.Waiting},
		"none is shown":                                {"", "", plan.Waiting},
		"what was put is shown":                        {"ami-ours", "", plan.Done},
	} {
		t.Run(what, func(t *testing.T) {
			m, d := newModel(), desired(t)
			d.Variants[0].Parameters = []release.Parameter{{Name: "/p/ce/latest", Latest: true}}
			older := ofVersion(d, "1.2.2")
			w, r := world.New(), plan.NewRun("run")
			if !loop(m, d, &w, &r, -1, never) {
				t.Fatal("the release is not complete")
			}
			ids := map[string]string{
				"ami-ours":  m.params["eu-west-1"]["/p/ce/latest"],
				"ami-older": m.add("eu-west-1", world.Image{Name: "older", State: world.Available, Public: true, Tags: older.OwnTags(d.Variants[0], record.StageRelease)}).ID,
			}
			const step = "parameter/ce/amd64/eu-west-1/p/ce/latest"
			made := r.Made[step]
			made.Was = ids[c.was]
			r.Made[step] = made
			m.now = m.now.Add(time.Second)
			w.Now, m.params["eu-west-1"] = m.now, map[string]string{}
			if c.shown != "" {
				m.params["eu-west-1"]["/p/ce/latest"] = ids[c.shown]
			}
			m.answer(&w, []world.Query{{Kind: world.LookParams, Region: "eu-west-1"}, {Kind: world.LookImages, Region: "eu-west-1"}})
			s, ok := reconcile.Reconcile(d, w, r).Step(step)
			if !ok || s.State != c.want || s.State == plan.Ready && s.Guard.Parameter != ids[c.shown] {
				t.Errorf("%s, with the guard %q (%v); want %s", s.State, s.Guard.Parameter, ok, c.want)
			}
		})
	}
}

// TestLatestStaysWithTheNewer: an older version that is released later does not
// take the parameter for the latest.
func TestLatestStaysWithTheNewer(t *testing.T) {
	d := desired(t)
	d.Variants[0].Parameters = []release.Parameter{{Name: "/p/ce/1.2.3"}, {Name: "/p/ce/latest", Latest: true}}
	m := newModel()
	newer := d
	newer.Tag = "v1.3.0"
	newer.Version, _ = release.ParseVersion("1.3.0")
	newer.Variants = slices.Clone(d.Variants)
	for i := range newer.Variants {
		newer.Variants[i].Name += " newer"
	}
	newer.Variants[0].Parameters = []release.Parameter{{Name: "/p/ce/1.3.0"}, {Name: "/p/ce/latest", Latest: true}}
	for _, one := range []release.Desired{newer, d} {
		if !runOnce(m, one, one.Tag, -1, func(plan.Plan, plan.Action) {}) || m.err != nil {
			t.Fatalf("%s is not complete: %v", one.Tag, m.err)
		}
	}
	for _, target := range d.Targets {
		params := m.params[target.Region]
		if got := m.images[target.Region][params["/p/ce/latest"]].Tag(record.TagTag); got != "v1.3.0" {
			t.Errorf("%s: latest is %s", target.Region, got)
		}
		if got := m.images[target.Region][params["/p/ce/1.2.3"]].Tag(record.TagTag); got != "v1.2.3" {
			t.Errorf("%s: the parameter of the version is %s", target.Region, got)
		}
	}
}
