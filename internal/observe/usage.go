package observe

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/record"
	"amiship/internal/world"
)

// mostReports is how many reports one DescribeImageUsageReportEntries takes.
const mostReports = 200

// usage reads the reports of a region on who uses AMIs: one call, and one for each 200 that say
// something. A caller who may not ask is told so, and that is no error.
func (o *Observer) usage(ctx context.Context, region string) (world.Usage, error) {
	client := o.Clients.EC2(region)
	out, err := o.usageReports(ctx, client)
	if err == nil {
		err = countUsage(ctx, client, &out)
	}
	switch {
	case awsapi.Denied(awsapi.Code(err)):
		return world.Usage{Denied: awsapi.Text(err)}, nil
	case err != nil:
		return world.Usage{}, fmt.Errorf("read image usage reports in %s: %w", region, err)
	}
	return out, nil
}

// usageReports lists those that leave nothing out.
func (o *Observer) usageReports(ctx context.Context, client *ec2.Client) (out world.Usage, err error) {
	pages := ec2.NewDescribeImageUsageReportsPaginator(client, &ec2.DescribeImageUsageReportsInput{})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return out, err
		}
		for _, r := range got.ImageUsageReports {
			if !whole(r) {
				continue
			}
			project, _ := record.ReadTag(Tags(r.Tags)[record.TagProject])
			out.Reports = append(out.Reports, world.UsageReport{
				ID: aws.ToString(r.ReportId), AMI: aws.ToString(r.ImageId), State: aws.ToString(r.State), Reason: aws.ToString(r.StateReason),
				Created: aws.ToTime(r.CreationTime).UTC(), Ours: project == o.Desired.Project,
			})
		}
	}
	return out, nil
}

// The types of resources of a usage report, and how many versions of a launch template it
// inspects unless its option says another number.
const (
	instances       = "ec2:Instance"
	launchTemplates = "ec2:LaunchTemplate"
	usualDepth      = 20
)

// whole reports whether a report is of all accounts, and of all that uses an AMI.
func whole(r types.ImageUsageReport) bool {
	kinds := map[string]bool{}
	for _, t := range r.ResourceTypes {
		kinds[aws.ToString(t.ResourceType)] = !slices.ContainsFunc(t.ResourceTypeOptions, shallow)
	}
	return len(r.AccountIds) == 0 && kinds[instances] && kinds[launchTemplates]
}

func shallow(option types.ImageUsageResourceTypeOption) bool {
	return slices.ContainsFunc(option.OptionValues, func(v string) bool {
		depth, err := strconv.Atoi(v)
		return err != nil || depth < usualDepth
	})
}

// countUsage reads what the newest available report of each AMI says.
func countUsage(ctx context.Context, client *ec2.Client, u *world.Usage) error {
	counted := map[string]*world.UsageReport{}
	var ids []string
	for i := range u.Reports {
		r := &u.Reports[i]
		if newest, _ := u.Newest(r.AMI, world.Available); newest.ID == r.ID {
			counted[r.ID] = r
			ids = append(ids, r.ID)
		}
	}
	accounts := map[[2]string]bool{}
	for some := range slices.Chunk(ids, mostReports) {
		pages := ec2.NewDescribeImageUsageReportEntriesPaginator(client, &ec2.DescribeImageUsageReportEntriesInput{ReportIds: some})
		for pages.HasMorePages() {
			got, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, e := range got.ImageUsageReportEntries {
				r := counted[aws.ToString(e.ReportId)]
				if r == nil {
					continue
				}
				if by := [2]string{r.ID, aws.ToString(e.AccountId)}; !accounts[by] {
					accounts[by] = true
					r.Accounts++
				}
				if aws.ToString(e.ResourceType) == launchTemplates {
					r.Templates += int(aws.ToInt64(e.UsageCount))
				} else {
					r.Instances += int(aws.ToInt64(e.UsageCount))
				}
			}
		}
	}
	return nil
}
