package plan

import (
	"fmt"
	"slices"

	"amiship/internal/release"
	"amiship/internal/world"
)

// buildSide adds the steps that lead to a candidate, and finds what the
// regions can be copied from.
func (b *builder) buildSide(v *variant) {
	home := v.Build.Region
	b.discard(v, home, v.dead, Ready)
	switch facts := b.w.Regions[home].Images; {
	case v.candidate != nil:
		b.settle(v)
	case v.anyRelease():
		b.built(v)
	case !facts.Known():
		b.unknownHome(v, facts.Err)
	default:
		b.build(v)
	}
}

// built: the release has AMIs already, so nothing needs to be built.
func (b *builder) built(v *variant) {
	image, where := v.released()
	if image != nil {
		v.source, v.origin = &Source{Region: where, AMI: image.ID}, image
	}
	b.doneBuilding(v, "")
	if v.claim != nil && (v.claim.Run == b.r.ID || v.claim.Dead(b.w.Now)) {
		b.unclaim(v, Ready) // it came too late, or was left
	}
}

func (b *builder) doneBuilding(v *variant, ami string) {
	key := v.Key(v.Build.Region)
	b.add(Step{Action: Action{ID: stepID(Claim, key), Kind: Claim, Target: key}, State: Done, Required: true})
	b.add(Step{Action: Action{ID: stepID(Build, key), Kind: Build, Target: key, AMI: ami}, State: Done, Required: true})
}

func (b *builder) unknownHome(v *variant, err string) {
	key := v.Key(v.Build.Region)
	build := Step{Action: Action{ID: stepID(Build, key), Kind: Build, Target: key}, State: Waiting, Required: true, Why: "not read yet"}
	if err != "" {
		build.State, build.Why = Blocked, err
		b.block(b.unreadable(v.Build.Region, err), build.ID)
	}
	v.prior = append(v.prior, b.add(build).ID)
}

// unreadable is the blocker of a required region that does not answer.
func (b *builder) unreadable(region, err string) Blocker {
	return Blocker{
		ID: "region/" + region, Why: region + " could not be read: " + err,
		Remedies: []Remedy{{
			Name: "again", Command: "amiship release " + b.d.Tag, Cost: "nothing; carries on when the region answers",
		}, {
			Name: "best_effort", Command: "move " + region + " to regions.best_effort in amiship.yaml",
			Cost: "the release completes without it, and a later run brings it there",
		}},
	}
}

// settle: there is a candidate. It may be copied from once it is available, is
// nobody's work in progress, and carries its tags.
func (b *builder) settle(v *variant) {
	home := v.Build.Region
	key := v.Key(home)
	build := Step{Action: Action{ID: stepID(Build, key), Kind: Build, Target: key, AMI: v.candidate.ID}, Required: true}
	claims := b.w.Regions[home].Claims
	need(b, world.Query{Kind: world.LookClaims, Region: home}, claims)
	switch {
	case v.candidate.State != world.Available:
		build.State, build.Why = Waiting, "AWS is making "+v.candidate.ID
		b.wait(build.ID, build.Why, world.Query{Kind: world.LookImages, Region: home})
	case !claims.Known():
		build.State, build.Why = Waiting, "claims of "+home+" not read: "+claims.Err
	case b.foreign(v):
		build.State, build.Why = Waiting, "another run ("+v.claim.Run+") is finishing it"
		b.wait(build.ID, build.Why, world.Query{Kind: world.LookClaims, Region: home})
	default:
		build.State = Done
	}
	if _, building := b.r.InFlight[build.ID]; building {
		build.State = Running
	}
	if differs := b.otherPackage(v, v.candidate); differs != "" {
		build.State, build.Why = Blocked, differs
		b.block(packageDiffers(v.Variant, differs), build.ID)
	}
	build = b.add(build)
	if build.State != Done {
		v.prior = append(v.prior, build.ID)
		return
	}
	b.add(Step{Action: Action{ID: stepID(Claim, key), Kind: Claim, Target: key}, State: Done, Required: true})
	b.adopt(v)
	b.unclaim(v, Ready)
}

// foreign reports whether the variant's claim is another run's that is alive.
func (b *builder) foreign(v *variant) bool {
	return v.claim != nil && v.claim.Run != b.r.ID && !v.claim.Dead(b.w.Now)
}

// otherPackage says how the package that an image was made of differs from the
// one that the catalog names; unknown is no difference.
func (b *builder) otherPackage(v *variant, i *world.Image) string {
	have, want := i.Tag(release.TagPackage), v.Build.Package.SHA256
	if have == "" || want == "" || have == want {
		return ""
	}
	return fmt.Sprintf("%s was built from a package with SHA-256 %.12s…, the catalog names %.12s…", i.ID, have, want)
}

func packageDiffers(v release.Variant, why string) Blocker {
	return Blocker{
		ID: "package/" + v.Image + "/" + v.Arch, Why: why,
		Remedies: []Remedy{{
			Name: "keep", Command: "put the package's former digest back into amiship.yaml", Cost: "the release goes on with what was built",
		}, {
			Name: "sweep", Command: "amiship sweep --candidates --yes", Cost: "removes the candidate; the next release builds it anew",
		}},
	}
}

// adopt completes the tags of a candidate whose run died before it wrote them.
func (b *builder) adopt(v *variant) {
	origin := b.origin(v)
	want := b.tags(v, release.StageCandidate, origin)
	key := v.Key(v.Build.Region)
	for k, val := range want {
		if v.candidate.Tags[k] == val {
			continue
		}
		s := b.add(Step{State: Ready, Required: true, Action: Action{
			ID: stepID(Adopt, key), Kind: Adopt, Target: key, AMI: v.candidate.ID, Name: v.candidate.Name,
			Tags: want, Snapshots: v.candidate.Snapshots, Seen: seen(*v.candidate),
		}})
		v.prior = append(v.prior, s.ID)
		return
	}
	v.source, v.origin = &Source{Region: v.Build.Region, AMI: v.candidate.ID}, v.candidate
}

// origin is what was recorded when the candidate was begun: on itself, else on
// the claim of its run, else in its name.
func (b *builder) origin(v *variant) map[string]string {
	if v.candidate.Tags[release.TagInputs] != "" {
		return v.candidate.Tags
	}
	if v.claim != nil {
		return v.claim.Tags
	}
	return map[string]string{release.TagInputs: release.TagValue(v.candidate.Name[len(v.name)+1:])}
}

// unclaim ends the variant's claim, if there is one that is ours or dead.
func (b *builder) unclaim(v *variant, state State) {
	if v.claim == nil {
		return
	}
	key := v.Key(v.Build.Region)
	if after := slices.Clone(v.prior); len(after) > 0 {
		state = After
	}
	b.add(Step{State: state, Required: true, After: v.prior, Action: Action{
		ID: stepID(Unclaim, key), Kind: Unclaim, Target: key, Name: v.claim.Name, Group: v.claim.Group, Own: v.claim.Run == b.r.ID,
	}})
}

// build: there is nothing yet. What the build needs is found before anything
// is claimed, so that a wrong checksum leaves nothing behind.
func (b *builder) build(v *variant) {
	home := v.Build.Region
	key := v.Key(home)
	claim := Step{Action: Action{ID: stepID(Claim, key), Kind: Claim, Target: key, Name: v.name}, State: Ready, Required: true}
	build := Step{Action: Action{ID: stepID(Build, key), Kind: Build, Target: key}, State: After, After: []ID{claim.ID}, Required: true}
	if made, ok := b.r.Made[build.ID]; ok && !made.Lost {
		build.State, build.After, build.Why = Waiting, nil, "AWS does not show "+made.AMI+" yet"
		b.wait(build.ID, build.Why, world.Query{Kind: world.LookImages, Region: home})
		v.prior = append(v.prior, b.add(build).ID)
		return
	}
	if pkg, base, ok := b.materials(v, claim.ID); ok {
		build.Name, build.Value = b.d.CandidateName(v.Variant, pkg.Inputs), pkg.Path
		build.From, build.Device = Source{Region: home, AMI: base.ID}, base.RootDevice
		build.Tags = b.tags(v, release.StageCandidate, map[string]string{
			release.TagInputs: release.TagValue(pkg.Inputs), release.TagPackage: release.TagValue(pkg.SHA256),
			release.TagBase: release.TagValue(base.ID),
		})
		claim.Tags = build.Tags
		b.claimState(v, &claim, &build)
	} else {
		claim.State, claim.Why = b.materialState(v)
	}
	b.add(claim)
	v.prior = append(v.prior, b.add(build).ID)
}

// materials returns the package and the base, or asks for them.
func (b *builder) materials(v *variant, holds ID) (world.Package, world.Base, bool) {
	name := v.Image + "/" + v.Arch
	pkg, base := b.w.Packages[name], b.w.Bases[name]
	need(b, world.Query{Kind: world.LookPackage, Variant: name}, pkg)
	need(b, world.Query{Kind: world.LookBase, Variant: name, Region: v.Build.Region}, base)
	if pkg.Missed() {
		b.block(Blocker{ID: "package/" + name, Why: pkg.Err}, holds)
	}
	if base.Missed() {
		b.block(Blocker{ID: "base/" + name, Why: base.Err}, holds)
	}
	return pkg.Val, base.Val, pkg.Known() && base.Known()
}

func (b *builder) materialState(v *variant) (State, string) {
	name := v.Image + "/" + v.Arch
	for _, err := range []string{b.w.Packages[name].Err, b.w.Bases[name].Err} {
		if err != "" {
			return Blocked, err
		}
	}
	return Waiting, "package and base first"
}

// claimState decides whether the build can be claimed, or begun.
func (b *builder) claimState(v *variant, claim, build *Step) {
	home := v.Build.Region
	claims := b.w.Regions[home].Claims
	_, made := b.r.Made[claim.ID]
	mine := v.claim != nil && v.claim.Run == b.r.ID
	failure, over := b.r.Failed[build.ID]
	need(b, world.Query{Kind: world.LookClaims, Region: home}, claims)
	switch {
	case over && failure.Retry.IsZero():
		claim.State = After
		build.State, build.After, build.Why, build.Code = Failed, nil, failure.Err, failure.Code
		if mine {
			b.unclaim(v, Ready)
		}
	case claims.At.IsZero():
		claim.State, claim.Why = Waiting, "claims not read yet"
	case claims.Missed():
		claim.State, claim.Why = Blocked, claims.Err
		b.block(b.unreadable(home, claims.Err), claim.ID)
	case made || mine:
		claim.State, build.State, build.After = Done, Ready, nil
	case v.claim == nil:
	case v.claim.Dead(b.w.Now):
		claim.State = After
		claim.After = []ID{stepID(Unclaim, v.Key(home))}
		b.unclaim(v, Ready)
	default:
		claim.State = Waiting
		claim.Why = fmt.Sprintf("another run (%s) is building it, and was there %.0f s ago", v.claim.Run, b.w.Now.Sub(v.claim.Alive).Seconds())
		b.wait(claim.ID, claim.Why, world.Query{Kind: world.LookClaims, Region: home})
	}
	if len(v.dead) > 0 && build.State == Ready {
		build.State, build.After = After, []ID{stepID(Discard, v.Key(home), v.dead[0].ID)}
	}
}

// discard removes AMIs that failed.
func (b *builder) discard(v *variant, region string, dead []world.Image, state State) {
	for _, i := range dead {
		key := v.Key(region)
		s := Step{State: state, Required: true, Action: Action{
			ID: stepID(Discard, key, i.ID), Kind: Discard, Target: key, AMI: i.ID, Name: i.Name, Seen: seen(i),
		}}
		if state == After {
			s.After = []ID{stepID(Copy, key)}
		}
		b.add(s)
	}
}
