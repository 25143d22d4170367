package reconcile

import (
	"fmt"
	"slices"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/world"
)

// candidates are the decisions that lead to a variant's candidate, tested and ready to be
// copied.
type candidates struct {
	subject
	claims claims
}

func (x subject) candidates() candidates { return candidates{x, claims{x}} }

// prepare adds the steps that lead to a candidate, and finds what the
// regions can be copied from.
func (x candidates) prepare(v *variant) {
	home := v.Build.Region
	for _, i := range v.dead {
		x.add(discarding(v.Key(home), i))
	}
	switch images := x.imagesIn(home); {
	case v.candidate != nil:
		x.settle(v)
	case v.anyRelease():
		x.built(v)
	case !images.Known():
		x.unknownHome(v, images.Err)
	default:
		x.build(v)
	}
	x.giveBack(v)
}

// built: the release has AMIs already, so nothing needs to be built.
func (x candidates) built(v *variant) {
	image, where := v.released()
	if image != nil {
		v.source, v.origin = &plan.Source{Region: where, AMI: image.ID}, v.originOf(*image)
	} else {
		v.prior = v.underWay()
	}
	x.doneBuilding(v, "")
	if x.r.ID != "" { // a plan that no run applies leaves that call to status and blockers
		if all := x.claims.ofHome(v); all.Missed() {
			x.claims.unread(v, all.Err)
		}
	}
	x.claims.clear(v, v.building) // it came too late, or was left
	x.claims.clear(v, v.testing)
}

func (x candidates) doneBuilding(v *variant, ami string) {
	key := v.Key(v.Build.Region)
	x.add(plan.Step{Action: plan.Action{ID: plan.StepID(plan.Claim, key), Target: key, Change: plan.TakeClaim{}}, State: plan.Done, Required: true})
	x.add(plan.Step{Action: plan.Action{ID: plan.StepID(plan.Build, key), Target: key, Change: plan.BuildCandidate{Image: plan.Image{AMI: ami}}}, State: plan.Done, Required: true})
	if !x.d.Untested {
		x.add(plan.Step{Action: plan.Action{ID: plan.StepID(plan.Test, key), Target: key, Change: plan.BootTest{Image: plan.Image{AMI: ami}}}, State: plan.Done, Required: true})
	}
}

func (x candidates) unknownHome(v *variant, err string) {
	key := v.Key(v.Build.Region)
	build := plan.Step{Action: plan.Action{ID: plan.StepID(plan.Build, key), Target: key, Change: plan.BuildCandidate{}}, Required: true}
	verdict := x.throttled(build, x.query(key.Place))
	switch {
	case err == "":
		verdict = decided(build, plan.Waiting, "not read yet")
	case verdict == nil:
		verdict = decided(build, plan.Blocked, err).blockedBy(x.unreadable(v.Build.Region, err))
	}
	x.testAfter(v, x.decide(verdict))
}

// settle: there is a candidate. It may be copied from once it is available, is
// no run's work in progress, carries its tags, and nothing must be done before.
func (x candidates) settle(v *variant) {
	home := v.Build.Region
	key := v.Key(home)
	build := x.decide(x.made(v))
	if build.State != plan.Done {
		x.testAfter(v, build)
		return
	}
	x.add(plan.Step{Action: plan.Action{ID: plan.StepID(plan.Claim, key), Target: key, Change: plan.TakeClaim{}}, State: plan.Done, Required: true})
	complete := x.tagged(v)
	if !complete {
		x.testAfter(v, x.adopt(v))
	}
	x.claims.end(v, v.building)
	switch {
	case !complete:
	case v.asksForIMDS(v.candidate):
		x.requireIMDS(v)
	case !x.d.Untested:
		x.test(v)
	}
	if len(v.prior) == 0 {
		v.source, v.origin = &plan.Source{Region: home, AMI: v.candidate.ID}, x.origin(v)
	}
}

// made decides whether the build that has made the candidate is over.
func (x candidates) made(v *variant) *verdict {
	home := v.Build.Region
	key := v.Key(home)
	build := plan.Step{Action: plan.Action{ID: plan.StepID(plan.Build, key), Target: key, Change: plan.BuildCandidate{Image: plan.Image{AMI: v.candidate.ID, Name: v.candidate.Name}}}, Required: true}
	all := x.claims.ofHome(v)
	slow := x.slowImage(*v.candidate)
	out := decided(build, plan.Done, "")
	switch {
	case v.candidate.State == world.Pending && slow != "":
		out = x.slowCandidate(v, build, slow)
	case v.candidate.State != world.Available:
		out = decided(build, plan.Waiting, "AWS is making "+v.candidate.ID)
		out.wait(build.ID, out.step.Why, pendingIn(key.Place))
	case !all.Known():
		out = decided(build, plan.Waiting, "claims of "+home+" not read: "+all.Err)
	case x.claims.foreign(v.building):
		out = decided(build, plan.Waiting, "another run ("+v.building.claim.Run+") is finishing it")
		out.waitClaim(out.step, v.building)
	}
	if x.inFlight(build.ID) {
		out.step.State = plan.Running
	}
	if x.packages().other(v.Variant, v.candidate) != "" {
		differs := x.packages().differs(out.step, v.Variant, v.candidate)
		differs.include(out.findings)
		return differs
	}
	return out
}

// build: there is nothing yet. What the build needs is found before anything
// is claimed, so that a wrong checksum leaves nothing behind.
func (x candidates) build(v *variant) {
	home := v.Build.Region
	key := v.Key(home)
	claim := plan.Step{Action: plan.Action{ID: plan.StepID(plan.Claim, key), Target: key, Change: plan.TakeClaim{Claim: v.name}}, State: plan.Ready, Required: true}
	build := plan.Step{Action: plan.Action{ID: plan.StepID(plan.Build, key), Target: key, Change: plan.BuildCandidate{}}, State: plan.Queued, After: []plan.ID{claim.ID}, Required: true}
	if made, ok := x.r.Made[build.ID]; ok && !made.Lost {
		unshown := decided(build, plan.Waiting, "AWS does not show "+made.AMI+" yet")
		unshown.step.After = nil
		unshown.waitUnshown(build.ID, unshown.step.Why, plan.NamedQuery(x.d, key.Place))
		x.testAfter(v, x.decide(unshown))
		return
	}
	v.builds = true
	pkg, base := x.w.Packages[v.Image+"/"+v.Arch], x.w.Bases[v.Image+"/"+v.Arch]
	x.include(x.materials(v, claim.ID))
	if pkg.Known() && base.Known() {
		origin := materialTags(pkg.Val)
		origin[record.TagBase], origin[record.TagBaseName] = record.TagValue(base.Val.ID), record.TagValue(base.Val.Name)
		tags := x.madeNow(v, record.StageCandidate, origin)
		candidate := plan.Image{Name: x.d.Owner(v.Variant).CandidateName(pkg.Val.Inputs)}
		build.Change = plan.BuildCandidate{
			Image: candidate, Package: pkg.Val.Path, Base: base.Val.ID, Device: base.Val.RootDevice, Tags: tags,
		}
		claim.Change = plan.TakeClaim{Claim: v.name, Tags: tags}
		claim, build = x.claims.begin(v, v.building, claim, build)
		if taken := x.candidateNameTaken(v, claim, candidate.Name); taken != nil && claim.State == plan.Ready {
			x.include(taken.findings)
			claim = taken.step
		}
		if len(v.dead) > 0 && build.State == plan.Ready {
			build.State, build.After = plan.Queued, []plan.ID{plan.StepID(plan.Discard, key, v.dead[0].ID)}
		}
	} else {
		claim.State, claim.Why = x.materialState(v)
	}
	x.claimBuild(v, claim)
	x.testAfter(v, x.add(build))
}

// claimBuild adds the claim of a build; one that could begin now is left to the end of the
// plan, when it is known what holds builds.
func (x candidates) claimBuild(v *variant, claim plan.Step) {
	settled := x.settled(claim)
	if settled.step.State != plan.Ready {
		x.conclude(settled)
		return
	}
	x.include(settled.findings)
	v.start = &settled.step
}

// startBuilds adds the claims under which builds begin: none while one of the release can't,
// since a license that is missing shows before any machine is paid for. hold is why.
func startBuilds(variants []*variant, hold []plan.Blocker) (found findings) {
	for _, v := range variants {
		if v.start == nil {
			continue
		}
		s := *v.start
		if len(hold) > 0 {
			s.State, s.Why = plan.Blocked, "builds are on hold until "+hold[0].ID+" is resolved"
			found.block(hold[0], s.ID)
		}
		found.steps = append(found.steps, s)
	}
	return found
}

// materialTags are the tags of an image that is built from a package and what else the
// digest of its inputs covers. The base AMI is not in it.
func materialTags(pkg world.Package) map[string]string {
	return map[string]string{record.TagInputs: record.TagValue(pkg.Inputs), record.TagPackage: record.TagValue(pkg.SHA256)}
}

// candidateNameTaken: Packer would find the candidate's name taken, by an AMI whose tags say
// that it is another's. That is left as it is.
func (x candidates) candidateNameTaken(v *variant, claim plan.Step, name string) *verdict {
	images := x.here(v.Build.Region).byName[name]
	n := slices.IndexFunc(images, func(i *world.Image) bool { return !x.isCandidate(v.Variant, *i) })
	if n < 0 {
		return nil
	}
	i := images[n]
	out := decided(claim, plan.Blocked, fmt.Sprintf("%s has the name of the candidate, %s, and its tags name another owner: %s", i.ID, name, record.OwnerOf(i.Tags)))
	out.lack(taggedOtherwise(out.step), claim.ID)
	return out
}

// giveBack ends the claims of a run that was asked to stop, once nothing is done under
// them. What is recorded on the claim of a build goes to the candidate first, which AWS
// may still be making.
func (x candidates) giveBack(v *variant) {
	for _, slot := range []claimSlot{v.building, v.testing} {
		if !x.claims.givenBack(v, slot) {
			continue
		}
		var after []plan.ID
		if v.candidate != nil && len(slot.ends) == 0 && !x.tagged(v) {
			if s := x.adopt(v); s.State != plan.Failed {
				after = []plan.ID{s.ID}
			}
		}
		x.claims.endAfter(v, slot, after)
	}
}
