package plan

import (
	"slices"
	"strings"

	"amiship/internal/release"
	"amiship/internal/world"
)

// Repair puts back, by the plan of the release, what AWS or somebody has taken
// from its AMIs since it was complete: public permission, shares and parameters.
// It builds and copies nothing, and gives nothing that an AMI never had.
func Repair(d release.Desired, w world.World, r Run) Plan {
	d.Listings = nil // what buyers are offered nobody can take away unseen
	p := Reconcile(d, w, r)
	b := &builder{d: d, w: w, r: r}
	missing, open, unread := missingAMIs(p), b.anyCandidate(), b.unreadRegions()
	steps := p.Steps
	p.Steps = nil
	for _, s := range steps {
		if !open && len(unread) == 0 && b.repairs(s, missing) {
			p.Steps = append(p.Steps, s)
		}
	}
	p.Look = slices.DeleteFunc(p.Look, func(q world.Query) bool { return q.Variant != "" })
	p = p.holding()
	if len(unread) > 0 {
		p.Notes = append(p.Notes, b.d.Tag+": nothing is put back while it is not known whether it was withdrawn: no answer from "+strings.Join(unread, ", "))
		return p
	}
	b.repairNotes(&p, missing, open)
	return p
}

// unreadRegions are those whose images could not be read.
func (b *builder) unreadRegions() []string {
	return slices.DeleteFunc(b.d.Regions(), func(region string) bool { return !b.w.Regions[region].Images.Missed() })
}

// repairs reports whether a step gives an AMI back what it had, or is what holds
// such steps.
func (b *builder) repairs(s Step, missing int) bool {
	switch {
	case s.State == Done, s.State == After && missing > 0: // the gate stays shut
		return false
	case s.Kind == Copy:
		return s.State == Blocked && s.AMI != ""
	case s.Kind == Publish:
		return b.wasPublic(s)
	}
	return s.Kind == Share || s.Kind == Parameter
}

// holding drops waits and blockers of steps that are not in the plan.
func (p Plan) holding() Plan {
	kept := func(id ID) bool {
		_, ok := p.Step(id)
		return ok
	}
	p.Waits = slices.DeleteFunc(slices.Clone(p.Waits), func(w Wait) bool { return !kept(w.On) })
	p.Blockers = slices.DeleteFunc(slices.Clone(p.Blockers), func(b Blocker) bool { return !slices.ContainsFunc(b.Holds, kept) })
	return p
}

// missingAMIs counts the required AMIs that are not there.
func missingAMIs(p Plan) int {
	n := 0
	for _, s := range p.Steps {
		if s.Kind == Copy && s.Required && s.State != Done && s.AMI == "" {
			n++
		}
	}
	return n
}

// ownImages are the images of this release in its regions.
func (b *builder) ownImages() []world.Image {
	var out []world.Image
	for _, region := range b.d.Regions() {
		for _, i := range b.images(region) {
			if b.ofRelease(i) {
				out = append(out, i)
			}
		}
	}
	return out
}

func (b *builder) anyCandidate() bool {
	return slices.ContainsFunc(b.ownImages(), func(i world.Image) bool { return i.Tag(release.TagStage) == release.StageCandidate })
}

// wasPublic reports whether AWS shows that the variant of a step was public:
// another AMI of it is, or this one has the date that AWS gives to public ones.
// What was built for later approval never was.
func (b *builder) wasPublic(s Step) bool {
	return slices.ContainsFunc(b.ownImages(), func(i world.Image) bool {
		same := i.Tag(release.TagImage) == s.Target.Image && i.Tag(release.TagArch) == s.Target.Arch
		return same && i.Public || i.ID == s.AMI && !i.Deprecated.IsZero()
	})
}

func (b *builder) repairNotes(p *Plan, missing int, open bool) {
	deprecated := 0
	for _, i := range b.ownImages() {
		if !i.Deprecated.IsZero() && i.Deprecated.Before(b.w.Now) && i.Tag(release.TagStage) == release.StageRelease {
			deprecated++
		}
	}
	note := func(text string) { p.Notes = append(p.Notes, text) }
	switch {
	case p.Skip != "":
		return
	case open:
		note(b.d.Tag + " is not complete: amiship release " + b.d.Tag + " carries it on")
	case missing > 0:
		note(b.d.Tag + " lacks AMIs: amiship release " + b.d.Tag + " copies them anew")
	}
	if deprecated > 0 {
		note(b.d.Tag + ": AWS has deprecated AMIs of it, as it does two years after they were made; nobody can lift that, and they can still be launched by id")
	}
}
