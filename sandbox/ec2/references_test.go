package ec2_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/ec2"
	"amiship/sandbox/machine"
	"amiship/sandbox/wire/wiretest"
)

// TestImageReferences: instances, launch templates and parameters of the caller that name an
// image are its references, by type and by state.
func TestImageReferences(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine, base := r.client(vendor, home), r.base(t)
	running := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	r.driver.boot = machine.Status{State: machine.Starting}
	pending := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	arns := func(in awssdk.DescribeImageReferencesInput) (all []string) {
		in.ImageIds = []string{base, "ami-00000000000000000"}
		for _, ref := range must(mine.DescribeImageReferences(t.Context(), &in))(t).ImageReferences {
			if *ref.ImageId != base {
				t.Errorf("a reference of %s", *ref.ImageId)
			}
			all = append(all, *ref.Arn)
		}
		return all
	}
	instance := func(id string) string { return "arn:aws:ec2:us-east-1:" + vendor + ":instance/" + id }
	both := []string{instance(min(running, pending)), instance(max(running, pending))}
	template := "arn:aws:ec2:us-east-1:" + vendor + ":launch-template/" + r.template(t, vendor, base)
	named := "arn:aws:ssm:us-east-1:" + vendor + ":parameter/of/" + base
	of := func(kind types.ImageReferenceResourceType, states ...string) awssdk.DescribeImageReferencesInput {
		request := types.ResourceTypeRequest{ResourceType: kind}
		if len(states) > 0 {
			request.ResourceTypeOptions = []types.ResourceTypeOption{{OptionName: "state-name", OptionValues: states}}
		}
		return awssdk.DescribeImageReferencesInput{ResourceTypes: []types.ResourceTypeRequest{request}}
	}
	for name, tc := range map[string]struct {
		in   awssdk.DescribeImageReferencesInput
		want []string
	}{
		"all":        {awssdk.DescribeImageReferencesInput{IncludeAllResourceTypes: aws.Bool(true)}, slices.Concat(both, []string{template, named})},
		"instances":  {of("ec2:Instance"), both},
		"templates":  {of("ec2:LaunchTemplate"), []string{template}},
		"in a state": {of("ec2:Instance", "running", "stopped"), []string{instance(running)}},
		"parameters": {of("ssm:Parameter"), []string{named}},
		"recipes":    {of("imagebuilder:ImageRecipe"), nil},
	} {
		if got := arns(tc.in); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	others := must(r.client(customer, home).DescribeImageReferences(t.Context(), &awssdk.DescribeImageReferencesInput{
		ImageIds: []string{base}, ResourceTypes: []types.ResourceTypeRequest{{ResourceType: "ec2:Instance"}},
	}))(t)
	if len(others.ImageReferences) != 0 {
		t.Errorf("another account sees %+v", others.ImageReferences)
	}
	for want, in := range map[string]awssdk.DescribeImageReferencesInput{
		"InvalidParameterCombination": {ImageIds: []string{base}},
		"InvalidParameterValue":       of("ec2:Instance", "asleep"),
		"InvalidAMIID.Malformed":      {ImageIds: []string{"ami-x"}, IncludeAllResourceTypes: aws.Bool(true)},
	} {
		if in.ImageIds == nil {
			in.ImageIds = []string{base}
		}
		_, err := mine.DescribeImageReferences(t.Context(), &in)
		wiretest.WantCode(t, err, want)
	}
}

// template makes a launch template of an image.
func (r *rig) template(t *testing.T, account, image string) (id string) {
	t.Helper()
	return *must(r.client(account, home).CreateLaunchTemplate(t.Context(), &awssdk.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("of-" + image), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: &image},
	}))(t).LaunchTemplate.LaunchTemplateId
}

// TestUsageReport: it counts the instances of other accounts, a day late, and their launch
// templates, is pending first, and goes after 30 days. One of an image is made at a time.
func TestUsageReport(t *testing.T) {
	r := newRig(t, ec2.Settings{UsageReport: time.Hour})
	mine := r.client(vendor, home)
	id := r.ownImage(t, ec2.WorldImage{Name: "app", Public: true, UsedBy: map[string]int{"444455556666": 7}})
	launch := func(account string) {
		must(r.client(account, home).RunInstances(t.Context(), &awssdk.RunInstancesInput{ImageId: &id, InstanceType: "t3.micro", MinCount: aws.Int32(2), MaxCount: aws.Int32(2)}))(t)
	}
	launch(vendor)
	launch(customer)
	r.template(t, vendor, id)
	r.template(t, customer, id)
	report := func(in awssdk.CreateImageUsageReportInput) string {
		in.ImageId = &id
		if in.ResourceTypes == nil {
			in.ResourceTypes = []types.ImageUsageResourceTypeRequest{{ResourceType: aws.String("ec2:Instance")}}
		}
		return *must(mine.CreateImageUsageReport(t.Context(), &in))(t).ReportId
	}
	entries := func(report string) map[string]int64 {
		out := map[string]int64{}
		for _, e := range must(mine.DescribeImageUsageReportEntries(t.Context(), &awssdk.DescribeImageUsageReportEntriesInput{ReportIds: []string{report}}))(t).ImageUsageReportEntries {
			out[*e.AccountId] = *e.UsageCount
		}
		return out
	}
	early := report(awssdk.CreateImageUsageReportInput{})
	r.wall.Pass(25 * time.Hour)
	launch(customer)
	whole := report(awssdk.CreateImageUsageReportInput{ClientToken: aws.String("once")})
	if again := report(awssdk.CreateImageUsageReportInput{ClientToken: aws.String("once")}); again != whole {
		t.Errorf("the same token makes %s and %s", whole, again)
	}
	if got := entries(whole); len(got) != 0 {
		t.Errorf("a pending report has %v", got)
	}
	_, err := mine.CreateImageUsageReport(t.Context(), &awssdk.CreateImageUsageReportInput{ImageId: &id, ResourceTypes: []types.ImageUsageResourceTypeRequest{{ResourceType: aws.String("ec2:Instance")}}})
	wiretest.WantCode(t, err, "ResourceLimitExceeded")
	r.wall.Pass(time.Hour)
	part := report(awssdk.CreateImageUsageReportInput{AccountIds: []string{"444455556666"}})
	r.wall.Pass(time.Hour)
	templates := report(awssdk.CreateImageUsageReportInput{ResourceTypes: []types.ImageUsageResourceTypeRequest{{ResourceType: aws.String("ec2:LaunchTemplate")}}})
	r.wall.Pass(time.Hour)
	for report, want := range map[string]map[string]int64{
		early: {"444455556666": 7}, whole: {"444455556666": 7, customer: 2}, part: {"444455556666": 7}, templates: {customer: 1},
	} {
		if got := entries(report); len(got) != len(want) || got[customer] != want[customer] || got["444455556666"] != want["444455556666"] {
			t.Errorf("%s has %v, want %v", report, got, want)
		}
	}
	got := must(mine.DescribeImageUsageReports(t.Context(), &awssdk.DescribeImageUsageReportsInput{ReportIds: []string{whole}, Filters: []types.Filter{filterOf("state", "available")}}))(t).ImageUsageReports
	if len(got) != 1 || *got[0].ImageId != id || got[0].ExpirationTime.Sub(*got[0].CreationTime) != 30*24*time.Hour {
		t.Errorf("the report is %+v", got)
	}
	gone := "InvalidImageUsageReportId.NotFound"
	must(mine.DeleteImageUsageReport(t.Context(), &awssdk.DeleteImageUsageReportInput{ReportId: &part}))(t)
	_, err = mine.DeleteImageUsageReport(t.Context(), &awssdk.DeleteImageUsageReportInput{ReportId: &part})
	wiretest.WantCode(t, err, gone)
	_, err = r.client(customer, home).DescribeImageUsageReports(t.Context(), &awssdk.DescribeImageUsageReportsInput{ReportIds: []string{whole}})
	wiretest.WantCode(t, err, gone)
	_, err = r.client(customer, home).CreateImageUsageReport(t.Context(), &awssdk.CreateImageUsageReportInput{ImageId: &id, ResourceTypes: []types.ImageUsageResourceTypeRequest{{ResourceType: aws.String("ec2:Instance")}}})
	wiretest.WantCode(t, err, "AuthFailure")
	_, err = mine.CreateImageUsageReport(t.Context(), &awssdk.CreateImageUsageReportInput{ImageId: &id, ResourceTypes: []types.ImageUsageResourceTypeRequest{{ResourceType: aws.String("ssm:Parameter")}}})
	wiretest.WantCode(t, err, "InvalidParameterValue")
	r.wall.Pass(30 * 24 * time.Hour)
	if left := must(mine.DescribeImageUsageReports(t.Context(), &awssdk.DescribeImageUsageReportsInput{}))(t).ImageUsageReports; len(left) != 0 {
		t.Errorf("after 30 days there are %+v", left)
	}
}
