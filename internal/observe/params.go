package observe

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// batch is how many parameters one call may name.
const batch = 10

// params reads the release's parameters in a region; those that do not exist
// are missing from the answer.
func (o *Observer) params(ctx context.Context, region string) (map[string]string, error) {
	return values(ctx, o.Clients.SSM(region), region, o.parameterNames())
}

func values(ctx context.Context, client *ssm.Client, region string, all []string) (map[string]string, error) {
	out := map[string]string{}
	for names := range slices.Chunk(all, batch) {
		got, err := client.GetParameters(ctx, &ssm.GetParametersInput{Names: names})
		if err != nil {
			return nil, fmt.Errorf("get parameters in %s: %w", region, err)
		}
		for _, p := range got.Parameters {
			out[aws.ToString(p.Name)] = aws.ToString(p.Value)
		}
	}
	return out, nil
}

func (o *Observer) parameterNames() []string {
	var names []string
	for _, v := range o.Desired.Variants {
		for _, p := range v.Parameters {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
