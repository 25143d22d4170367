package reconcile

import (
	"fmt"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
)

// mayBeNewer blocks a parameter of the latest version, if it names an AMI of the project
// whose version can't be parsed: that may be the newer one.
func (x parameters) mayBeNewer(s plan.Step) *verdict {
	region := s.Target.Region
	i, ok := x.here(region).image(s.Guard.Parameter)
	if !ok || i.Tag(record.TagProject) != x.d.Project || i.Tag(record.TagVersion) == "" {
		return nil
	}
	if _, err := release.ParseVersion(i.Tag(record.TagVersion)); err == nil {
		return nil
	}
	why := fmt.Sprintf("%s in %s stays: %s may be newer: its tag %s is %q", parameterOf(s).Name, region, i.ID, record.TagVersion, i.Tags[record.TagVersion])
	return decided(s, plan.Blocked, why).blockedBy(plan.Blocker{ID: "tags/" + region + "/" + i.ID, Why: why, Remedies: []plan.Remedy{{
		Name: "restore", Command: i.Retag(region, record.TagVersion), Cost: "nothing; the AMI's version is known again",
	}}})
}
