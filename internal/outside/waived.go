package outside

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/record"
)

// waive finds the waivers on the release's candidates. A region that is waived, by
// AWS's clock, need not be there, nor answer; what is there must be right.
func waive(looks []*look, now time.Time) {
	waivers := map[string]record.Waiver{}
	for _, l := range looks {
		for _, w := range l.waivers() {
			if w.Until.After(waivers[w.Region].Until) {
				waivers[w.Region] = w
			}
		}
	}
	for _, l := range looks {
		w, there := waivers[l.Region]
		switch {
		case !there || !l.Required:
		case w.InForce(now):
			l.Required, l.waiver = false, &w
		default:
			l.notes = append(l.notes, fmt.Sprintf("%s was waived until %s, and is required again", w.Region, w.Day()))
		}
	}
}

// waivers are those on the candidates of a region.
func (l *look) waivers() []record.Waiver {
	var out []record.Waiver
	for _, i := range l.own {
		tags := tagsOf(i.Tags)
		if l.ours(tags) && tags[record.TagStage] == record.TagValue(record.StageCandidate) && i.State != types.ImageStateFailed {
			text, _ := record.ReadTag(tags[record.TagWaived])
			out = append(out, record.ReadWaivers(text)...)
		}
	}
	return out
}

// optional says why the release may skip the region.
func (l *look) optional() string {
	if l.waiver == nil {
		return "it is optional"
	}
	return fmt.Sprintf("it is waived until %s: %s", l.waiver.Day(), l.waiver.Why)
}

// keptByWaiver settles what candidates are: left over, unless a region that is
// waived lacks something. Then they hold the waiver, and what the region is made
// from.
func keptByWaiver(looks []*look) {
	region := ""
	for _, l := range looks {
		for _, s := range l.sights {
			if l.waiver != nil && s.AMI == "" {
				region = l.Region
			}
		}
	}
	for _, l := range looks {
		for _, d := range l.candidates {
			if region == "" {
				l.found = append(l.found, d)
				continue
			}
			l.notes = append(l.notes, fmt.Sprintf("%s: %s stays, for %s", l.Region, d.Got, region))
		}
	}
}
