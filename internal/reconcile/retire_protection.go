package reconcile

import (
	"fmt"

	"amiship/internal/plan"
	"amiship/internal/world"
)

// protected blocks a step that would deregister an AMI which AWS refuses to
// deregister.
func (f *facts) protected(s plan.Step) *verdict {
	image, _ := f.inventory(s.Target.Place).image(s.Image().AMI)
	if s.State != plan.Ready || s.Kind() != plan.Remove && s.Kind() != plan.Discard || image.Protection == "" {
		return &verdict{step: s}
	}
	bl := plan.Blocker{ID: "protection/" + s.Image().AMI, Why: fmt.Sprintf("%s (%s) in %s is protected against deregistration: %s", s.Image().AMI, s.Image().Name, s.Target.Region, image.Protection)}
	if image.Protection == world.CoolingDown {
		bl.Remedies = []plan.Remedy{{Name: "again", Command: f.command(), Cost: "nothing; AWS allows it 24 hours after the protection was disabled"}}
	} else {
		bl.Remedies = []plan.Remedy{{
			Name: "unprotect", Command: image.Unprotect(s.Target.Region), IAM: []string{"ec2:DisableImageDeregistrationProtection"},
			Cost: "AWS lets the AMI be deregistered, after 24 hours if it was protected with a cooldown",
		}}
	}
	return decided(s, plan.Blocked, s.Image().AMI+" is protected against deregistration").blockedBy(bl)
}
