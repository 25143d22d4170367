package reconcile

import (
	"fmt"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// packageFresh is for how long a package's digest is good enough to publish by.
const packageFresh = 5 * time.Minute

// packages are the decisions about the packages that AMIs are made of.
type packages struct{ *facts }

func (f *facts) packages() packages { return packages{f} }

// everShipped reports whether something of the release is public, or a parameter
// names it: the package is no longer compared.
func (x packages) everShipped() bool {
	for _, region := range x.d.Regions() {
		for _, i := range x.here(region).byTag[x.d.Tag] {
			if kept(*i) && (i.Public || x.inParameter(region, i.ID)) {
				return true
			}
		}
	}
	return false
}

// inParameter reports whether a parameter of a region holds an AMI.
func (x packages) inParameter(region, ami string) bool {
	for _, value := range x.w.Regions[region].Params.Val {
		if value == ami {
			return true
		}
	}
	return false
}

// sourceDigest is what is known of the package's digest where it comes from: as it was
// fetched for a build, or read since.
func (x packages) sourceDigest(v release.Variant) world.Fact[string] {
	name := v.Image + "/" + v.Arch
	read, fetched := x.w.Digests[name], x.w.Packages[name]
	if read.At.After(fetched.At) || !fetched.Known() {
		return read
	}
	return world.Fact[string]{At: fetched.At, Val: fetched.Val.SHA256}
}

// compare asks for the digest of a package that was tested and not released
// yet: once when a run finds a candidate, and again just before the gate opens. One
// that can't be read is no difference, and is told.
func (x packages) compare(v *variant, prepared bool) (found findings) {
	name, digest := v.Image+"/"+v.Arch, x.sourceDigest(v.Variant)
	if digest.Missed() {
		found.note("the package of %s was not compared with its source before publishing: %s", name, digest.Err)
	}
	if x.shipped || v.candidate == nil || !v.Build.Package.Digestible() {
		return found
	}
	if v.candidate.Tag(record.TagPackage) == "" && v.candidate.Tag(record.TagInputs) != "" {
		found.note("the package of %s was not compared with its source: %s does not say which it was built from", name, v.candidate.ID)
		return found
	}
	if digest.At.IsZero() || prepared && x.w.Now.Sub(digest.At) > packageFresh {
		found.refresh(world.Query{Kind: world.LookDigest, Variant: name})
	}
	return found
}

// other says how the package that an image was made of differs from the one
// that the catalog names, or that its source has now; unknown is no difference, nor
// is what was approved.
func (x packages) other(v release.Variant, i *world.Image) string {
	have, want, who := i.Tag(record.TagPackage), v.Build.Package.SHA256, "the catalog names"
	if now := x.sourceDigest(v); want == "" && !x.shipped && now.Known() {
		want, who = now.Val, "its source has now"
	}
	if have == "" || want == "" || have == want || x.r.Approved[plan.ID(packageID(v))] == packageSeen(have, want) {
		return ""
	}
	return fmt.Sprintf("%s was built from a package with SHA-256 %.12s…, %s %.12s…", i.ID, have, who, want)
}

func packageID(v release.Variant) string { return "package/" + v.Image + "/" + v.Arch }

// packageSeen is the digest by which a package that was replaced is approved of.
func packageSeen(have, want string) string {
	return record.Digest(12, have, want)
}

// differs blocks a step while the image that it is about was made of another
// package.
func (x packages) differs(s plan.Step, v release.Variant, i *world.Image) *verdict {
	keep := plan.Remedy{Name: "keep", Command: "put the package's former digest back into amiship.yaml", Cost: "the release goes on with what was built and tested"}
	if v.Build.Package.SHA256 == "" {
		keep = plan.Approving(x.command(), []string{plan.Approval(plan.ID(packageID(v)), packageSeen(i.Tag(record.TagPackage), x.sourceDigest(v).Val))}, keep)
	}
	why := x.other(v, i)
	return decided(s, plan.Blocked, why).blockedBy(plan.Blocker{
		ID: packageID(v), Why: why,
		Remedies: []plan.Remedy{keep, {
			Name: "rebuild", Command: plan.Line("amiship", "release", x.d.Tag, "--rebuild"),
			Cost: "builds the candidate anew and replaces copies of it; what is public already stays",
		}},
	})
}

// outdated reports whether an AMI is a copy of a candidate that this run builds anew.
func (x packages) outdated(v release.Variant, i *world.Image) bool {
	return x.r.Rebuild && !x.shipped && x.other(v, i) != ""
}
