package observe

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/awsapi"
	"amiship/internal/record"
	"amiship/internal/world"
)

// mostReferenced is how many AMIs one DescribeImageReferences takes.
const mostReferenced = 10

// references reads what of the account refers to the project's AMIs in a region. A caller who
// may not ask is told so, and that is no error.
func (o *Observer) references(ctx context.Context, region string) (world.References, error) {
	client := o.Clients.EC2(region)
	ids, err := o.projectAMIs(ctx, client, region)
	if err != nil {
		return world.References{}, err
	}
	out := world.References{ByAMI: map[string][]string{}}
	for some := range slices.Chunk(ids, mostReferenced) {
		pages := ec2.NewDescribeImageReferencesPaginator(client, &ec2.DescribeImageReferencesInput{ImageIds: some, IncludeAllResourceTypes: aws.Bool(true)})
		for pages.HasMorePages() {
			got, err := pages.NextPage(ctx)
			switch {
			case awsapi.Denied(awsapi.Code(err)):
				return world.References{Denied: awsapi.Text(err)}, nil
			case err != nil:
				return world.References{}, fmt.Errorf("describe what refers to AMIs in %s: %w", region, err)
			}
			for _, r := range got.ImageReferences {
				id := aws.ToString(r.ImageId)
				out.ByAMI[id] = append(out.ByAMI[id], aws.ToString(r.Arn))
			}
		}
	}
	return out, nil
}

func (o *Observer) projectAMIs(ctx context.Context, client *ec2.Client, region string) (ids []string, err error) {
	all, err := own(ctx, client, region)
	for _, i := range all {
		if i.Tag(record.TagProject) == o.Desired.Project {
			ids = append(ids, i.ID)
		}
	}
	return ids, err
}
