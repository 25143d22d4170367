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
	b.discard(v.Key(home), v.dead, Ready)
	switch facts := b.w.Regions[home].Images; {
	case v.candidate != nil:
		b.settle(v)
	case v.anyRelease():
		b.built(v)
	case !facts.Known():
		b.unknownHome(v, facts.Err)
	default:
		b.make(v)
	}
}

// built: the release has AMIs already, so nothing needs to be built.
func (b *builder) built(v *variant) {
	image, where := v.released()
	if image != nil {
		v.source, v.origin = &Source{Region: where, AMI: image.ID}, image
	}
	b.doneBuilding(v, "")
	b.tidy(v, v.building) // it came too late, or was left
	b.tidy(v, v.testing)
}

func (b *builder) doneBuilding(v *variant, ami string) {
	key := v.Key(v.Build.Region)
	b.add(Step{Action: Action{ID: stepID(Claim, key), Kind: Claim, Target: key}, State: Done, Required: true})
	b.add(Step{Action: Action{ID: stepID(Build, key), Kind: Build, Target: key, AMI: ami}, State: Done, Required: true})
	if !b.d.Untested {
		b.add(Step{Action: Action{ID: stepID(Test, key), Kind: Test, Target: key, AMI: ami}, State: Done, Required: true})
	}
}

func (b *builder) unknownHome(v *variant, err string) {
	key := v.Key(v.Build.Region)
	build := Step{Action: Action{ID: stepID(Build, key), Kind: Build, Target: key}, State: Waiting, Required: true, Why: "not read yet"}
	if err != "" {
		build.State, build.Why = Blocked, err
		b.block(b.unreadable(v.Build.Region, err), build.ID)
	}
	b.testAfter(v, b.add(build))
}

// unreadable is the blocker of a required region that does not answer.
func (b *builder) unreadable(region, err string) Blocker {
	bl := Blocker{ID: "region/" + region, Why: region + " could not be read: " + err}
	if b.w.Regions[region].Off {
		bl.Remedies = append(bl.Remedies, Remedy{
			Name: "enable", Command: "aws account enable-region --region-name " + region, IAM: []string{"account:EnableRegion"},
			Cost: "switches the region on for the account; takes AWS minutes to hours",
		})
	}
	bl.Remedies = append(bl.Remedies, Remedy{
		Name: "again", Command: "amiship release " + b.d.Tag, Cost: "nothing; carries on when the region answers",
	}, Remedy{
		Name: "best_effort", Command: "move " + region + " to regions.best_effort in amiship.yaml",
		Cost: "the release completes without it, and a later run brings it there",
	})
	if !b.w.Regions[region].Off || b.begun() {
		bl.Remedies = append(bl.Remedies, Remedy{
			Name: "waive", Command: "amiship waive " + region + " --reason TEXT --until DATE --tag " + b.d.Tag,
			Cost: "the same for this release alone, until that day",
		})
	}
	return bl
}

// begun reports whether there is a candidate of the release: on it stands what was
// decided about this release alone.
func (b *builder) begun() bool {
	return slices.ContainsFunc(b.d.Variants, func(v release.Variant) bool {
		return slices.ContainsFunc(b.images(v.Build.Region), func(i world.Image) bool { return isCandidate(b.d.ClaimName(v), i) })
	})
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
	case b.foreign(v.building):
		build.State, build.Why = Waiting, "another run ("+v.building.claim.Run+") is finishing it"
		b.wait(build.ID, build.Why, world.Query{Kind: world.LookClaims, Region: home})
	default:
		build.State = Done
	}
	if _, building := b.r.InFlight[build.ID]; building {
		build.State = Running
	}
	if differs := b.otherPackage(v, v.candidate); differs != "" {
		build.State, build.Why = Blocked, differs
		b.block(packageDiffers(b.d.Tag, v.Variant, differs), build.ID)
	}
	build = b.add(build)
	if build.State != Done {
		b.testAfter(v, build)
		return
	}
	b.add(Step{Action: Action{ID: stepID(Claim, key), Kind: Claim, Target: key}, State: Done, Required: true})
	adopted := b.adopt(v)
	b.unclaim(v, v.building)
	if adopted && b.candidateIMDS(v) && b.tested(v) {
		v.source, v.origin = &Source{Region: home, AMI: v.candidate.ID}, v.candidate
	}
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

func packageDiffers(tag string, v release.Variant, why string) Blocker {
	return Blocker{
		ID: "package/" + v.Image + "/" + v.Arch, Why: why,
		Remedies: []Remedy{{
			Name: "keep", Command: "put the package's former digest back into amiship.yaml", Cost: "the release goes on with what was built",
		}, {
			Name: "rebuild", Command: "amiship release " + tag + " --rebuild", Cost: "builds the candidate anew; what was released already stays",
		}},
	}
}

// adopt completes the tags of a candidate whose run died before it wrote them,
// and reports whether they are complete.
func (b *builder) adopt(v *variant) bool {
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
		b.testAfter(v, s)
		return false
	}
	return true
}

// origin is what was recorded when the candidate was begun: on itself, else on
// the claim of its run, else in its name.
func (b *builder) origin(v *variant) map[string]string {
	if v.candidate.Tags[release.TagInputs] != "" {
		return v.candidate.Tags
	}
	if v.building.claim != nil {
		return v.building.claim.Tags
	}
	return map[string]string{release.TagInputs: release.TagValue(v.candidate.Name[len(v.name)+1:])}
}

// make: there is nothing yet. What the build needs is found before anything
// is claimed, so that a wrong checksum leaves nothing behind.
func (b *builder) make(v *variant) {
	home := v.Build.Region
	key := v.Key(home)
	claim := Step{Action: Action{ID: stepID(Claim, key), Kind: Claim, Target: key, Name: v.name}, State: Ready, Required: true}
	build := Step{Action: Action{ID: stepID(Build, key), Kind: Build, Target: key}, State: After, After: []ID{claim.ID}, Required: true}
	if made, ok := b.r.Made[build.ID]; ok && !made.Lost {
		build.State, build.After, build.Why = Waiting, nil, "AWS does not show "+made.AMI+" yet"
		b.waitUnshown(build.ID, build.Why, world.Query{Kind: world.LookImages, Region: home})
		b.testAfter(v, b.add(build))
		return
	}
	b.builds = true
	if pkg, base, ok := b.materials(v, claim.ID); ok {
		build.Name, build.Value = b.d.CandidateName(v.Variant, pkg.Inputs), pkg.Path
		build.From, build.Device = Source{Region: home, AMI: base.ID}, base.RootDevice
		build.Tags = b.madeNow(v, release.StageCandidate, map[string]string{
			release.TagInputs: release.TagValue(pkg.Inputs), release.TagPackage: release.TagValue(pkg.SHA256),
			release.TagBase: release.TagValue(base.ID),
		})
		claim.Tags = build.Tags
		b.claimState(v, v.building, &claim, &build)
		if len(v.dead) > 0 && build.State == Ready {
			build.State, build.After = After, []ID{stepID(Discard, key, v.dead[0].ID)}
		}
	} else {
		claim.State, claim.Why = b.materialState(v)
	}
	b.add(claim)
	b.testAfter(v, b.add(build))
}

// materials returns the package and the base, or asks for them.
func (b *builder) materials(v *variant, holds ID) (world.Package, world.Base, bool) {
	name := v.Image + "/" + v.Arch
	pkg, base := b.w.Packages[name], b.w.Bases[name]
	need(b, world.Query{Kind: world.LookPackage, Variant: name}, pkg)
	need(b, world.Query{Kind: world.LookBase, Variant: name, Region: v.Build.Region}, base)
	network := b.w.Regions[v.Build.Region].Network
	need(b, world.Query{Kind: world.LookNetwork, Region: v.Build.Region}, network)
	if pkg.Missed() {
		b.lack(Blocker{ID: "package/" + name, Why: pkg.Err, Remedies: []Remedy{b.carryingOn("when the package can be had, as package in amiship.yaml says")}}, holds)
	}
	if base.Missed() {
		b.lack(Blocker{ID: "base/" + name, Why: base.Err, Remedies: []Remedy{b.carryingOn("when base in amiship.yaml names an AMI that is there")}}, holds)
	}
	if why := network.Val[v.Build.Subnet]; why != "" {
		b.lack(b.noNetwork(v, why), holds)
	}
	if b.w.Skew != 0 {
		b.lack(b.wrongClock(), holds)
	}
	return pkg.Val, base.Val, pkg.Known() && base.Known()
}

// carryingOn is the release's own command, once something has been done.
func (b *builder) carryingOn(when string) Remedy {
	return Remedy{Name: "again", Command: b.command(), Cost: "nothing; carries on " + when}
}

// noNetwork: a builder would have nowhere to run.
func (b *builder) noNetwork(v *variant, why string) Blocker {
	bl := Blocker{ID: "network/" + v.Build.Region, Why: why, Remedies: []Remedy{{
		Name: "subnet", Command: "name a subnet of " + v.Build.Region + " in build.subnet of amiship.yaml", Cost: "builders run there; it must let them reach the internet, and be reached",
	}}}
	if v.Build.Subnet == "" {
		bl.Remedies = append(bl.Remedies, Remedy{
			Name: "default-vpc", Command: "aws ec2 create-default-vpc --region " + v.Build.Region, IAM: []string{"ec2:CreateDefaultVpc"},
			Cost: "the account gets a VPC that all are in who name none",
		})
	}
	return bl
}

// wrongClock: Packer's requests would be refused. Amiship's own are not, and so the
// rest of a release goes on.
func (b *builder) wrongClock() Blocker {
	return Blocker{ID: "clock", Why: world.WrongClock(b.w.Skew), Remedies: []Remedy{{
		Name: "set", Command: world.SetClock, Cost: "nothing; then run " + b.command() + " again",
	}}}
}

func (b *builder) lack(bl Blocker, holds ID) {
	b.block(bl, holds)
	b.lacking = append(b.lacking, bl.ID)
}

// holdBuilds keeps every build from beginning while one of the release can't:
// a licence that is missing shows before any machine is paid for.
func (b *builder) holdBuilds() {
	why := b.lacking
	if !b.d.Policy.BuildAnyway {
		why = append(append(why, b.closed...), b.crowded...)
	}
	if len(why) == 0 {
		return
	}
	for i := range b.plan.Steps {
		s := &b.plan.Steps[i]
		if s.Kind == Claim && s.State == Ready && !s.claimsTest() {
			s.State, s.Why = Blocked, "nothing is built before "+why[0]+" is settled"
			b.block(b.shutting(why[0]), s.ID)
		}
	}
}

// shutting is the blocker of that id, which may hold nothing yet.
func (b *builder) shutting(id string) Blocker {
	for _, bl := range b.shut {
		if bl.ID == id {
			return bl
		}
	}
	return Blocker{ID: id}
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

// discard removes AMIs that failed.
func (b *builder) discard(key release.Key, dead []world.Image, state State) {
	for _, i := range dead {
		s := Step{State: state, Required: true, Action: Action{
			ID: stepID(Discard, key, i.ID), Kind: Discard, Target: key, AMI: i.ID, Name: i.Name, Seen: seen(i),
		}}
		if state == After {
			s.After = []ID{stepID(Copy, key)}
		}
		b.add(s)
	}
}
