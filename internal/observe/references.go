package observe

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/awsapi"
	"amiship/internal/world"
)

// mostReferenced is how many AMIs one DescribeImageReferences takes.
const mostReferenced = 10

// references reads what of the account refers to AMIs in a region: a call for each ten. A caller
// who may not ask is told so, and that is no error.
func (o *Observer) references(ctx context.Context, q world.Query) (world.References, error) {
	client := o.Clients.EC2(q.Region)
	out := world.References{ByAMI: map[string][]string{}}
	for some := range slices.Chunk(q.AMIs(), mostReferenced) {
		for _, id := range some {
			out.ByAMI[id] = nil
		}
		pages := ec2.NewDescribeImageReferencesPaginator(client, &ec2.DescribeImageReferencesInput{ImageIds: some, IncludeAllResourceTypes: aws.Bool(true)})
		for pages.HasMorePages() {
			got, err := pages.NextPage(ctx)
			switch {
			case awsapi.Denied(awsapi.Code(err)):
				return world.References{Denied: awsapi.Text(err)}, nil
			case err != nil:
				return world.References{}, fmt.Errorf("describe what refers to AMIs in %s: %w", q.Region, err)
			}
			for _, r := range got.ImageReferences {
				id := aws.ToString(r.ImageId)
				out.ByAMI[id] = append(out.ByAMI[id], aws.ToString(r.Arn))
			}
		}
	}
	return out, nil
}
