package plan

import (
	"slices"

	"amiship/internal/release"
	"amiship/internal/world"
)

// waive makes required regions best effort that the release was allowed to do
// without: a candidate says which, and until when, by AWS's clock.
func (b *builder) waive() {
	if len(b.d.Variants) == 0 {
		return
	}
	all := b.waivers()
	b.d.Targets = slices.Clone(b.d.Targets)
	for n, t := range b.d.Targets {
		w, there := all[t.Region]
		switch {
		case !there || !t.Required:
		case w.InForce(b.w.Now):
			b.d.Targets[n].Required = false
			b.waived = append(b.waived, w)
			b.note("%s is waived until %s: %s", w.Region, w.Day(), w.Why)
		default:
			b.note("%s was waived until %s, and is required again", w.Region, w.Day())
		}
	}
}

// waivers are those on the release's candidates, by region; of two of one region
// the later.
func (b *builder) waivers() map[string]release.Waiver {
	out := map[string]release.Waiver{}
	for _, region := range b.d.BuildRegions() {
		for _, i := range b.images(region) {
			if !b.ofRelease(i) || i.Tag(release.TagStage) != release.StageCandidate {
				continue
			}
			for _, w := range release.ReadWaivers(i.Tag(release.TagWaived)) {
				if w.Until.After(out[w.Region].Until) {
					out[w.Region] = w
				}
			}
		}
	}
	return out
}

// heldByWaiver is a waiver by which the candidates stay: without them nobody
// would know of it, and its region would be required again.
func (b *builder) heldByWaiver() (release.Waiver, bool) {
	i := slices.IndexFunc(b.waived, func(w release.Waiver) bool {
		return slices.ContainsFunc(b.plan.Steps, func(s Step) bool { return s.State == Skipped && s.Target.Region == w.Region })
	})
	if i < 0 {
		return release.Waiver{}, false
	}
	return b.waived[i], true
}

// Waiving writes a waiver on the candidates of a release, or takes it off.
type Waiving struct {
	Project string
	Tag     string   // empty: every release of which there is a candidate
	Builds  []string // regions that candidates are built in
	Waiver  release.Waiver
	Undo    bool
}

// Reconcile lists the candidates that lack it.
func (x Waiving) Reconcile(w world.World, r Run) Plan {
	b := &builder{d: release.Desired{Project: x.Project, Tag: x.Tag}, w: w, r: r, plan: Plan{Project: x.Project, Tag: x.Tag, Now: w.Now}}
	for _, region := range x.Builds {
		need(b, world.Query{Kind: world.LookImages, Region: region}, w.Regions[region].Images)
		for _, i := range b.images(region) {
			if i.Tag(release.TagProject) == x.Project && i.Tag(release.TagStage) == release.StageCandidate && i.State != world.Failed &&
				i.Schema() <= release.Schema && (x.Tag == "" || i.Tag(release.TagTag) == x.Tag) {
				b.waiveOn(region, i, x)
			}
		}
	}
	if len(b.plan.Steps)+len(b.look)+len(b.missed) == 0 {
		b.plan.Skip = "no candidate is there to note it on: " + underWay(x.Tag)
	}
	return b.finish()
}

func (b *builder) waiveOn(region string, i world.Image, x Waiving) {
	had := i.Tag(release.TagWaived)
	all := slices.DeleteFunc(release.ReadWaivers(had), func(w release.Waiver) bool { return w.Region == x.Waiver.Region })
	if !x.Undo {
		all = append(all, x.Waiver)
	}
	text, err := release.WriteWaivers(all)
	key := release.Key{Image: i.Tag(release.TagImage), Arch: i.Tag(release.TagArch), Place: release.Place{Region: region}}
	s := Step{State: Ready, Required: true, Why: i.Name, Action: Action{
		ID: stepID(Waive, key, i.ID), Kind: Waive, Target: key, AMI: i.ID, Name: i.Name, Value: text, Seen: seen(i),
		Tags: map[string]string{release.TagWaived: release.TagValue(text)},
	}}
	switch {
	case err != nil:
		s.State, s.Why = Failed, err.Error()
	case had == text:
		s.State = Done
	}
	b.add(s)
}

func underWay(tag string) string {
	if tag == "" {
		return "no release is under way"
	}
	return tag + " is not under way"
}
