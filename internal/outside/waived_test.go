package outside

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/audit"
	"amiship/internal/record"
	"amiship/internal/release"
)

// two are looks at the region of the builds, where a candidate is, and at another.
func two(t *testing.T, waived string) (home, away *look) {
	t.Helper()
	d, v := ce(t)
	i := good(d, v)
	i.Name = aws.String(d.Owner(v).Name() + "-0123456789ab")
	setTags(&i, map[string]string{record.TagStage: "1:candidate", record.TagWaived: record.TagValue(waived)})
	home = &look{Audit: Audit{Desired: d}, Target: release.Target{Region: "us-east-1", Required: true}, own: []types.Image{i}}
	away = &look{Audit: Audit{Desired: d}, Target: release.Target{Region: "eu-west-1", Required: true}}
	return home, away
}

func TestWaive(t *testing.T) {
	for name, c := range map[string]struct {
		waived string
		change func(home, away *look)
		want   string // why the other region may be missing
		note   string
	}{
		"nothing":          {"", nil, "", ""},
		"in force":         {"eu-west-1 2026-11-22 fire", nil, "it is waived until 2026-11-22: fire", ""},
		"run out":          {"eu-west-1 2026-11-21 fire", nil, "", "eu-west-1 was waived until 2026-11-21, and is required again"},
		"the later of two": {"eu-west-1 2026-11-21 fire; eu-west-1 2026-12-01 flood", nil, "it is waived until 2026-12-01: flood", ""},
		"another region":   {"eu-west-3 2026-12-01 fire", nil, "", ""},
		"best effort":      {"eu-west-1 2026-12-01 fire", func(_, away *look) { away.Required = false }, "it is optional", ""},
		"of another release": {"eu-west-1 2026-12-01 fire", func(home, _ *look) {
			setTags(&home.own[0], map[string]string{record.TagTag: "1:v1.2.4"})
		}, "", ""},
		"on an AMI of the release": {"eu-west-1 2026-12-01 fire", func(home, _ *look) {
			setTags(&home.own[0], map[string]string{record.TagStage: "1:release"})
		}, "", ""},
		"on a candidate that failed": {"eu-west-1 2026-12-01 fire", func(home, _ *look) { home.own[0].State = types.ImageStateFailed }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			home, away := two(t, c.waived)
			if c.change != nil {
				c.change(home, away)
			}
			waive([]*look{home, away}, now)
			got := ""
			if !away.Required {
				got = away.optional()
			}
			if got != c.want || strings.Join(away.notes, "; ") != c.note || !home.Required {
				t.Errorf("got %q and notes %q, want %q and %q", got, away.notes, c.want, c.note)
			}
		})
	}
}

// TestKeptByWaiver: candidates are left over, unless a region that is waived is
// still to be made from them.
func TestKeptByWaiver(t *testing.T) {
	for name, c := range map[string]struct {
		waived, ami string
		kept        bool
	}{
		"it is missing":          {"eu-west-1 2026-12-01 fire", "", true},
		"it is there":            {"eu-west-1 2026-12-01 fire", "ami-2", false},
		"it is no longer waived": {"eu-west-1 2026-11-01 fire", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			home, away := two(t, c.waived)
			waive([]*look{home, away}, now)
			home.sights = []audit.Sight{{Region: "us-east-1", AMI: "ami-1"}}
			away.sights = []audit.Sight{{Region: "eu-west-1", AMI: c.ami}}
			home.candidates = []audit.Difference{{Region: "us-east-1", What: "left over", Got: "candidate ami-3"}}
			keptByWaiver([]*look{home, away})
			if kept := len(home.found) == 0; kept != c.kept || kept != (len(home.notes) == 1) {
				t.Errorf("findings %v, notes %v", home.found, home.notes)
			}
		})
	}
}
