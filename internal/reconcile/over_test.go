package reconcile_test

import (
	"strings"
	"testing"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/world"
)

// TestWhatIsOverStaysSo: a release that was withdrawn or retired is not published
// again, by whichever command.
func TestWhatIsOverStaysSo(t *testing.T) {
	for stage, want := range map[string]string{
		record.StageRelease: "", record.StageDeprecated: "",
		record.StageDemoted: "no longer kept", record.StageDisabled: "no longer kept", record.StageWithdrawn: "withdrawn: it eats disks",
	} {
		s := newShop(t)
		s.image(func(i *world.Image) {
			i.Tags[record.TagStage], i.Tags[record.TagWhy] = record.TagValue(stage), record.TagValue("it eats disks")
		})
		p := reconcile.Reconcile(s.d, s.w, s.r)
		if (p.Skip == "") != (want == "") || !strings.Contains(p.Skip, want) {
			t.Errorf("%s: skipped for %q, want %q", stage, p.Skip, want)
		}
		if made, _ := p.Step("copy/premium/amd64/us-east-1"); want == "" && (made.State != plan.Done || made.Image().AMI != "ami-1") {
			t.Errorf("%s: it is not taken for the release: %+v", stage, made)
		}
		if want != "" && len(p.Steps) > 0 {
			t.Errorf("%s: %d steps", stage, len(p.Steps))
		}
	}
}
