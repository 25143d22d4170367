package observe

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/world"
)

// batch is how many parameters one call may name.
const batch = 10

// keptVersions is how many versions of a parameter SSM keeps.
const keptVersions = 100

// params reads the release's parameters in a region; those that do not exist
// are missing from the answer. Those of which SSM takes no new version are named.
func (o *Observer) params(ctx context.Context, region string) (map[string]string, map[string]world.UnfitParameter, error) {
	client := o.Clients.SSM(region)
	all, err := parameters(ctx, client, region, o.parameterNames())
	if err != nil {
		return nil, nil, err
	}
	held, unfit := map[string]string{}, map[string]world.UnfitParameter{}
	for _, p := range all {
		name := aws.ToString(p.Name)
		held[name] = aws.ToString(p.Value)
		switch {
		case p.Type != types.ParameterTypeString:
			unfit[name] = world.UnfitParameter{Type: string(p.Type)}
		case p.Version >= keptVersions:
			if oldest := oldestVersion(ctx, client, name); len(oldest.Labels) > 0 {
				unfit[name] = oldest
			}
		}
	}
	return held, unfit, nil
}

// oldestVersion reads the oldest version that SSM keeps of a parameter. That it may not be
// read is no obstacle: most have no label.
func oldestVersion(ctx context.Context, client *ssm.Client, name string) (oldest world.UnfitParameter) {
	pages := ssm.NewGetParameterHistoryPaginator(client, &ssm.GetParameterHistoryInput{Name: aws.String(name)})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return world.UnfitParameter{}
		}
		for _, v := range got.Parameters {
			if oldest.Version == 0 || v.Version < oldest.Version {
				oldest = world.UnfitParameter{Labels: v.Labels, Version: v.Version}
			}
		}
	}
	return oldest
}

func values(ctx context.Context, client *ssm.Client, region string, names []string) (map[string]string, error) {
	all, err := parameters(ctx, client, region, names)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, p := range all {
		out[aws.ToString(p.Name)] = aws.ToString(p.Value)
	}
	return out, nil
}

func parameters(ctx context.Context, client *ssm.Client, region string, all []string) ([]types.Parameter, error) {
	var out []types.Parameter
	for names := range slices.Chunk(all, batch) {
		got, err := client.GetParameters(ctx, &ssm.GetParametersInput{Names: names})
		if err != nil {
			return nil, fmt.Errorf("get parameters in %s: %w", region, err)
		}
		out = append(out, got.Parameters...)
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
