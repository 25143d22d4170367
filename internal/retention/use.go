package retention

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// Use is who uses an AMI, as far as that was read.
type Use struct {
	// References are ARNs of what of the account refers to it. The project's own parameters
	// are none: see judge.parameters.
	References []string `json:"references,omitempty"`
	// Report is the newest fresh one about other accounts.
	Report *world.UsageReport `json:"report,omitempty"`
	// Unreported: the policy asks for other accounts, and no report says whether they use it.
	Unreported bool   `json:"unreported,omitempty"`
	unread     string // why it could not be read what refers to it
	unreported string // why there is no report
}

// ReportDays is for how many days a usage report says who uses an AMI: longer ago, and who began
// to use it since is not in it.
const ReportDays = 7

// FreshReport is the newest usage report of an AMI that still counts.
func FreshReport(u world.Usage, ami string, now time.Time) (world.UsageReport, bool) {
	r, found := u.Newest(ami, world.Available)
	return r, found && now.Sub(r.Created) < ReportDays*24*time.Hour
}

// use is who uses an AMI, whatever the policy is.
func (j *judge) use(ami string) (u Use) {
	arns, asked := j.refers.Val.ByAMI[ami]
	u.References = slices.DeleteFunc(slices.Clone(arns), j.own)
	if !asked || !j.refers.Known() {
		u.unread = "what refers to the AMIs of " + j.region + " could not be read" + after(cmp.Or(j.refers.Val.Denied, j.refers.Err))
	}
	report, fresh := FreshReport(j.usage.Val, ami, j.now)
	failed, wrong := j.usage.Val.Newest(ami, world.Erroneous)
	switch {
	case !j.usage.Known() || j.usage.Val.Denied != "":
		u.unreported = "which other accounts use the AMIs of " + j.region + " could not be read" + after(cmp.Or(j.usage.Val.Denied, j.usage.Err))
	case fresh:
		u.Report = &report
	case wrong:
		u.unreported = "AWS could not report which other accounts use it" + after(failed.Reason)
	default:
		u.unreported = fmt.Sprintf("no usage report of the last %d days says that no other account uses it; amiship retire --usage makes one", ReportDays)
	}
	return u
}

// after is a reason after what it explains.
func after(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// inUse says why the policy keeps an AMI that is in use, or may be.
func (j *judge) inUse(u *Use) string {
	if j.Ended {
		return ""
	}
	if j.Policy.Referenced {
		if why := cmp.Or(u.unread, u.referred()); why != "" {
			return why
		}
	}
	if !j.Policy.UsedByOthers {
		return ""
	}
	u.Unreported = u.unreported != ""
	return cmp.Or(u.unreported, u.byOthers())
}

// referred: what of the account refers to an AMI would not launch again.
func (u Use) referred() string {
	switch n := len(u.References); n {
	case 0:
		return ""
	case 1:
		return "in use by " + u.References[0]
	default:
		return fmt.Sprintf("in use by %s and %d more", u.References[0], n-1)
	}
}

func (u Use) byOthers() string {
	if u.Report == nil || u.Report.Accounts == 0 {
		return ""
	}
	return "in use by " + Others(*u.Report)
}

// Others says which use other accounts make of an AMI: "2 other accounts: 9 instances, 1 launch template".
func Others(r world.UsageReport) string {
	if r.Accounts == 0 {
		return "no other account"
	}
	return fmt.Sprintf("%s: %s, %s", counted(r.Accounts, "other account"), counted(r.Instances, "instance"), counted(r.Templates, "launch template"))
}

// own reports whether an ARN is of a parameter of the project's releases.
func (j *judge) own(arn string) bool {
	return slices.ContainsFunc(j.Parameters, func(p release.Parameter) bool {
		return strings.HasSuffix(arn, ":parameter/"+strings.TrimPrefix(p.Name, "/"))
	})
}
