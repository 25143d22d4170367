package reconcile

import (
	"slices"
	"strings"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// endClaims ends the claims of dead runs. Of the others it says when they can be
// judged.
func (x sweep) endClaims(region string) {
	for _, c := range x.w.Regions[region].Claims.Val {
		if x.r.Removed[c.Group] || !record.OfProject(x.d.Project, c.Name, c.Tags) {
			continue
		}
		if !c.Expired() {
			x.note("%s: claim %s of run %s was renewed %s ago; if that run is gone, amiship sweep ends the claim after %s UTC",
				region, c.Name, c.Run, c.Read.Sub(c.Alive).Round(time.Second), c.Due().UTC().Format(time.TimeOnly))
			continue
		}
		x.endClaim(region, c)
	}
}

// endClaim ends a claim once it is known to be dead. What it says of a candidate that
// its run could not tag goes to the candidate first; while AWS still makes that, its
// instance stays.
func (x sweep) endClaim(region string, c world.Claim) {
	key := release.Key{Image: c.Tag(record.TagImage), Arch: c.Tag(record.TagArch), Place: release.Place{Region: region}}
	s := plan.Step{State: plan.Ready, Required: true, Why: LeftOver(c), Action: plan.Action{
		ID: plan.StepID(plan.Unclaim, key, c.Group), Target: key,
		Change: plan.EndClaim{Claim: c.Name, Group: c.Group, Tags: record.OwnerTags(c.Tags)},
	}}
	candidate := x.candidateOf(region, c)
	switch {
	case !c.Dead():
		s.State = plan.Waiting
		x.waitUnshown(s.ID, watching(c), world.Query{Kind: world.LookClaims, Region: region})
	case candidate != nil && candidate.State == world.Pending:
		s.State, s.Why = plan.Waiting, s.Why+"; AWS is making "+candidate.ID+" from it"
		x.wait(s.ID, s.Why, world.Query{Kind: world.LookImages, Region: region})
	}
	if candidate != nil && candidate.Tag(record.TagInputs) == "" && c.Tag(record.TagInputs) != "" {
		adopt := plan.Step{State: s.State, Required: true, Why: candidate.Name + ": its run died before it could tag it", Action: plan.Action{
			ID: plan.StepID(plan.Adopt, key, candidate.ID), Target: key, Guard: plan.Guard{Image: plan.Seen(*candidate)},
			Change: plan.AdoptImage{Image: plan.Image{AMI: candidate.ID, Name: candidate.Name, Snapshots: candidate.Snapshots}, Tags: recordedOn(c)},
		}}
		if s.State == plan.Ready {
			s.State, s.After = plan.Queued, []plan.ID{adopt.ID}
		}
		x.add(adopt)
	}
	x.add(s)
}

// candidateOf is the AMI that came of a claim's build.
func (x sweep) candidateOf(region string, c world.Claim) *world.Image {
	for _, i := range x.here(region).all {
		if record.IsCandidateOf(c.Name, i.Name) && !record.OfAnother(i.Tags, c.Tags) && i.State != world.Failed {
			return &i
		}
	}
	return nil
}

// recordedOn are the tags that a claim keeps for its candidate.
func recordedOn(c world.Claim) map[string]string {
	out := map[string]string{}
	for k, v := range c.Tags {
		if strings.HasPrefix(k, "amiship:") && !slices.Contains([]string{record.TagRun, record.TagAlive}, k) {
			out[k] = v
		}
	}
	return out
}
