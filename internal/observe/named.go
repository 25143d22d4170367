package observe

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/awsapi"
	"amiship/internal/record"
	"amiship/internal/world"
)

// named lists the parameters of a region whose data type is an AMI: they include
// names that are in no catalog today. One call for 50, and one for the values of 10.
// That the caller may not list them is an answer. One call for 200 AMIs says which of
// them exist, whoever owns them.
func (o *Observer) named(ctx context.Context, region string) (world.Parameters, error) {
	client := o.Clients.SSM(region)
	projects := map[string]string{} // by name
	var names []string
	pages := ssm.NewDescribeParametersPaginator(client, &ssm.DescribeParametersInput{
		MaxResults:       aws.Int32(50),
		ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("DataType"), Values: []string{record.ParameterType}}},
	})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if awsapi.Denied(awsapi.Code(err)) {
			return world.Parameters{Denied: awsapi.Text(err)}, nil
		}
		if err != nil {
			return world.Parameters{}, fmt.Errorf("describe parameters in %s: %w", region, err)
		}
		for _, p := range got.Parameters {
			names = append(names, aws.ToString(p.Name))
			projects[aws.ToString(p.Name)] = record.ParameterProject(aws.ToString(p.Description))
		}
	}
	held, err := values(ctx, client, region, names)
	if err != nil {
		return world.Parameters{}, err
	}
	there, err := o.existing(ctx, region, slices.Collect(maps.Values(held)))
	if err != nil {
		return world.Parameters{}, err
	}
	var out world.Parameters
	for name, ami := range held {
		out.All = append(out.All, world.Parameter{Name: name, AMI: ami, Project: projects[name], Gone: !there[ami]})
	}
	slices.SortFunc(out.All, func(x, y world.Parameter) int { return strings.Compare(x.Name, y.Name) })
	return out, nil
}

// mostFiltered is how many values one filter takes.
const mostFiltered = 200

// existing tells which AMIs the caller can see.
func (o *Observer) existing(ctx context.Context, region string, ids []string) (map[string]bool, error) {
	out := map[string]bool{}
	for some := range slices.Chunk(ids, mostFiltered) {
		found, err := describe(ctx, o.Clients.EC2(region), region, &ec2.DescribeImagesInput{
			Filters: []ec2types.Filter{filter("image-id", some...)}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
		})
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			out[i.ID] = true
		}
	}
	return out, nil
}
