package reconcile

import (
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Repair puts back, by the plan of the release, what AWS or a user has revoked
// from its AMIs since it was complete: public permission, shares and parameters.
// It builds and copies nothing, and gives nothing that an AMI never had.
func Repair(d release.Desired, w world.World, r plan.Run) plan.Plan {
	d.Listings = nil // what buyers are offered can't be withdrawn unseen
	p := Reconcile(d, w, r)
	x := repair{newFacts(d, w, r)}
	missing, open, unread := missingAMIs(p), x.anyCandidate(), x.unreadRegions()
	steps := p.Steps
	p.Steps = nil
	for _, s := range steps {
		if !open && len(unread) == 0 && x.repairs(s, missing) {
			p.Steps = append(p.Steps, s)
		}
	}
	p.Look = slices.DeleteFunc(p.Look, func(q world.Query) bool { return q.Variant != "" })
	p = p.Holding()
	if len(unread) > 0 {
		p.Notes = append(p.Notes, d.Tag+": nothing is put back while it is not known whether it was withdrawn: no answer from "+strings.Join(unread, ", "))
		return p
	}
	p.Notes = append(p.Notes, x.notes(p, missing, open)...)
	return p
}

// repair are the decisions about it.
type repair struct{ *facts }

// unreadRegions are those whose images could not be read.
func (x repair) unreadRegions() []string {
	return slices.DeleteFunc(x.d.Regions(), func(region string) bool { return !x.imagesIn(region).Missed() })
}

// repairs reports whether a step gives an AMI back what it had, or is what holds
// such steps.
func (x repair) repairs(s plan.Step, missing int) bool {
	switch {
	case s.State == plan.Done, s.State == plan.Queued && missing > 0: // the gate stays closed
		return false
	case s.Kind() == plan.Copy:
		return s.State == plan.Blocked && s.Image().AMI != ""
	case s.Kind() == plan.Publish, s.Kind() == plan.PublishSnapshot:
		return x.wasPublic(s)
	}
	return s.Kind() == plan.Share || s.Kind() == plan.Parameter
}

// missingAMIs counts the required AMIs that are not there.
func missingAMIs(p plan.Plan) int {
	n := 0
	for _, s := range p.Steps {
		if s.Kind() == plan.Copy && s.Required && s.State != plan.Done && s.Image().AMI == "" {
			n++
		}
	}
	return n
}

// ownImages are the images of this release in its regions.
func (x repair) ownImages() []world.Image {
	var out []world.Image
	for _, region := range x.d.Regions() {
		out = append(out, x.ofTag(region)...)
	}
	return out
}

func (x repair) anyCandidate() bool {
	return slices.ContainsFunc(x.ownImages(), func(i world.Image) bool { return i.Tag(record.TagStage) == record.StageCandidate })
}

// wasPublic reports whether AWS shows that the variant of a step was public:
// another AMI of it is, or this one has the date that AWS gives to public ones.
// What was built for later approval never was.
func (x repair) wasPublic(s plan.Step) bool {
	return slices.ContainsFunc(x.ownImages(), func(i world.Image) bool {
		same := i.Tag(record.TagImage) == s.Target.Image && i.Tag(record.TagArch) == s.Target.Arch
		return same && i.Public || i.ID == s.Image().AMI && !i.Deprecated.IsZero()
	})
}

func (x repair) notes(p plan.Plan, missing int, open bool) (out []string) {
	deprecated := 0
	for _, i := range x.ownImages() {
		if !i.Deprecated.IsZero() && i.Deprecated.Before(x.w.Now) && i.Tag(record.TagStage) == record.StageRelease {
			deprecated++
		}
	}
	note := func(text string) { out = append(out, text) }
	switch {
	case p.Skip != "":
		return nil
	case open:
		note(x.d.Tag + " is not complete: amiship release " + x.d.Tag + " carries it on")
	case missing > 0:
		note(x.d.Tag + " lacks AMIs: amiship release " + x.d.Tag + " copies them anew")
	}
	if deprecated > 0 {
		note(x.d.Tag + ": AWS has deprecated AMIs of it, as it does two years after they were made; that can't be undone, and they can still be launched by id")
	}
	return out
}
