package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// open is a release with what is left to do for it.
func (s Sources) open(p Planned, r Release) Release {
	r.State, r.Ended = Open, time.Time{}
	if p.Err != "" {
		r.State, r.Error = Unplanned, p.Err
		return r
	}
	steps := stepsOf(p.Plan)
	r.Variants, r.Regions, r.AMIs, r.Adopted = nil, nil, []AMI{}, false
	for _, t := range p.Desired.Targets {
		r.Regions = append(r.Regions, Region{Name: t.Region, Required: t.Required, Unread: s.World.Regions[t.Region].Images.Err})
	}
	for _, v := range p.Desired.Variants {
		r.Variants = append(r.Variants, Variant{v.Key("").Variant(), v.Public})
		for _, t := range p.Desired.Targets {
			r.AMIs = append(r.AMIs, s.planned(p.Desired, v, t, steps))
		}
	}
	r.Stages, r.Waits, r.Bases, r.Notes = stages(p.Plan), waits(p.Plan), bases(p.Plan), p.Plan.Notes
	r.Listings = s.ofListings(p.Plan)
	for _, b := range p.Plan.Blockers {
		r.Blockers = append(r.Blockers, b.ID)
	}
	switch {
	case p.Plan.Skip != "":
		r.State, r.Error = Unplanned, p.Plan.Skip
	case p.Plan.Complete():
		r.State = Complete
	case len(p.Plan.Blockers) > 0:
		r.State = Held
	}
	if r.State.IsOpen() {
		r.Next, r.Command = next(p.Plan), p.Plan.Again
	}
	return r.counted()
}

type stepIndex map[plan.ID]plan.Step

func stepsOf(p plan.Plan) stepIndex {
	out := stepIndex{}
	for _, s := range p.Steps {
		out[s.ID] = s
	}
	return out
}

func (x stepIndex) of(kind plan.Kind, key release.Key) (plan.Step, bool) {
	s, there := x[plan.StepID(kind, key)]
	return s, there
}

// planned is where a variant is in a region, as its steps say.
func (s Sources) planned(d release.Desired, v release.Variant, t release.Target, steps stepIndex) AMI {
	key := v.Key(t.Region)
	a := AMI{Variant: key.Variant(), Region: t.Region, Name: v.Name, Required: t.Required}
	copied, there := steps.of(plan.Copy, key)
	if !there {
		a.State = Missing
		return a
	}
	a.Required, a.ID = copied.Required, copied.Image().AMI
	image := s.image(t.Region, a.ID)
	a.Since = image.Created
	waived := t.Required && !copied.Required
	switch unread := s.World.Regions[t.Region].Images.Err; {
	case copied.State == plan.Done:
		a.there(v, key, image, steps)
	case unread != "":
		a.State, a.Reason = Unknown, unread
	case waived:
		a.State, a.Reason = Waived, copied.Why
	case copied.State == plan.Failed:
		a.State, a.Reason = Failed, cmp.Or(s.failure(d, key), copied.Why)
	case copied.State == plan.Skipped:
		a.State, a.Reason = Skipped, copied.Why
	case copied.State == plan.Waiting && a.ID != "", copied.State == plan.Running:
		a.State, a.Reason = Copying, copied.Why
	default:
		a.State, a.Reason = candidate(d, v, steps), copied.Why
		if why := s.failure(d, key); why != "" && copied.State != plan.Queued {
			a.State, a.Reason = Failed, why // it is copied again
		}
	}
	return a
}

// there is how far a copy that exists is.
func (a *AMI) there(v release.Variant, key release.Key, image world.Image, steps stepIndex) {
	if s, has := steps.of(plan.Share, key); has && s.State != plan.Done {
		a.State, a.Reason = Copied, s.Why
		return
	}
	a.State, a.Final, a.Since = Shared, !v.Public, since(image, record.Shared)
	for _, kind := range []plan.Kind{plan.PublishSnapshot, plan.Publish} {
		s, has := steps.of(kind, key)
		switch {
		case has && s.State != plan.Done:
			a.Final, a.Reason = false, cmp.Or(a.Reason, s.Why)
		case has && kind == plan.Publish:
			a.State, a.Final, a.Since = Public, a.Reason == "", since(image, record.Published)
		}
	}
}

// candidate is how far that of a variant is.
func candidate(d release.Desired, v release.Variant, steps stepIndex) AMIState {
	home := v.Key(v.Build.Region)
	build, _ := steps.of(plan.Build, home)
	test, _ := steps.of(plan.Test, home)
	switch {
	case test.State == plan.Done, d.Untested && build.State == plan.Done:
		return Tested
	case build.State == plan.Done, build.State == plan.Running, build.State == plan.Waiting:
		return Building
	}
	return Missing
}

func (s Sources) image(region, id string) world.Image {
	images := s.World.Regions[region].Images.Val
	if i := slices.IndexFunc(images, func(i world.Image) bool { return id != "" && i.ID == id }); i >= 0 {
		return images[i]
	}
	return world.Image{}
}

// failure is why AWS let a copy of a release fail; "" if none is there that failed.
func (s Sources) failure(d release.Desired, key release.Key) string {
	for _, i := range s.World.Regions[key.Region].Images.Val {
		if i.State == world.Failed && i.Tag(record.TagProject) == d.Project && i.Tag(record.TagTag) == d.Tag && variantOf(i) == key.Variant() {
			return cmp.Or(i.Reason, i.ID+" failed, and AWS does not say why")
		}
	}
	return ""
}

// stageKinds are the stages of a release, each with its kind of step.
var stageKinds = []struct {
	name string
	kind plan.Kind
}{{"build", plan.Build}, {"test", plan.Test}, {"copy", plan.Copy}, {"share", plan.Share}, {"publish", plan.Publish}, {"list", plan.ChangeSet}}

func stages(p plan.Plan) []Stage {
	var out []Stage
	for _, k := range stageKinds {
		stage := Stage{Name: k.name}
		for _, s := range p.Steps {
			if s.Kind() != k.kind {
				continue
			}
			stage.Total++
			switch s.State {
			case plan.Done, plan.Skipped:
				stage.Done++
			case plan.Failed, plan.Blocked:
				stage.Failed++
			}
		}
		if stage.Total > 0 {
			out = append(out, stage)
		}
	}
	return out
}

// waits are those of a plan, each once though several facts may show its end.
func waits(p plan.Plan) []Wait {
	var out []Wait
	for i, x := range p.Waits {
		if i > 0 && x.On == p.Waits[i-1].On && x.Why == p.Waits[i-1].Why {
			continue
		}
		s, _ := p.Step(x.On)
		out = append(out, Wait{On: StepName(s.Action, x.On), Step: string(x.On), Why: x.Why, Since: x.Since, UsualSeconds: usual(p, s)})
	}
	return out
}

// usual is how long the change sets of earlier versions took, in seconds.
func usual(p plan.Plan, s plan.Step) float64 {
	for _, q := range p.Queues {
		if s.Target.Listing != "" && q.Listing == s.Target.Listing {
			return q.Took.Seconds()
		}
	}
	return 0
}

func bases(p plan.Plan) []Base {
	var out []Base
	for _, b := range p.Bases {
		out = append(out, Base{b.Variant, b.ID, b.Name, b.Created, b.Change})
	}
	return out
}

// ofListings are the versions that a release adds.
func (s Sources) ofListings(p plan.Plan) []ReleaseListing {
	var out []ReleaseListing
	for _, st := range p.Steps {
		if st.Kind() != plan.ChangeSet {
			continue
		}
		l := ReleaseListing{
			Listing: st.Target.Listing, Version: plan.As[plan.SubmitChangeSet](st.Action).Title, AMI: st.Image().AMI, ChangeSet: st.Set,
			State: string(st.State), Reason: st.Why, UsualSeconds: usual(p, st),
		}
		for _, set := range s.World.Listings[l.Listing].Sets.Val {
			if set.ID == st.Set {
				l.Status, l.Since = set.Status, set.Start
			}
		}
		out = append(out, l)
	}
	return out
}

// next says what a release does next, or waits for.
func next(p plan.Plan) string {
	switch {
	case p.Held:
		return "changes are held"
	case len(p.Blockers) > 0:
		return "blocked by " + some(ids(p.Blockers))
	}
	for _, kind := range plan.Kinds() {
		n := 0
		for _, s := range p.Steps {
			if s.Kind() == kind && s.State == plan.Ready && !kind.Passive() {
				n++
			}
		}
		if n > 0 {
			return fmt.Sprintf("%s: %d to do", kind, n)
		}
	}
	if len(p.Waits) > 0 {
		s, _ := p.Step(p.Waits[0].On)
		return "waits for: " + StepName(s.Action, p.Waits[0].On) + ": " + p.Waits[0].Why
	}
	return ""
}

func ids(all []plan.Blocker) []string {
	var out []string
	for _, b := range all {
		out = append(out, b.ID)
	}
	return out
}

// some names a few of many: "a, b, c and 4 more".
func some(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// StepName says for people what a step is about: "copy premium/amd64 to eu-west-3".
func StepName(a plan.Action, id plan.ID) string {
	t := a.Target
	switch {
	case a.Change == nil:
		return string(id)
	case t.Listing != "":
		return fmt.Sprintf("%s of listing %s", a.Kind(), t.Listing)
	case t.Image == "" && t.Region == "":
		return string(a.Kind())
	case t.Image == "":
		return fmt.Sprintf("%s in %s", a.Kind(), t.Region)
	case a.Kind() == plan.Copy:
		return fmt.Sprintf("copy %s to %s", t.Variant(), t.Region)
	case a.ClaimsTest():
		return fmt.Sprintf("claim the boot test of %s in %s", t.Variant(), t.Region)
	}
	return fmt.Sprintf("%s %s in %s%s", a.Kind(), t.Variant(), t.Region, which(a, id))
}

// which tells a step from others of its kind on the same target: " (ami-1)", of one that was replaced.
func which(a plan.Action, id plan.ID) string {
	rest, more := strings.CutPrefix(string(id), string(plan.StepID(a.Kind(), a.Target))+"/")
	switch {
	case !more:
		return ""
	case a.Kind() == plan.Parameter, a.Kind() == plan.DeleteParameter:
		rest = "/" + rest
	}
	return " (" + rest + ")"
}
