package reconcile

import (
	"slices"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// withWaivers returns the facts of a release whose required regions are optional that it was
// allowed to skip: a candidate says which, and until when, by AWS's clock. It returns the
// waivers in force, too.
func withWaivers(f *facts) (*facts, []record.Waiver, findings) {
	if len(f.d.Variants) == 0 {
		return f, nil, findings{}
	}
	all, found := waivers(f)
	var inForce []record.Waiver
	out := *f
	out.d.Targets = slices.Clone(f.d.Targets)
	for n, t := range out.d.Targets {
		w, there := all[t.Region]
		switch {
		case !there || !t.Required:
		case w.InForce(f.w.Now):
			out.d.Targets[n].Required = false
			inForce = append(inForce, w)
			found.note("%s is waived until %s: %s", w.Region, w.Day(), w.Why)
		default:
			found.note("%s was waived until %s, and is required again", w.Region, w.Day())
		}
	}
	return &out, inForce, found
}

// waivers are those on the release's candidates, by region; of two of one region
// the later.
func waivers(f *facts) (all map[string]record.Waiver, found findings) {
	all = map[string]record.Waiver{}
	for _, region := range f.d.BuildRegions() {
		for _, i := range f.ofTag(region) {
			if i.Tag(record.TagStage) != record.StageCandidate {
				continue
			}
			if bad, ok := release.ReadableTags(i.Tags); !ok && bad.Key == record.TagWaived {
				found.note("%s in %s: %s; regions that it does not name are required", i.ID, region, bad)
			}
			for _, w := range record.ReadWaivers(i.Tag(record.TagWaived)) {
				if w.Until.After(all[w.Region].Until) {
					all[w.Region] = w
				}
			}
		}
	}
	return all, found
}

// keptByWaiver is a waiver by which the candidates stay: without them no one
// would know of it, and its region would be required again.
func keptByWaiver(waived []record.Waiver, planned []plan.Step) (record.Waiver, bool) {
	i := slices.IndexFunc(waived, func(w record.Waiver) bool {
		return slices.ContainsFunc(planned, func(s plan.Step) bool { return s.State == plan.Skipped && s.Target.Region == w.Region })
	})
	if i < 0 {
		return record.Waiver{}, false
	}
	return waived[i], true
}

// Waiving writes a waiver on the candidates of a release, or takes it off.
type Waiving struct {
	Project string
	Tag     string   // empty: every release of which there is a candidate
	Builds  []string // regions that candidates are built in
	Waiver  record.Waiver
	Undo    bool
}

// Reconcile lists the candidates that lack it.
func (w Waiving) Reconcile(has world.World, r plan.Run) plan.Plan {
	f := newFacts(release.Desired{Project: w.Project, Tag: w.Tag}, has, r)
	x := f.subject()
	for _, region := range w.Builds {
		need(x.findings, world.Query{Kind: world.LookImages, Region: region}, has.Regions[region].Images)
		for _, i := range f.here(region).project {
			if i.Tag(record.TagStage) == record.StageCandidate && i.State != world.Failed &&
				i.Schema() <= record.Schema && (w.Tag == "" || i.Tag(record.TagTag) == w.Tag) {
				x.add(w.mark(region, *i))
			}
		}
	}
	b := newBuilder(f)
	b.apply(*x.findings)
	if b.empty() && len(b.missed) == 0 {
		b.plan.Skip = "no candidate is there to note it on: " + underWay(w.Tag)
	}
	return b.finish()
}

// mark is the step that writes the waiver on a candidate.
func (w Waiving) mark(region string, i world.Image) plan.Step {
	had := i.Tag(record.TagWaived)
	all := slices.DeleteFunc(record.ReadWaivers(had), func(o record.Waiver) bool { return o.Region == w.Waiver.Region })
	if !w.Undo {
		all = append(all, w.Waiver)
	}
	text, err := record.WriteWaivers(all)
	key := release.Key{Image: i.Tag(record.TagImage), Arch: i.Tag(record.TagArch), Place: release.Place{Region: region}}
	s := plan.Step{State: plan.Ready, Required: true, Why: i.Name, Action: plan.Action{
		ID: plan.StepID(plan.Waive, key, i.ID), Target: key, Guard: plan.Guard{Image: plan.Seen(i)},
		Change: plan.RecordWaiver{Image: plan.Image{AMI: i.ID, Name: i.Name}, Waivers: text, Tags: map[string]string{record.TagWaived: record.TagValue(text)}},
	}}
	switch {
	case err != nil:
		s.State, s.Why = plan.Failed, err.Error()
	case i.Unreadable(region) != "": // it would be lost
		s.State, s.Why = plan.Failed, i.ID+": "+i.Unreadable(region)
	case had == text:
		s.State = plan.Done
	}
	return s
}

func underWay(tag string) string {
	if tag == "" {
		return "no release is under way"
	}
	return tag + " is not under way"
}
