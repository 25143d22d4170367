package reconcile

import (
	"fmt"

	"amiship/internal/world"
)

// recoverable says whether an AMI can be restored once it is deregistered.
func recoverable(rules world.Fact[[]world.BinRule], i world.Image) string {
	if !rules.Known() {
		return "whether a rule of the Recycle Bin covers it could not be read: " + rules.Err
	}
	if days := world.KeptDays(rules.Val, i.Tags); days > 0 {
		noun := "days"
		if days == 1 {
			noun = "day"
		}
		return fmt.Sprintf("the Recycle Bin keeps it for %d %s, and it counts in the quotas until then", days, noun)
	}
	return "no rule of the Recycle Bin covers it: it cannot be restored"
}
