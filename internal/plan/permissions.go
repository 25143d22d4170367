package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"amiship/internal/world"
)

// uses are the kinds of steps that need an IAM action, of those that can be asked
// for without doing anything.
var uses = map[string][]Kind{
	"ec2:CreateSecurityGroup":     {Claim, Test},
	"ec2:CreateKeyPair":           {Claim, Test},
	"ec2:CreateTags":              {Claim, Adopt, Copy},
	"ec2:CopyImage":               {Copy},
	"ec2:ModifyImageAttribute":    {Share, Publish},
	"ec2:ModifySnapshotAttribute": {Share},
	"ec2:DeregisterImage":         {Remove},
}

// permissions finds what the caller may not do, before it builds: a release that
// ends in the middle for it has cost machines and leaves things behind. Who looks
// further ahead may be somebody who is only allowed to look.
func (b *builder) permissions() {
	if !b.builds || b.r.Ahead > 0 {
		return
	}
	where := map[string][]string{} // by action
	for _, region := range b.d.Regions() {
		reg := b.w.Regions[region]
		if !reg.Images.Known() {
			continue
		}
		need(b, world.Query{Kind: world.LookDenied, Region: region}, reg.Denied)
		for action := range reg.Denied.Val {
			where[action] = append(where[action], region)
		}
	}
	for _, action := range slices.Sorted(maps.Keys(where)) {
		b.forbidden(action, where[action])
	}
}

// forbidden blocks the steps that need an action, in the regions where it is
// denied.
func (b *builder) forbidden(action string, regions []string) {
	slices.Sort(regions)
	bl := Blocker{
		ID:  "permission/" + action,
		Why: fmt.Sprintf("the caller may not %s in %s: %s", action, strings.Join(regions, ", "), b.w.Regions[regions[0]].Denied.Val[action]),
		Remedies: []Remedy{{
			Name: "allow", Command: "allow " + action + " in the policy of whom aws sts get-caller-identity shows", IAM: []string{action},
			Cost: "nothing; then run " + b.command() + " again",
		}},
	}
	holds := false
	for _, s := range b.plan.Steps {
		if s.State == Done || s.State == Skipped || !slices.Contains(uses[action], s.Kind) || !slices.Contains(regions, s.Target.Region) {
			continue
		}
		b.block(bl, s.ID)
		holds = holds || s.Required
	}
	if holds {
		b.closed = append(b.closed, bl.ID)
	}
}
