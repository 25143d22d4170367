package observe

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/release"
	"amiship/internal/world"
	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire"
)

// TestUsage: what leaves nobody out is read, and counted by accounts; whose reports they are, and
// that one is pending. A region without reports costs one call, and who may not ask is told so.
func TestUsage(t *testing.T) {
	box := sandboxtest.Start(t, `
settings: {ec2: {usage_report: 100ms}}
ec2:
  - account: vendor
    region: us-east-1
    images:
      - {name: "p 1", created: 31d, used_by: {customer: 2, "444455556666": 3}}
      - {name: "p 2", created: 31d}
`)
	key := box.Key(t, "vendor")
	clients, err := awsapi.LoadAs(patient(t), home, awsapi.Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	o := &Observer{Clients: clients, Desired: release.Desired{Project: "p"}}
	read := func() world.Usage {
		t.Helper()
		u, err := o.usage(t.Context(), home)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	if u := read(); len(u.Reports) != 0 || len(box.Calls(t, "DescribeImageUsageReport")) != 1 {
		t.Errorf("without reports: %+v, by %v", u, box.Calls(t, "DescribeImageUsageReport"))
	}
	client := clients.EC2(home)
	images, err := own(t.Context(), client, home)
	if err != nil || len(images) != 2 {
		t.Fatalf("%+v, %v", images, err)
	}
	used, unused := images[0], images[1]
	if used.Name != "p 1" {
		used, unused = unused, used
	}
	report := func(ami string, change func(*ec2.CreateImageUsageReportInput)) {
		t.Helper()
		in := &ec2.CreateImageUsageReportInput{ImageId: &ami}
		for _, kind := range []string{instances, launchTemplates} {
			in.ResourceTypes = append(in.ResourceTypes, types.ImageUsageResourceTypeRequest{ResourceType: aws.String(kind)})
		}
		change(in)
		if _, err := client.CreateImageUsageReport(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			got, err := client.DescribeImageUsageReports(t.Context(), &ec2.DescribeImageUsageReportsInput{Filters: []types.Filter{filter("state", "pending")}})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.ImageUsageReports) == 0 {
				return
			}
		}
		t.Fatal("it stays pending")
	}
	report(used.ID, func(in *ec2.CreateImageUsageReportInput) { in.AccountIds = []string{"999999999999"} })
	report(used.ID, func(in *ec2.CreateImageUsageReportInput) { in.ResourceTypes = in.ResourceTypes[:1] })
	report(used.ID, func(in *ec2.CreateImageUsageReportInput) {
		in.ResourceTypes[1].ResourceTypeOptions = []types.ImageUsageResourceTypeOptionRequest{{OptionName: aws.String("version-depth"), OptionValues: []string{"1"}}}
	})
	if u := read(); len(u.Reports) != 0 {
		t.Errorf("reports that leave something out are read: %+v", u)
	}
	report(used.ID, func(in *ec2.CreateImageUsageReportInput) {
		in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeImageUsageReport, Tags: []types.Tag{{Key: aws.String("amiship:project"), Value: aws.String("1:p")}}}}
	})
	report(unused.ID, func(*ec2.CreateImageUsageReportInput) {})
	u := read()
	if r, found := u.Newest(used.ID, world.Available); !found || !r.Ours || r.Accounts != 2 || r.Instances != 5 || r.Templates != 0 || r.Created.IsZero() {
		t.Errorf("of what others use: %+v", r)
	}
	if r, found := u.Newest(unused.ID, world.Available); !found || r.Ours || r.Accounts != 0 {
		t.Errorf("of what no one uses: %+v", r)
	}
	for _, action := range []string{"DescribeImageUsageReports", "DescribeImageUsageReportEntries"} {
		box.Meets(t, wire.Fault{Service: "ec2", Action: action, Status: 403, Code: "UnauthorizedOperation"})
		if u := read(); !strings.Contains(u.Denied, "UnauthorizedOperation") || len(u.Reports) != 0 {
			t.Errorf("without %s: %+v", action, u)
		}
	}
	box.Meets(t, wire.Fault{Service: "ec2", Action: "DescribeImageUsageReports", Status: 400, Code: "InvalidParameterValue"})
	if _, err := o.usage(t.Context(), home); err == nil {
		t.Error("refused: nothing is said")
	}
}
