package reconcile_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/world"
)

// TestAnothersParameter: a value that no release of this version put there is shown
// before anything is built, and stays unless exactly that was approved.
func TestAnothersParameter(t *testing.T) {
	_, theirs := neighbors(t)
	const id, name = plan.ID("parameter/ce/amd64/us-east-1/p/ce"), "/p/ce"
	latest := func(s *stall) { s.d.Variants[0].Parameters[0].Latest = true }
	approve := func(value string) func(*stall) {
		return func(s *stall) {
			s.r.Approved = map[plan.ID]string{id: plan.SeenParameter("us-east-1", name, value)}
		}
	}
	for what, c := range map[string]struct {
		value  string            // of the parameter
		tags   map[string]string // of ami-0, over those of this version's AMI
		change func(*stall)
		held   bool
	}{
		"none":                                 {"", nil, nil, false},
		"a text":                               {"some other thing", nil, nil, true},
		"an AMI of nobody":                     {"ami-99", nil, nil, true},
		"this version's AMI":                   {"ami-0", nil, nil, false},
		"that of a lower build":                {"ami-0", map[string]string{record.TagTag: "1:v1.2.3+0"}, nil, false},
		"that of another version":              {"ami-0", map[string]string{record.TagVersion: "1:1.2.2", record.TagTag: "1:v1.2.2"}, nil, true},
		"that of another image":                {"ami-0", map[string]string{record.TagImage: "1:premium"}, nil, true},
		"that of another architecture":         {"ami-0", map[string]string{record.TagArch: "1:arm64"}, nil, true},
		"another project's":                    {"ami-0", theirs.OwnTags(theirs.Variants[0], record.StageRelease), nil, true},
		"a stranger's AMI":                     {"ami-0", map[string]string{"": ""}, nil, true},
		"approved":                             {"some other thing", nil, approve("some other thing"), false},
		"approved when it was another":         {"some other thing", nil, approve("a thing"), true},
		"what this run put there":              {"ami-99", nil, func(s *stall) { s.r.Made[id] = plan.Made{AMI: "ami-99"} }, false},
		"the latest, of another version":       {"ami-0", map[string]string{record.TagVersion: "1:1.2.2", record.TagTag: "1:v1.2.2"}, latest, false},
		"the latest, of nobody":                {"ami-99", nil, latest, false},
		"the latest, of another project":       {"ami-0", theirs.OwnTags(theirs.Variants[0], record.StageRelease), latest, true},
		"in a region that can be done without": {"ami-99", nil, func(s *stall) { s.d.Targets[0].Required = false }, true},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStall(t)
			s.d.Variants[0].Parameters = slices.Clone(s.d.Variants[0].Parameters)
			s.d.Targets = slices.Clone(s.d.Targets)
			if c.value == "ami-0" {
				s.image("1.2.3", 1, func(i *world.Image) {
					i.Name, i.Public = "another", false
					maps.Copy(i.Tags, c.tags)
					if _, stranger := c.tags[""]; stranger {
						i.Tags = nil
					}
				})
			}
			home(s.w, func(r *world.Region) {
				r.Params = known(s.w.Now, map[string]string{})
				if c.value != "" {
					r.Params.Val[name] = c.value
				}
				r.Named = known(s.w.Now, world.Parameters{})
				r.Network, r.Denied = known(s.w.Now, map[string]world.Subnet(nil)), known(s.w.Now, map[string]string(nil))
			})
			if c.change != nil {
				c.change(s)
			}
			p := s.plan()
			step, _ := p.Step(id)
			want := map[bool]plan.State{true: plan.Blocked, false: plan.Skipped}[s.d.Targets[0].Required]
			if (step.State == want) != c.held {
				t.Fatalf("the parameter is %s (%s)", step.State, step.Why)
			}
			if !c.held || want == plan.Skipped {
				return
			}
			claim, _ := p.Step("claim/ce/amd64/us-east-1")
			n := slices.IndexFunc(p.Blockers, func(b plan.Blocker) bool { return b.ID == "parameter/p/ce" })
			if n < 0 || claim.State == plan.Ready || !strings.Contains(p.Blockers[n].Why, c.value) {
				t.Fatalf("the claim is %s, blockers %+v", claim.State, p.Blockers)
			}
			if do := p.Blockers[n].Remedies[0].Command; do != "amiship release v1.2.3 --approve "+string(id)+"@"+plan.SeenParameter("us-east-1", name, c.value) {
				t.Errorf("approve it by %s", do)
			}
		})
	}
}

// TestAnAMIThatIsGone: what Amiship wrote for the project is restored, though the AMI
// that it names was deregistered by hand.
func TestAnAMIThatIsGone(t *testing.T) {
	const gone = "ami-0123456789abcdef0"
	written := func(by, ami string) (f world.Fact[world.Parameters]) {
		f.At, f.Val.All = time.Unix(1, 0), []world.Parameter{{Name: "/p/ce", AMI: ami, Project: by, Gone: true}}
		return f
	}
	there := written("p", gone)
	there.Val.All[0].Gone = false
	for what, c := range map[string]struct {
		value string
		named world.Fact[world.Parameters]
		held  bool
		reads int
	}{
		"not read yet":              {gone, world.Fact[world.Parameters]{}, false, 1},
		"by the project":            {gone, written("p", gone), false, 0},
		"an AMI of another account": {gone, there, true, 0},
		"by another project":        {gone, written("p-x", gone), true, 0},
		"by another user":           {gone, written("", gone), true, 0},
		"another value meanwhile":   {gone, written("p", "ami-0123456789abcdef1"), true, 0},
		"who wrote it is not known": {gone, world.Fact[world.Parameters]{At: time.Unix(1, 0), Err: "no"}, true, 0},
		"it may not be known":       {gone, world.Fact[world.Parameters]{At: time.Unix(1, 0), Val: world.Parameters{Denied: "no"}}, true, 0},
		"a text":                    {"a text", world.Fact[world.Parameters]{}, true, 0},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStall(t)
			home(s.w, func(r *world.Region) {
				r.Params, r.Named = known(s.w.Now, map[string]string{"/p/ce": c.value}), c.named
			})
			p := s.plan()
			reads := slices.DeleteFunc(p.Look, func(q world.Query) bool { return q.Kind != world.LookNamed })
			if step, _ := p.Step("parameter/ce/amd64/us-east-1/p/ce"); (step.State == plan.Blocked) != c.held || len(reads) != c.reads {
				t.Errorf("the parameter is %s, it reads %v", step.State, reads)
			}
		})
	}
}

// TestAnAMIMadeMeanwhile: an AMI that the images do not show may be newer than they
// are; they are read again before its parameter is taken for another user's.
func TestAnAMIMadeMeanwhile(t *testing.T) {
	s := newStall(t)
	home(s.w, func(r *world.Region) {
		r.Params = known(s.w.Now.Add(time.Second), map[string]string{"/p/ce": "ami-7"})
	})
	p := s.plan()
	if look := (world.Query{Kind: world.LookImages, Region: "us-east-1"}); !slices.Contains(p.Look, look) {
		t.Errorf("it reads %v", p.Look)
	}
	home(s.w, func(r *world.Region) {
		r.Images.At = s.w.Now.Add(2 * time.Second)
		r.Named = known(s.w.Now, world.Parameters{})
	})
	if step, _ := s.plan().Step("parameter/ce/amd64/us-east-1/p/ce"); step.State != plan.Blocked {
		t.Errorf("the parameter is %s", step.State)
	}
}
