package apply

import (
	"context"
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// TestMarks: what was done is recorded with who did it, by the call that writes tags
// anyhow, or by one after the change; what failed is not recorded.
func TestMarks(t *testing.T) {
	ann := record.Actor{ARN: "arn:ann", URL: "https://ci/1", User: "ann"}
	freeze := release.Freeze{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour), Reason: "holidays"}
	place := release.Key{Image: "a", Arch: "amd64", Place: release.Place{Region: "us-east-1"}}
	for name, c := range map[string]struct {
		act    plan.Action
		frozen bool
		gone   bool // the AMI has changed since
		want   []string
		marks  map[record.Event]string // with their notes
	}{
		"shared":             {act: plan.Action{Change: plan.ShareImage{Accounts: []string{"111111111111"}}}, want: []string{"ModifyImageAttribute", "CreateTags"}, marks: map[record.Event]string{record.Shared: ""}},
		"its snapshots":      {act: plan.Action{Change: plan.PublishSnapshots{}}, want: []string{"CreateTags"}, marks: map[record.Event]string{record.SnapshotPublished: ""}},
		"published":          {act: plan.Action{Change: plan.PublishImage{}}, want: []string{"ModifyImageAttribute", "CreateTags"}, marks: map[record.Event]string{record.Published: ""}},
		"in a freeze":        {act: plan.Action{Change: plan.PublishImage{}}, frozen: true, want: []string{"ModifyImageAttribute", "CreateTags"}, marks: map[record.Event]string{record.Published: "", record.Approved: "freeze@" + freeze.Digest()}},
		"not published":      {act: plan.Action{Change: plan.PublishImage{}}, gone: true},
		"withdrawn":          {act: plan.Action{Change: plan.WithdrawImage{Tags: map[string]string{record.TagStage: "1:withdrawn"}}}, want: []string{"CreateTags"}, marks: map[record.Event]string{record.Withdrawn: ""}},
		"waived":             {act: plan.Action{Change: plan.RecordWaiver{Tags: map[string]string{record.TagWaived: "1:x"}}}, want: []string{"CreateTags"}, marks: map[record.Event]string{record.Waived: ""}},
		"nothing to tell of": {act: plan.Action{Change: plan.RemoveImage{}}, want: []string{"DeregisterImage"}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := &counter{taken: map[string]string{}, image: world.Image{ID: "ami-1", State: world.Available}}
			a := against(t, cloud)
			a.Who = func(context.Context) record.Actor { return ann }
			a.Desired = release.Desired{Project: "p", Control: release.ChangeControl{Region: "us-east-1"}}
			if c.frozen {
				a.Desired.Control.Freezes, a.Desired.Control.Approved = []release.Freeze{freeze}, freeze.Digest()
			}
			act := c.act
			act.ID, act.Target, act.Guard.Image = "step", place, plan.Seen(cloud.image)
			act.Change = about(act.Change, plan.Image{AMI: "ami-1"})
			cloud.image.Public = c.gone
			if _, err := a.Do(t.Context(), act); (err != nil) != c.gone {
				t.Fatal(err)
			}
			if got := strings.Join(cloud.changes, " "); got != strings.Join(c.want, " ") {
				t.Errorf("calls %s, want %s", got, c.want)
			}
			for _, e := range record.Events() {
				note, want := c.marks[e]
				m, ok := record.ReadMark(cloud.tagged, e)
				if ok != want || ok && (m.By != ann || m.Note != note || time.Since(m.At).Abs() > time.Minute) {
					t.Errorf("%s: %v %+v", e, ok, m)
				}
			}
		})
	}
}
