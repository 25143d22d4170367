package reconcile_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// neighbors are two projects of one account whose names join to the same text.
func neighbors(t *testing.T) (ours, theirs release.Desired) {
	t.Helper()
	ours, theirs = desired(t), desired(t)
	ours.Project, ours.Variants[0].Image = "p", "x-ce"
	theirs.Project, theirs.Variants[0].Image = "p-x", "ce"
	ours.Variants, theirs.Variants = ours.Variants[:1], theirs.Variants[:1]
	return ours, theirs
}

// inputs are those of the model's package, as a candidate's name ends in them.
const inputs, suffix = "aa23456789ab", "-" + inputs

// formerName is how an older Amiship called what both neighbors make.
const formerName = "amiship-p-x-ce-amd64-v1.2.3"

// TestAnothersCandidate: tags decide whose a candidate is; without them a name that
// can be read in one way.
func TestAnothersCandidate(t *testing.T) {
	ours, theirs := neighbors(t)
	name := ours.Owner(ours.Variants[0]).CandidateName(inputs)
	own := ours.OwnTags(ours.Variants[0], record.StageCandidate)
	others := theirs.OwnTags(theirs.Variants[0], record.StageCandidate)
	for what, c := range map[string]struct {
		name        string
		tags        map[string]string
		build       plan.State
		held, adopt bool
	}{
		"nothing is there":                    {"", nil, plan.Queued, false, false},
		"its name, without tags":              {name, nil, plan.Done, false, true},
		"its name, with another's tags":       {name, others, plan.Queued, true, false},
		"another's name":                      {theirs.Owner(theirs.Variants[0]).CandidateName(inputs), nil, plan.Queued, false, false},
		"an old name, with another's tags":    {formerName + suffix, others, plan.Queued, false, false},
		"an old name, with its own":           {formerName + suffix, own, plan.Done, false, true}, // inputs are missing
		"an old name, without tags":           {formerName + suffix, nil, plan.Queued, false, false},
		"an old name, of another tag":         {formerName + suffix, with(own, record.TagTag, "1:v1"), plan.Queued, false, false},
		"its name, of another tag":            {name, with(own, record.TagTag, "1:v1"), plan.Queued, true, false},
		"its name, of another architecture":   {name, with(own, record.TagArch, "1:arm64"), plan.Queued, true, false},
		"its name, with tags of a newer kind": {name, with(own, record.TagProject, "2:p"), plan.Done, false, true},
	} {
		t.Run(what, func(t *testing.T) {
			m, w := newModel(), world.New()
			if c.name != "" {
				m.add("us-east-1", world.Image{Name: c.name, State: world.Available, Tags: maps.Clone(c.tags)})
			}
			for range 8 {
				m.answer(&w, reconcile.Reconcile(ours, w, plan.NewRun("a")).Look)
			}
			p := reconcile.Reconcile(ours, w, plan.NewRun("a"))
			build, _ := p.Step("build/x-ce/amd64/us-east-1")
			_, adopts := p.Step("adopt/x-ce/amd64/us-east-1")
			claim, _ := p.Step("claim/x-ce/amd64/us-east-1")
			if build.State != c.build || adopts != c.adopt || (claim.State == plan.Blocked) != c.held {
				t.Errorf("the build is %s (%s), the claim %s, adopted %v", build.State, build.Why, claim.State, adopts)
			}
		})
	}
}

func with(tags map[string]string, key, value string) map[string]string {
	tags = maps.Clone(tags)
	tags[key] = value
	return tags
}

// TestAnothersClaim: a claim of another owner is neither waited for nor ended.
func TestAnothersClaim(t *testing.T) {
	ours, theirs := neighbors(t)
	own, others := ours.Owner(ours.Variants[0]), theirs.Owner(theirs.Variants[0])
	for what, c := range map[string]struct {
		name string
		tags map[string]string
		want bool
	}{
		"its name and tags":             {own.Name(), own.Tags(), true},
		"its name, without tags":        {own.Name(), nil, true},
		"its name, with another's tags": {own.Name(), others.Tags(), false},
		"another's":                     {others.Name(), others.Tags(), false},
		"an old one":                    {formerName, own.Tags(), true},
		"an old one of another":         {formerName, others.Tags(), false},
	} {
		t.Run(what, func(t *testing.T) {
			m, w := newModel(), world.New()
			m.claims["sg-1"] = &world.Claim{Group: "sg-1", Name: c.name, Tags: c.tags, Run: "other", Alive: m.now.Add(-time.Hour)}
			for range 8 {
				m.answer(&w, reconcile.Reconcile(ours, w, plan.NewRun("a")).Look)
			}
			m.now = m.now.Add(world.Renewal + time.Second)
			m.answer(&w, everything(ours))
			_, ends := reconcile.Reconcile(ours, w, plan.NewRun("a")).Step("unclaim/x-ce/amd64/us-east-1")
			swept := reconcile.Sweep{Project: ours.Project, Regions: []string{"us-east-1"}}.Reconcile(w, plan.NewRun("a"))
			claim, _ := reconcile.Reconcile(ours, w, plan.NewRun("a")).Step("claim/x-ce/amd64/us-east-1")
			if held := c.name == own.Name() && !c.want; held != (claim.State == plan.Blocked) {
				t.Errorf("the claim is %s (%s)", claim.State, claim.Why)
			}
			if ends != c.want || (len(swept.Steps) > 0) != c.want {
				t.Errorf("the release ends it: %v; a sweep does %v", ends, swept.Steps)
			}
		})
	}
}

// TestSweepSpares what is another project's, and what holds a waiver.
func TestSweepSpares(t *testing.T) {
	ours, theirs := neighbors(t)
	own := ours.OwnTags(ours.Variants[0], record.StageCandidate)
	others := theirs.OwnTags(theirs.Variants[0], record.StageCandidate)
	name := ours.Owner(ours.Variants[0]).CandidateName(inputs)
	waived := with(own, record.TagWaived, record.TagValue("eu-west-1 2026-12-01 outage"))
	for what, c := range map[string]struct {
		image world.Image
		want  bool
	}{
		"a candidate":                        {world.Image{Name: name, Tags: own}, true},
		"a candidate without tags":           {world.Image{Name: name}, true},
		"an old candidate":                   {world.Image{Name: formerName + suffix, Tags: own}, true},
		"an old candidate without tags":      {world.Image{Name: formerName + suffix}, false},
		"another project's":                  {world.Image{Name: theirs.Owner(theirs.Variants[0]).CandidateName(inputs), Tags: others}, false},
		"another project's, without tags":    {world.Image{Name: theirs.Owner(theirs.Variants[0]).CandidateName(inputs)}, false},
		"an old one of another project":      {world.Image{Name: formerName + suffix, Tags: others}, false},
		"a failed one of another project":    {world.Image{Name: formerName + suffix, Tags: others, State: world.Failed}, false},
		"one that holds a waiver":            {world.Image{Name: name, Tags: waived}, false},
		"one whose waiver was taken off":     {world.Image{Name: name, Tags: with(own, record.TagWaived, "1:")}, true},
		"one that holds a waiver and failed": {world.Image{Name: name, Tags: waived, State: world.Failed}, true},
		"a release named like a candidate":   {world.Image{Name: name, Tags: ours.OwnTags(ours.Variants[0], record.StageRelease)}, false},
	} {
		t.Run(what, func(t *testing.T) {
			m, w := newModel(), world.New()
			if c.image.State == "" {
				c.image.State = world.Available
			}
			m.add("us-east-1", c.image)
			m.now = m.now.Add(24 * time.Hour)
			m.answer(&w, []world.Query{{Kind: world.LookImages, Region: "us-east-1"}, {Kind: world.LookClaims, Region: "us-east-1"}})
			p := reconcile.Sweep{Project: ours.Project, Regions: []string{"us-east-1"}, Older: time.Hour}.Reconcile(w, plan.NewRun("a"))
			if got := slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Kind() == plan.Discard }); got != c.want {
				t.Errorf("it goes: %v; %v", got, p.Steps)
			}
		})
	}
}

// TestWhatAmishipPublishedStays: no way out of a blocker deregisters it.
func TestWhatAmishipPublishedStays(t *testing.T) {
	_, theirs := neighbors(t)
	for what, c := range map[string]struct {
		tags map[string]string
		want []string
	}{
		"a stranger's":            {nil, []string{"rename", "deregister"}},
		"an earlier release":      {map[string]string{record.TagTag: "1:v1.0.0"}, []string{"rename"}},
		"one that was withdrawn":  {map[string]string{record.TagTag: "1:v1.0.0", record.TagStage: "1:withdrawn"}, []string{"rename"}},
		"another project's":       {theirs.OwnTags(theirs.Variants[0], record.StageRelease), []string{"rename"}},
		"one of a newer Amiship":  {map[string]string{record.TagTag: "2:v1.0.0"}, []string{"rename"}},
		"one with a tag or two":   {map[string]string{record.TagProject: "1:p", record.TagTag: ""}, []string{"rename"}},
		"of another architecture": {map[string]string{record.TagArch: "1:arm64"}, []string{"rename"}},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStall(t)
			s.image("1.0.0", 90, func(i *world.Image) {
				i.Name = s.d.Variants[0].Name
				if c.tags == nil {
					i.Tags = nil
				}
				maps.Copy(i.Tags, c.tags)
			})
			p := s.plan()
			n := slices.IndexFunc(p.Blockers, func(b plan.Blocker) bool { return b.ID == "name/ce/amd64/us-east-1" })
			if n < 0 {
				t.Fatalf("blockers %+v", p.Blockers)
			}
			var got []string
			for _, r := range p.Blockers[n].Remedies {
				got = append(got, r.Name)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("ways out: %v, want %v: %s", got, c.want, p.Blockers[n].Why)
			}
		})
	}
}
