package reconcile

import (
	"cmp"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/world"
)

// origins are the tags that say how an AMI came about.
var origins = []string{record.TagInputs, record.TagPackage, record.TagBase, record.TagBaseName, record.TagCommit, record.TagTested, record.TestedMark}

// candidateTags are the tags that a candidate must have.
func (x candidates) candidateTags(v *variant) map[string]string {
	return x.tags(v, record.StageCandidate, x.origin(v))
}

// tagged reports whether a candidate has its tags: its run may have died before it wrote them.
func (x candidates) tagged(v *variant) bool {
	for k, val := range x.candidateTags(v) {
		if v.candidate.Tags[k] != val {
			return false
		}
	}
	return true
}

// adopt adds, once, the step that completes the tags of a candidate, and returns it.
func (x candidates) adopt(v *variant) plan.Step {
	if v.adoption == nil {
		s := x.decide(x.adoption(v))
		v.adoption = &s
	}
	return *v.adoption
}

// adoption decides when the tags of a candidate are completed: once it is known what it was
// made of, as far as that can be known.
func (x candidates) adoption(v *variant) *verdict {
	want, key, name := x.candidateTags(v), v.Key(v.Build.Region), v.Image+"/"+v.Arch
	s := plan.Step{State: plan.Ready, Required: true, Action: plan.Action{
		ID: plan.StepID(plan.Adopt, key), Target: key, Guard: plan.Guard{Image: plan.Seen(*v.candidate)},
		Change: plan.AdoptImage{Image: plan.Image{AMI: v.candidate.ID, Name: v.candidate.Name, Snapshots: v.candidate.Snapshots}, Tags: want, Own: x.r.Stopping && x.claims.mine(v.building)},
	}}
	switch pkg := x.w.Packages[name]; {
	case x.perhapsStale(v, want):
		out := decided(s, plan.Waiting, "AWS shows neither the tags of "+v.candidate.ID+" nor a claim that has them")
		out.waitUnshown(s.ID, out.step.Why, plan.NamedQuery(x.d, key.Place))
		return out
	case want[record.TagPackage] == "" && !pkg.Known() && !pkg.Missed():
		// Nothing says which package it was built from, perhaps the one that the catalog names
		// now. One that can't be had leaves the origin unknown.
		out := decided(s, plan.Waiting, "the package that "+v.candidate.ID+" may be built from is not read yet")
		need(&out.findings, world.Query{Kind: world.LookPackage, Variant: name}, pkg)
		return out
	}
	return &verdict{step: s}
}

// perhapsStale reports whether what a candidate is made of is known by a part of its
// name alone, and it is so new that its tags, or the claim of its run, may show yet.
func (x candidates) perhapsStale(v *variant, want map[string]string) bool {
	return want[record.TagPackage] == "" && want[record.TagBase] == "" && x.w.Now.Sub(v.candidate.Created) < 2*world.Lease
}

// origin is what the candidate was made of, by all that is known of that: what it says
// itself, what this run has made it with, the claim of the run that made it, and EC2.
// Where none says so there is its name, which has the beginning of the inputs' digest: if
// the digest of what the catalog names now begins so, it is made of that.
func (x candidates) origin(v *variant) map[string]string {
	named := record.TagValue(record.InputsOf(v.candidate.Name))
	known := []map[string]string{v.candidate.Tags, x.r.Made[plan.StepID(plan.Build, v.Key(v.Build.Region))].Tags}
	if v.building.claim != nil {
		known = append(known, v.building.claim.Tags)
	}
	if pkg := x.w.Packages[v.Image+"/"+v.Arch]; pkg.Known() && named != record.TagValue("") && strings.HasPrefix(record.TagValue(pkg.Val.Inputs), named) {
		known = append(known, materialTags(pkg.Val))
	}
	if v.candidate.Source != "" {
		known = append(known, map[string]string{record.TagBase: record.TagValue(v.candidate.Source)})
	}
	return fullest(map[string]string{record.TagInputs: cmp.Or(v.candidate.Tags[record.TagInputs], named)}, known...)
}

// fullest adds to what is known of an AMI's origin what others know of the same one:
// of the inputs' digest it takes the longest, of all else the first that says so.
func fullest(out map[string]string, others ...map[string]string) map[string]string {
	for _, o := range others {
		inputs := o[record.TagInputs]
		if inputs != "" && !strings.HasPrefix(inputs, out[record.TagInputs]) && !strings.HasPrefix(out[record.TagInputs], inputs) {
			continue // of another build
		}
		for _, k := range origins {
			if val := o[k]; val != "" && (out[k] == "" || k == record.TagInputs && len(val) > len(out[k])) {
				out[k] = val
			}
		}
	}
	return out
}
