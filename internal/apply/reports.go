package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
)

// reports makes and deletes image usage reports (docs/reference/aws.md#image-usage-reports).
type reports struct{ targets }

// create has AWS make a report of all accounts; a read shows when it is available.
func (r reports) create(ctx context.Context, act plan.Action) (Result, error) {
	c := plan.As[plan.CreateUsageReport](act)
	in := &ec2.CreateImageUsageReportInput{
		ImageId: aws.String(c.AMI), ClientToken: aws.String(c.Token),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeImageUsageReport, Tags: tagList(c.Tags)}},
	}
	for _, kind := range []string{"ec2:Instance", "ec2:LaunchTemplate"} {
		in.ResourceTypes = append(in.ResourceTypes, types.ImageUsageResourceTypeRequest{ResourceType: aws.String(kind)})
	}
	if _, err := r.ec2(act.Target).CreateImageUsageReport(ctx, in); err != nil {
		return Result{}, fmt.Errorf("create a usage report of %s in %s: %w", c.AMI, act.Target.Region, err)
	}
	return Result{}, nil
}

func (r reports) remove(ctx context.Context, act plan.Action) (Result, error) {
	c := plan.As[plan.DeleteUsageReport](act)
	_, err := r.ec2(act.Target).DeleteImageUsageReport(ctx, &ec2.DeleteImageUsageReportInput{ReportId: aws.String(c.Report)})
	if err != nil && !awsapi.IsNotFound(err) {
		return Result{}, fmt.Errorf("delete the usage report %s of %s in %s: %w", c.Report, c.AMI, act.Target.Region, err)
	}
	return Result{}, nil
}
