package world

import (
	"fmt"
	"time"

	"amiship/internal/release"
)

// Unreadable says which of an AMI's own tags can't be parsed, and how it is written
// anew; "" if all can. Nothing that rests on such a tag is done: what it said is not
// known, and is never taken for the tag that is not there.
func (i Image) Unreadable(region string) string {
	bad, ok := release.ReadableTags(i.Tags)
	if ok {
		return ""
	}
	return bad.String() + ": " + i.Retag(region, bad.Key)
}

// Retag is the command that writes a tag of an AMI anew.
func (i Image) Retag(region, key string) string {
	return fmt.Sprintf("aws ec2 create-tags --region %s --resources %s --tags Key=%s,Value=…", region, i.ID, key)
}

// Unprotect is the command by which AWS lets an AMI be deregistered.
func (i Image) Unprotect(region string) string {
	return fmt.Sprintf("aws ec2 disable-image-deregistration-protection --region %s --image-id %s", region, i.ID)
}

// LaunchedAgo says for people when an AMI was last launched: "last launched 3 days ago".
func (i Image) LaunchedAgo(now time.Time) string {
	if i.LastLaunched.IsZero() {
		return "never launched"
	}
	return fmt.Sprintf("last launched %d days ago", int(now.Sub(i.LastLaunched).Hours()/24))
}
