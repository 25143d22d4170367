// Package reconcile compares what a release requests with what AWS has, and returns the plan
// of what is left to do. It is pure: the same values give the same plan, sorted.
//
// It never decides on what it does not know: a fact that could not be read is unread, not
// absent. Files are named by what is decided in them. A decision reads facts and returns
// findings or a verdict; the builder alone puts them into the plan, each step once.
package reconcile

import (
	"cmp"
	"maps"
	"slices"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// builder puts what was found into a plan.
type builder struct {
	facts    *facts
	plan     plan.Plan
	blockers map[string]*plan.Blocker
	look     map[world.Query]bool
	missed   map[world.Query]bool
	closed   []plan.Blocker // of what is required: regions that are closed, names that are taken
	lacking  []plan.Blocker // of what builds are made of
	crowded  []plan.Blocker // of listings whose quota of versions is used up
}

func newBuilder(f *facts) *builder {
	return &builder{
		facts: f, plan: plan.Plan{Project: f.d.Project, Tag: f.d.Tag, Now: f.w.Now, Again: f.command()},
		blockers: map[string]*plan.Blocker{}, look: map[world.Query]bool{}, missed: map[world.Query]bool{},
	}
}

// Reconcile compares what a release requests with what is there.
func Reconcile(d release.Desired, w world.World, r plan.Run) plan.Plan {
	b := newBuilder(newFacts(d, w, r))
	b.plan.Skip = d.Skip
	b.apply(b.facts.needInventories())
	if why := b.facts.obsolete(); why != "" {
		b.plan.Skip = why
		return b.finish()
	}
	b.release()
	return b.finish()
}

// release goes through the subjects of a release, in the order in which one rests on
// another.
func (b *builder) release() {
	f, waived, found := withWaivers(b.facts)
	b.apply(found)
	for _, t := range f.d.Targets {
		b.apply(f.sharing().need(t.Region))
	}
	b.apply(noteUnsaved(f))
	b.apply(noteOrganizations(f))
	variants := survey{f}.variants()
	regions := newRegions(f, variants)
	b.apply(*regions.findings)
	for _, v := range variants {
		b.apply(prepare(f, v, regions.noCopies))
	}
	prepared := allPrepared(variants)
	if prepared {
		b.apply(refreshQuotas(f, variants))
	}
	b.apply(basesOf(f, variants))
	b.apply(datedAnew(f, variants))
	parameters, found := newParameters(f, variants)
	b.apply(found)
	for _, v := range variants {
		b.apply(f.packages().compare(v, prepared))
	}
	b.publish(variants, publication{f.subject(), parameters, regions.closed, gateOpen(variants, b.closed)})
	b.apply(permissions(f, variants, b.plan.Steps))
	b.apply(gate(f, variants, b.closed))
	b.apply(startBuilds(variants, b.holdBuilds()))
	b.apply(removeCandidates(f, variants, waived, b.plan.Steps, len(b.look) == 0))
}

// noteUnsaved notes what of the release is not in git: no one else can tell what it was made of.
func noteUnsaved(f *facts) findings {
	var found findings
	for _, what := range f.d.Unsaved {
		found.note("%s", what)
	}
	return found
}

// publish applies what customers see of variants, and of their listings.
func (b *builder) publish(variants []*variant, x publication) {
	for _, v := range variants {
		for _, p := range v.places {
			x.publish(v, p)
		}
	}
	listings := x.listings(variants, x.open)
	for _, l := range x.d.Listings {
		listings.offer(l)
	}
	b.apply(*x.findings)
}

// holdBuilds are the blockers for which no build begins, the first as the reason.
func (b *builder) holdBuilds() []plan.Blocker {
	if b.facts.d.Policy.BuildAnyway {
		return b.lacking
	}
	return slices.Concat(b.lacking, b.closed, b.crowded)
}

// apply puts findings into the plan: nothing else does.
func (b *builder) apply(x findings) {
	b.plan.Steps = append(b.plan.Steps, x.steps...)
	b.plan.Waits = append(b.plan.Waits, x.waits...)
	b.plan.Notes = append(b.plan.Notes, x.notes...)
	b.plan.Capacities = append(b.plan.Capacities, x.quotas...)
	b.plan.Queues = append(b.plan.Queues, x.queues...)
	b.plan.Bases = append(b.plan.Bases, x.bases...)
	for _, bl := range x.blockers {
		if have := b.blockers[bl.ID]; have != nil {
			have.Holds = append(have.Holds, bl.Holds...)
			continue
		}
		b.blockers[bl.ID] = &bl
	}
	for _, q := range x.look {
		b.look[q] = true
	}
	for _, q := range x.missed {
		b.missed[q] = true
	}
	b.closed = append(b.closed, x.closed...)
	b.lacking = append(b.lacking, x.lacking...)
	b.crowded = append(b.crowded, x.crowded...)
}

// empty reports whether there is nothing to do, and nothing to read.
func (b *builder) empty() bool { return len(b.plan.Steps)+len(b.look) == 0 }

// finish sorts everything, so that equal worlds give equal plans.
func (b *builder) finish() plan.Plan {
	for _, left := range b.facts.r.Left {
		b.plan.Steps = append(b.plan.Steps, plan.Step{Action: left.Action, State: plan.Failed, Required: true, Why: left.Err, Code: left.Code})
	}
	slices.SortFunc(b.plan.Steps, plan.CompareSteps)
	slices.SortFunc(b.plan.Waits, func(x, y plan.Wait) int { return cmp.Compare(x.On, y.On) })
	b.plan.Look = slices.SortedFunc(maps.Keys(b.look), compareQueries)
	b.plan.Missed = slices.SortedFunc(maps.Keys(b.missed), compareQueries)
	for _, id := range slices.Sorted(maps.Keys(b.blockers)) {
		bl := b.blockers[id]
		slices.Sort(bl.Holds)
		bl.Holds = slices.Compact(bl.Holds)
		b.plan.Blockers = append(b.plan.Blockers, *bl)
	}
	return b.plan
}

func compareQueries(x, y world.Query) int {
	return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Region, y.Region),
		cmp.Compare(x.Account, y.Account), cmp.Compare(x.Variant, y.Variant),
		cmp.Compare(x.Listing, y.Listing), cmp.Compare(x.Set, y.Set), cmp.Compare(x.ID, y.ID))
}
