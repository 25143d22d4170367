package reconcile

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// facts are what is known: what a release or a project requests, what AWS has, and what the
// run knows. They are read only; a question about them changes nothing.
type facts struct {
	d     release.Desired
	w     world.World
	r     plan.Run
	again string // the command that continues; empty: release

	inventories map[release.Place]*inventory
	none        *inventory // of a place that was not read
	names       []string   // of the release's AMIs: see release.Desired.Names
	shipped     bool       // something of the release is public, or a parameter names it
}

// newFacts indexes what is known for a release, or, given a project alone, for what the
// project has.
func newFacts(d release.Desired, w world.World, r plan.Run) *facts {
	f := &facts{d: d, w: w, r: r, inventories: map[release.Place]*inventory{}, none: newInventory(nil, d.Project, nil), names: d.Names()}
	for region, reg := range w.Regions {
		f.inventories[release.Place{Region: region}] = newInventory(f.shown(reg), d.Project, r.Removed)
	}
	for at, images := range w.SellerImages {
		f.inventories[at] = newInventory(images.Val, d.Project, r.Removed)
	}
	f.shipped = f.packages().everShipped()
	return f
}

// continuedBy returns the facts of a run that another command than release continues.
func (f *facts) continuedBy(command string) *facts {
	out := *f
	out.again = command
	return &out
}

// inventory returns the AMIs of a place.
func (f *facts) inventory(at release.Place) *inventory {
	if inv, ok := f.inventories[at]; ok {
		return inv
	}
	return f.none
}

// here returns the AMIs of our account in a region.
func (f *facts) here(region string) *inventory { return f.inventory(release.Place{Region: region}) }

// command is what to type to continue; "" if that is not known.
func (f *facts) command() string {
	if f.again != "" || f.d.Tag == "" {
		return f.again
	}
	return plan.Line("amiship", "release", f.d.Tag)
}

func (f *facts) hasParameters() bool {
	return slices.ContainsFunc(f.d.Variants, func(v release.Variant) bool { return len(v.Parameters) > 0 })
}

// needInventories asks for the AMIs of the release in every region that was not read yet,
// and for the parameters that the release will be compared with.
func (f *facts) needInventories() (found findings) {
	if len(f.d.Variants) == 0 {
		return found
	}
	for _, r := range f.d.Regions() {
		found.include(f.needImages(r))
	}
	for _, t := range f.d.Targets {
		if f.hasParameters() {
			need(&found, world.Query{Kind: world.LookParams, Region: t.Region}, f.w.Regions[t.Region].Params)
		}
	}
	return found
}

// ofRelease goes by the tags: an AMI of this release, in whatever stage.
func (f *facts) ofRelease(i world.Image) bool {
	return f.d.Tagged(i.Tags) && i.State != world.Failed
}

// ofTag returns the AMIs of the release in a region, without those that failed.
func (f *facts) ofTag(region string) []world.Image {
	var out []world.Image
	for _, i := range f.here(region).byTag[f.d.Tag] {
		if i.State != world.Failed {
			out = append(out, *i)
		}
	}
	return out
}

// begun reports whether there is a candidate of the release: on it stands what was
// decided about this release alone.
func (f *facts) begun() bool {
	return slices.ContainsFunc(f.d.Variants, func(v release.Variant) bool {
		return slices.ContainsFunc(f.here(v.Build.Region).all, func(i world.Image) bool { return f.isCandidate(v, i) })
	})
}

// inFlight reports whether this run is at one of these steps.
func (f *facts) inFlight(ids ...plan.ID) bool {
	return slices.ContainsFunc(ids, func(id plan.ID) bool { _, ok := f.r.InFlight[id]; return ok })
}

// approved reports whether a person has allowed exactly this step.
func (f *facts) approved(s plan.Step) bool { return f.r.Approved[s.ID] == s.Guard.ChangeSet }

// settled is a step as far as the run knows it better than AWS does: what this run is at,
// failed at, or has done a moment ago. One that AWS would refuse is blocked.
func (f *facts) settled(s plan.Step) *verdict {
	v := f.protected(s)
	v.step = known(v.step, f.w, f.r)
	if v.step.State == plan.Ready && f.unshown(v.step.Action) {
		v.step.State, v.step.Why = plan.Waiting, "done, and AWS does not show it yet"
		v.waitUnshown(v.step.ID, v.step.Why, v.step.Affects(f.d)[0])
	}
	return v
}

// settle is a verdict whose step is settled.
func (f *facts) settle(v *verdict) *verdict {
	out := f.settled(v.step)
	known := out.findings
	out.findings = v.findings
	out.include(known)
	return out
}

// shownWithin is how long AWS may take to show a change before it is made again.
const shownWithin = time.Minute

// unshown reports whether this run has done exactly that, a moment ago.
func (f *facts) unshown(a plan.Action) bool {
	c, ok := f.r.Changed[a.ID]
	return ok && f.w.Now.Sub(c.At) < shownWithin && reflect.DeepEqual(c.Action, a)
}

func known(s plan.Step, w world.World, r plan.Run) plan.Step {
	if s.State == plan.Done {
		return s
	}
	if _, ok := r.InFlight[s.ID]; ok {
		s.State, s.Why = plan.Running, ""
	} else if f, ok := r.Failed[s.ID]; ok && s.State == plan.Ready {
		s = failed(s, f, w)
	}
	return s
}

func failed(s plan.Step, f plan.Failure, w world.World) plan.Step {
	s.Code = f.Code
	switch {
	case f.Retry.IsZero() && !s.Required:
		s.State, s.Why = plan.Skipped, f.Err
	case f.Retry.IsZero():
		s.State, s.Why = plan.Failed, f.Err
	case w.Now.Before(f.Retry):
		s.State, s.Why, s.Retry = plan.Waiting, "tries again: "+f.Err, f.Retry
	}
	return s
}

// throttled waits for what AWS refused to be read for its rate alone; nil: it did not.
func (f *facts) throttled(s plan.Step, q world.Query) *verdict {
	if !f.w.Throttled[q] {
		return nil
	}
	v := decided(s, plan.Waiting, "AWS throttles these requests; they are repeated")
	v.wait(s.ID, v.step.Why, q)
	return v
}

// unread: nothing is created in a region that could not be read. A required
// one blocks, an optional one is skipped.
func (f *facts) unread(s plan.Step, region string, q world.Query, err string) *verdict {
	if err == "" {
		return decided(s, plan.Waiting, "not read yet")
	}
	if v := f.throttled(s, q); v != nil {
		return v
	}
	if !s.Required {
		return decided(s, plan.Skipped, region+" could not be read: "+err)
	}
	return decided(s, plan.Blocked, region+" could not be read").blockedBy(f.unreadable(region, err))
}

// unreadable is the blocker of a required region that does not answer.
func (f *facts) unreadable(region, err string) plan.Blocker {
	bl := plan.Blocker{ID: "region/" + region, Why: region + " could not be read: " + err}
	if f.w.Regions[region].NoRegion {
		bl.Remedies = append(bl.Remedies, plan.Remedy{Name: "catalog", Command: "correct " + region + " in " + f.named(region) + ", or leave it out", Cost: "the release goes to the regions that are there"})
		return bl
	}
	if f.w.Regions[region].Off {
		bl.Remedies = append(bl.Remedies, plan.Remedy{
			Name: "enable", Command: "aws account enable-region --region-name " + region, IAM: []string{"account:EnableRegion"},
			Cost: "switches the region on for the account; takes AWS minutes to hours",
		})
	}
	bl.Remedies = append(bl.Remedies, plan.Remedy{
		Name: "again", Command: plan.Line("amiship", "release", f.d.Tag), Cost: "nothing; resumes when the region answers",
	}, plan.Remedy{
		Name: "best_effort", Command: "move " + region + " to regions.best_effort in amiship.yaml",
		Cost: "the release completes without it, and a later run brings it there",
	})
	if !f.w.Regions[region].Off || f.begun() {
		bl.Remedies = append(bl.Remedies, f.waiving(region))
	}
	return bl
}

// named says where the catalog names a region.
func (f *facts) named(region string) string {
	for _, t := range f.d.Targets {
		if t.Region == region && t.At != "" {
			return t.At
		}
	}
	return "regions of amiship.yaml"
}

// unblocking is the command that carries a remedy out. What a forecast found is there only as
// far ahead; and what other projects' releases need, for as many releases more of this one.
func (f *facts) unblocking(blocker, remedy string) string {
	command := plan.Line("amiship", "unblock", blocker, remedy)
	ahead, each, others := f.r.Ahead, 0, 0
	for _, v := range f.d.Variants {
		if v.Public {
			each++
		}
	}
	for _, n := range f.r.Others {
		others = max(others, n)
	}
	if each > 0 {
		ahead += (others + each - 1) / each
	}
	if ahead > 0 {
		command += fmt.Sprintf(" --forecast %d", ahead+1)
	}
	return command
}
