package reconcile_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// asked is a world of which no more is read than a plan asks for, by the filters that AWS has.
type asked struct {
	d     release.Desired
	all   world.World // what AWS has
	w     world.World // what was read
	whole int         // regions of which all AMIs were read
}

func newAsked(d release.Desired, all world.World) *asked {
	x := &asked{d: d, all: all, w: all}
	x.w.Regions = map[string]world.Region{}
	for name, r := range all.Regions {
		r.Images = world.Fact[[]world.Image]{}
		x.w.Regions[name] = r
	}
	return x
}

// read answers queries for AMIs, and reports whether there was one to answer.
func (x *asked) read(queries []world.Query) (more bool) {
	for _, q := range queries {
		r, has := x.w.Regions[q.Region], x.all.Regions[q.Region].Images
		if has.At.IsZero() {
			continue // it is not read at all
		}
		found := func(finds func(world.Image) bool) world.Fact[[]world.Image] {
			return world.Fact[[]world.Image]{At: has.At, Err: has.Err, Val: slices.DeleteFunc(slices.Clone(has.Val), func(i world.Image) bool { return !finds(i) })}
		}
		switch q.Kind {
		case world.LookImages:
			r.Images = has
			x.whole++
		case world.LookRelease:
			r.Release = found(func(i world.Image) bool { return x.d.Tagged(i.Tags) })
		case world.LookNamesakes:
			r.Namesakes = found(func(i world.Image) bool { return release.Named(x.d.Names(), i.Name) })
		default:
			continue
		}
		x.w.Regions[q.Region], more = r, true
	}
	return more
}

// plan reads until a plan asks for no AMIs.
func (x *asked) plan(reconcile func(world.World) plan.Plan) plan.Plan {
	for {
		p := reconcile(x.w)
		if !x.read(p.Look) {
			return p
		}
	}
}

// decided is a plan as it is, whichever queries show the AMIs. The notes on what is the most recent
// are for whoever reads all.
func decided(p plan.Plan) plan.Plan {
	same := func(q world.Query) world.Query {
		if q.Kind == world.LookRelease || q.Kind == world.LookNamesakes {
			q.Kind = world.LookImages
		}
		return q
	}
	all := func(queries []world.Query) (out []world.Query) {
		for _, q := range queries {
			if q = same(q); !slices.Contains(out, q) {
				out = append(out, q)
			}
		}
		slices.SortFunc(out, func(x, y world.Query) int { return cmp.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
		return out
	}
	p.Look, p.Missed = all(p.Look), all(p.Missed)
	p.Waits = slices.Clone(p.Waits)
	for n := range p.Waits {
		p.Waits[n].Query = same(p.Waits[n].Query)
	}
	p.Notes = slices.DeleteFunc(slices.Clone(p.Notes), func(note string) bool { return strings.Contains(note, "are the most recent") })
	return p
}

// TestLessReadDecidesAlike: what is read for a release alone, and all where a decision asks for it,
// leads to the plan that all AMIs lead to; a release with nothing to do is not asked for all.
func TestLessReadDecidesAlike(t *testing.T) {
	const draws = 1500
	seen := map[string]int{}
	for n := range draws {
		random := rand.New(rand.NewPCG(2, uint64(n)))
		s := drawWorld(t, random)
		param := &s.d.Variants[0].Parameters[0]
		param.Latest = odds(random, 2)
		for _, r := range s.w.Regions {
			if r.Params.Known() && odds(random, 4) {
				r.Params.Val[param.Name] = pick(random, "ami-old-0", "ami-old-3", "ami-strange-ce", "ami-0123456789abcdef0")
			}
		}
		if odds(random, 6) {
			s.r.Ahead = 2
		}
		for what, decide := range map[string]func(world.World) plan.Plan{
			"release":  func(w world.World) plan.Plan { return reconcile.Reconcile(s.d, w, s.r) },
			"repair":   func(w world.World) plan.Plan { return reconcile.Repair(s.d, w, s.r) },
			"withdraw": func(w world.World) plan.Plan { return reconcile.Withdrawal{Desired: s.d, Why: "x"}.Reconcile(w, s.r) },
		} {
			x := newAsked(s.d, s.w)
			want, got := decide(s.w), x.plan(decide)
			if diff := gocmp.Diff(decided(want), decided(got), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("draw %d, %s: %s", n, what, diff)
			}
			if x.whole == 0 {
				seen[what+" without all"]++
			}
			if complete := got.Complete(); complete && what == "release" && !param.Latest && x.whole > 0 {
				seen["complete, and all read"]++
			} else if complete {
				seen[what+" complete"]++
			}
		}
	}
	for _, what := range []string{"release without all", "repair without all", "withdraw without all", "repair complete"} {
		if seen[what] < 5 {
			t.Errorf("%s occurs in %d of %d draws, want 5", what, seen[what], draws)
		}
	}
}

// TestPollsOfWhatIsPending: while AWS makes a copy it is asked for ids alone; what is no longer among
// them is read once, and a region that does not answer the poll is one that could not be read.
func TestPollsOfWhatIsPending(t *testing.T) {
	const abroad = "eu-west-1"
	d := desired(t)
	d.Variants, d.Targets, d.Untested = d.Variants[:1], d.Targets[1:2], true
	d.Variants[0].Share = nil
	v := d.Variants[0]
	m, w, r := newModel(), world.New(), plan.NewRun("a")
	m.d = d
	tags := d.OwnTags(v, record.StageCandidate)
	tags[record.TagInputs], tags[record.TagPackage], tags[record.TagBase] = record.TagValue(fullInputs), record.TagValue("aa"), record.TagValue("ami-base")
	m.add("us-east-1", world.Image{Name: d.Owner(v).CandidateName(fullInputs), State: world.Available, Tags: tags, IMDSSupport: v.Build.IMDSSupport})
	copied := m.add(abroad, world.Image{Name: v.Name, State: world.Pending, Tags: d.OwnTags(v, record.StageRelease), IMDSSupport: v.Build.IMDSSupport})
	read := func() plan.Plan {
		for range 8 {
			m.answer(&w, reconcile.Reconcile(d, w, r).Look)
		}
		return reconcile.Reconcile(d, w, r)
	}
	poll, tagged := world.Query{Kind: world.LookPending, Region: abroad}, world.Query{Kind: world.LookRelease, Region: abroad}
	step := func(p plan.Plan) plan.Step {
		s, _ := p.Step("copy/ce/amd64/eu-west-1")
		return s
	}
	if p := read(); step(p).State != plan.Waiting || len(p.Waits) != 1 || p.Waits[0].Query != poll {
		t.Fatalf("the copy is %s (%s), waits %v", step(p).State, step(p).Why, p.Waits)
	}
	later := func() plan.Plan {
		m.now = m.now.Add(4 * time.Second)
		m.answer(&w, []world.Query{poll})
		return reconcile.Reconcile(d, w, r)
	}
	if p := later(); step(p).State != plan.Waiting || len(p.Look) > 0 {
		t.Errorf("while it is pending: %s, reads %v", step(p).State, p.Look)
	}
	m.down[abroad] = true
	if p := later(); step(p).State != plan.Blocked || !slices.Contains(p.Missed, poll) {
		t.Errorf("no answer: %s, missed %v", step(p).State, p.Missed)
	}
	m.down[abroad] = false
	copied.State = world.Available
	if p := later(); !slices.Equal(p.Look, []world.Query{tagged}) {
		t.Errorf("once it has ended: reads %v, want %v", p.Look, tagged)
	}
	if p := read(); step(p).State != plan.Done || slices.Contains(p.Look, tagged) {
		t.Errorf("once that was read: %s (%s), reads %v", step(p).State, step(p).Why, p.Look)
	}
}
