package observe

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rbin"
	"github.com/aws/aws-sdk-go-v2/service/rbin/types"

	"amiship/internal/world"
)

// binRules reads the rules of the Recycle Bin for AMIs in a region: one call, and one
// for each rule, since the list leaves out which tags it is for.
func (o *Observer) binRules(ctx context.Context, region string) ([]world.BinRule, error) {
	client := o.Clients.RecycleBin(region)
	var out []world.BinRule
	pages := rbin.NewListRulesPaginator(client, &rbin.ListRulesInput{ResourceType: types.ResourceTypeEc2Image})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list rules of the Recycle Bin in %s: %w", region, err)
		}
		for _, r := range got.Rules {
			one, err := client.GetRule(ctx, &rbin.GetRuleInput{Identifier: r.Identifier})
			if err != nil {
				return nil, fmt.Errorf("get rule %s of the Recycle Bin in %s: %w", aws.ToString(r.Identifier), region, err)
			}
			if one.RetentionPeriod != nil && one.Status != types.RuleStatusPending {
				out = append(out, world.BinRule{
					Days: int(aws.ToInt32(one.RetentionPeriod.RetentionPeriodValue)), Tags: binTags(one.ResourceTags), Except: binTags(one.ExcludeResourceTags),
				})
			}
		}
	}
	return out, nil
}

func binTags(tags []types.ResourceTag) []world.BinTag {
	var out []world.BinTag
	for _, t := range tags {
		out = append(out, world.BinTag{Key: aws.ToString(t.ResourceTagKey), Value: aws.ToString(t.ResourceTagValue)})
	}
	return out
}
