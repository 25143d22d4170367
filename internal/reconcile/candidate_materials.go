package reconcile

import (
	"fmt"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// materials asks for the package and the base, and says what a build lacks.
func (x candidates) materials(v *variant, holds plan.ID) (found findings) {
	name := v.Image + "/" + v.Arch
	pkg, base, network := x.w.Packages[name], x.w.Bases[name], x.w.Regions[v.Build.Region].Network
	need(&found, world.Query{Kind: world.LookPackage, Variant: name}, pkg)
	need(&found, world.Query{Kind: world.LookBase, Variant: name, Region: v.Build.Region}, base)
	need(&found, world.Query{Kind: world.LookNetwork, Region: v.Build.Region}, network)
	if pkg.Missed() {
		found.lack(plan.Blocker{ID: "package/" + name, Why: pkg.Err, Remedies: []plan.Remedy{x.continuing("when the package can be had, as package in amiship.yaml says")}}, holds)
	}
	if base.Missed() {
		found.lack(x.noBase(v, base), holds)
	}
	if base.Known() && base.Val.Unallowed {
		found.note("%s: the Allowed AMIs of the account in %s, in audit mode, do not allow its base %s (%s): once they are enabled, nothing can be built from it", name, v.Build.Region, base.Val.ID, base.Val.Name)
	}
	if base.Val.ProductCode != "" && x.d.Open(v.Variant) {
		found.lack(x.soldBase(v, base.Val), holds)
	}
	if bl := x.network(v, network.Val); bl != nil {
		found.lack(*bl, holds)
	}
	found.include(x.instanceTypes(v, holds))
	found.include(x.metadata(v, base.Val, holds))
	if x.w.Skew != 0 {
		found.lack(x.wrongClock(), holds)
	}
	return found
}

// noBase: there is no AMI to build from, or the account may not use it.
func (x candidates) noBase(v *variant, base world.Fact[world.Base]) plan.Blocker {
	bl := plan.Blocker{ID: "base/" + v.Image + "/" + v.Arch, Why: base.Err}
	if allowed := base.Val.Allowed; allowed.Enabled && len(allowed.Allow) > 0 {
		bl.Remedies = append(bl.Remedies, plan.Remedy{
			Name: "allow", Command: plan.Line(allowed.Allow...), IAM: []string{"ec2:ReplaceImageCriteriaInAllowedImagesSettings"},
			Cost: "the account can find and launch every AMI of the base's owner in " + v.Build.Region + "; the criteria there are, as of now, stay",
		})
	}
	bl.Remedies = append(bl.Remedies, x.continuing("when base in amiship.yaml names an AMI that is there"))
	return bl
}

// continuing is the release's own command, once something has been done.
func (x candidates) continuing(when string) plan.Remedy {
	return plan.Remedy{Name: "again", Command: x.command(), Cost: "nothing; resumes " + when}
}

// soldBase: AWS gives an image the product code of its base, and then lets it be neither
// public nor listed.
func (x candidates) soldBase(v *variant, base world.Base) plan.Blocker {
	return plan.Blocker{
		ID:       "base/" + v.Image + "/" + v.Arch,
		Why:      fmt.Sprintf("%s (%s) has the product code %s of AWS Marketplace: an AMI that is built from it can be neither public nor listed", base.ID, base.Name, base.ProductCode),
		Remedies: []plan.Remedy{x.continuing("when base in amiship.yaml names an AMI without a product code")},
	}
}

// network says what is wrong with the first of a build's subnets of which something is;
// nil if builders can run in all, and be reached.
func (x candidates) network(v *variant, subnets map[string]world.Subnet) *plan.Blocker {
	first := subnets[v.Build.Subnet]
	for _, t := range v.Build.LaunchTargets() {
		switch s := subnets[t.Subnet]; {
		case s.Missing != "":
			return x.noNetwork(v, s.Missing)
		case s.VPC != first.VPC:
			return x.noNetwork(v, fmt.Sprintf("%s names subnets of two VPCs: %s is in %s, %s in %s", v.Build.See("subnet"), v.Build.Subnet, first.VPC, t.Subnet, s.VPC))
		case s.Private && v.Build.Outside():
			return x.unreachable(v, t.Subnet)
		}
	}
	return nil
}

// unreachable: neither Packer nor a boot test would get an answer of its instances.
func (x candidates) unreachable(v *variant, subnet string) *plan.Blocker {
	bl := plan.Blocker{ID: "network/" + v.Build.Region, Why: v.Build.Unreachable(subnet)}
	if subnet != "" {
		bl.Remedies = append(bl.Remedies, plan.Remedy{
			Name: "public", Command: "aws ec2 modify-subnet-attribute --region " + v.Build.Region + " --subnet-id " + subnet + " --map-public-ip-on-launch", IAM: []string{"ec2:ModifySubnetAttribute"},
			Cost: "every instance that is launched there from then on gets a public address, unless the launch says otherwise; its route to an internet gateway is not checked",
		})
	}
	bl.Remedies = append(bl.Remedies, subnetRemedy(v), plan.Remedy{
		Name: "inside", Command: "set build.access_from: vpc in amiship.yaml", Cost: "releases must run in that VPC, or in a network that reaches it",
	})
	return &bl
}

func subnetRemedy(v *variant) plan.Remedy {
	return plan.Remedy{
		Name: "subnet", Command: "name a subnet of " + v.Build.Region + " in " + v.Build.See("subnet"), Cost: "builders run there; it must let them reach the internet, and be reached",
	}
}

// noNetwork: a builder would have nowhere to run.
func (x candidates) noNetwork(v *variant, why string) *plan.Blocker {
	bl := &plan.Blocker{ID: "network/" + v.Build.Region, Why: why, Remedies: []plan.Remedy{subnetRemedy(v)}}
	if v.Build.Subnet == "" {
		bl.Remedies = append(bl.Remedies, plan.Remedy{
			Name: "default-vpc", Command: "aws ec2 create-default-vpc --region " + v.Build.Region, IAM: []string{"ec2:CreateDefaultVpc"},
			Cost: "the account gets a VPC that all are in who name none",
		})
	}
	return bl
}

// instanceTypes: AWS would launch neither a builder nor the instances of its boot test.
func (x candidates) instanceTypes(v *variant, holds plan.ID) (found findings) {
	home := x.w.Regions[v.Build.Region]
	need(&found, world.Query{Kind: world.LookTypes, Region: v.Build.Region}, home.Types)
	if home.Types.Missed() {
		found.note("whether %s has the instance types of %s/%s is not known: %s", v.Build.Region, v.Image, v.Arch, home.Types.Err)
	}
	if !home.Types.Known() {
		return found
	}
	why, passed := home.Unlaunchable(v.Build, v.Arch)
	if why != "" {
		found.lack(plan.Blocker{ID: "instance-type/" + v.Build.Region + "/" + v.Arch, Why: why, Remedies: []plan.Remedy{{
			Name: "type", Command: "name an instance type of " + v.Build.Region + " that runs " + v.Arch + " in " + v.Build.See("instance"), Cost: "builds and boot tests run on it",
		}}}, holds)
	}
	for _, target := range passed {
		found.note("builds of %s/%s: %s, and the next of %s is tried", v.Image, v.Arch, target, v.Build.See("instance"))
	}
	return found
}

// metadata: AWS refuses to launch a builder whose tokens are optional where the account
// enforces IMDSv2, and launches one that gets no key where its default is no metadata service.
func (x candidates) metadata(v *variant, base world.Base, holds plan.ID) (found findings) {
	region := v.Build.Region
	defaults := x.w.Regions[region].Metadata
	if v.Build.Tokens && v.Build.Metadata {
		return found
	}
	need(&found, world.Query{Kind: world.LookMetadata, Region: region}, defaults)
	if defaults.Missed() {
		found.note("what the account's defaults for the metadata service of instances in %s are is not known: %s", region, defaults.Err)
	}
	if base.ID != "" && !v.Build.Tokens && defaults.Val.Refuses(base.IMDSSupport) {
		bl := plan.Blocker{ID: "tokens/" + region, Why: defaults.Val.Refusal(region)}
		bl.Remedies = append(metadataDefault(defaults.Val.RequireTokens(region), "requires tokens"),
			plan.Remedy{Name: "template", Command: release.AskForTokens, Cost: "nothing, if the scripts of the template and of the base use tokens"})
		found.lack(bl, holds)
	}
	if defaults.Val.Off && !v.Build.Metadata {
		bl := plan.Blocker{ID: "metadata/" + region, Why: defaults.Val.Without(region)}
		bl.Remedies = append(metadataDefault(defaults.Val.SwitchOn(region), "is there"),
			plan.Remedy{Name: "template", Command: release.AskForMetadata, Cost: "nothing: the builder alone has one"})
		found.lack(bl, holds)
	}
	return found
}

// metadataDefault is the remedy that sets an account's default; none where it can't.
func metadataDefault(command, becomes string) []plan.Remedy {
	if command == "" {
		return nil
	}
	return []plan.Remedy{{
		Name: "default", Command: command, IAM: []string{"ec2:ModifyInstanceMetadataDefaults"},
		Cost: "the metadata service of every instance of the account that is launched there from then on " + becomes + ", unless the launch says otherwise",
	}}
}

// wrongClock: Packer's requests would be refused. Amiship's own are not, and so the
// rest of a release goes on.
func (x candidates) wrongClock() plan.Blocker {
	return plan.Blocker{ID: "clock", Why: plan.WrongClock(x.w.Skew), Remedies: []plan.Remedy{{
		Name: "set", Command: plan.SetClock, Cost: "nothing; then run " + x.command() + " again",
	}}}
}

func (x candidates) materialState(v *variant) (plan.State, string) {
	name := v.Image + "/" + v.Arch
	for _, err := range []string{x.w.Packages[name].Err, x.w.Bases[name].Err} {
		if err != "" {
			return plan.Blocked, err
		}
	}
	return plan.Waiting, "its package and base AMI are not read yet"
}
