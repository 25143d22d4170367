package apply

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// TestUsageReports: a report is made once, of all that uses an AMI, carries the project's tag, and
// is deleted; one that is gone needs nothing.
func TestUsageReports(t *testing.T) {
	f := newFixture(t, `
ec2:
  - account: vendor
    region: us-east-1
    images:
      - {name: "p 1", created: 31d}
`)
	client := f.Clients.EC2(home)
	images, err := client.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil || len(images.Images) != 1 {
		t.Fatalf("%+v, %v", images, err)
	}
	of := plan.Image{AMI: aws.ToString(images.Images[0].ImageId)}
	act := plan.Action{ID: "report", Target: release.Key{Place: release.Place{Region: home}}, Change: plan.CreateUsageReport{
		Image: of, Token: "once", Tags: plan.Tags{record.TagProject: record.TagValue("p")},
	}}
	read := func() []world.UsageReport {
		t.Helper()
		w, err := observe.Once(t.Context(), f.Clients, release.Desired{Project: "p"}, []world.Query{{Kind: world.LookUsage, Region: home}})
		if err != nil || !w.Regions[home].Usage.Known() {
			t.Fatalf("%+v, %v", w.Regions[home].Usage, err)
		}
		return w.Regions[home].Usage.Val.Reports
	}
	for range 2 {
		if _, err := f.Do(t.Context(), act); err != nil {
			t.Fatal(err)
		}
	}
	made := read()
	if len(made) != 1 || !made[0].Ours || made[0].AMI != of.AMI || made[0].State != world.Pending {
		t.Fatalf("%+v", made)
	}
	act.Change = plan.DeleteUsageReport{Image: of, Report: made[0].ID}
	for range 2 {
		if _, err := f.Do(t.Context(), act); err != nil {
			t.Fatal(err)
		}
	}
	if left := read(); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}
