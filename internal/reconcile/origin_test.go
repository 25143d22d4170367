package reconcile_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/world"
)

const fullInputs = "0123456789abcdef0123456789abcdef"

// TestWhatARunMadeKeepsItsOrigin: reads that lag behind show neither the candidate's tags
// nor the claim. What is written on the candidate, and goes on to its copies, is what the
// run, or the claim of the run that died, knows.
func TestWhatARunMadeKeepsItsOrigin(t *testing.T) {
	d := desired(t)
	v := d.Variants[0]
	whole := map[string]string{
		record.TagInputs: record.TagValue(fullInputs), record.TagPackage: record.TagValue("aa"), record.TagBase: record.TagValue("ami-base"),
		record.TagBaseName: record.TagValue("base"),
	}
	unnamed := maps.Clone(whole) // the base, whose name no one knows
	delete(unnamed, record.TagBaseName)
	cut := map[string]string{record.TagInputs: record.TagValue(fullInputs[:12])}
	other := map[string]string{record.TagInputs: record.TagValue("ffff"), record.TagPackage: record.TagValue("bb")}
	for name, c := range map[string]struct {
		shown, made, claim map[string]string // tags: of the candidate, of this run's build, on the claim
		age                time.Duration     // of the candidate
		want               map[string]string // written by adopt
		state              plan.State
		source             string                    // AMI that EC2 says it was created from
		pkg                world.Fact[world.Package] // that the catalog names now
	}{
		"this run has built it":         {made: whole, want: whole, state: plan.Ready},
		"it was written cut":            {shown: cut, made: whole, age: time.Hour, want: whole, state: plan.Ready},
		"a run that died has built it":  {claim: whole, age: time.Hour, want: whole, state: plan.Ready},
		"the claim is of another build": {claim: other, age: time.Hour, pkg: world.Fact[world.Package]{At: newModel().now, Err: "404"}, want: cut, state: plan.Ready},
		"nothing is shown of a new one": {age: time.Minute, want: cut, state: plan.Waiting},
		"its package is not read":       {age: time.Hour, want: cut, state: plan.Waiting},
		"its package can't be had":      {age: time.Hour, pkg: world.Fact[world.Package]{At: newModel().now, Err: "404"}, want: cut, state: plan.Ready},
		"another package is there now":  {age: time.Hour, pkg: world.Fact[world.Package]{At: newModel().now, Val: world.Package{Inputs: "ffff", SHA256: "bb"}}, want: cut, state: plan.Ready},
		"the package is there still": {
			age: time.Hour, source: "ami-base", pkg: world.Fact[world.Package]{At: newModel().now, Val: world.Package{Inputs: fullInputs, SHA256: "aa"}},
			want: unnamed, state: plan.Ready,
		},
		"it shows all": {shown: whole, claim: other, want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			m, w, r := newModel(), world.New(), plan.NewRun("mine")
			tags := d.OwnTags(v, record.StageCandidate)
			for k, val := range c.shown {
				tags[k] = val
			}
			id := m.add("us-east-1", world.Image{Name: d.Owner(v).CandidateName(fullInputs), State: world.Available, Tags: tags, IMDSSupport: "v2.0", Source: c.source}).ID
			m.now = m.now.Add(c.age)
			if c.made != nil {
				r.Made["build/ce/amd64/us-east-1"] = plan.Made{AMI: id, At: m.now, Tags: c.made}
			}
			if c.claim != nil {
				m.claims["sg-1"] = &world.Claim{Group: "sg-1", Name: d.Owner(v).Name(), Run: "mine", Alive: m.now, Tags: c.claim}
			}
			m.answer(&w, everything(d))
			w.Packages = map[string]world.Fact[world.Package]{"ce/amd64": c.pkg}
			s, adopts := reconcile.Reconcile(d, w, r).Step("adopt/ce/amd64/us-east-1")
			if adopts != (c.want != nil) || s.State != c.state {
				t.Fatalf("adopt: %v, %s; want %s", adopts, s.State, c.state)
			}
			got := map[string]string{}
			for _, k := range []string{record.TagInputs, record.TagPackage, record.TagBase, record.TagBaseName} {
				if val, ok := s.Tags()[k]; ok {
					got[k] = val
				}
			}
			if diff := cmp.Diff(c.want, got); adopts && diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
		})
	}
}
