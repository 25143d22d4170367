package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/boottest"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
)

// sshPort is the instances' port.
const sshPort = 22

// claims makes the claims of this run, and ends any.
type claims struct {
	targets
	log        *slog.Logger
	poll       time.Duration
	runID      string
	access     *access
	heartbeats *heartbeats
}

// claim creates the security group that says this build, or boot test, is ours. EC2 refuses a
// second one of the name, so that one of two runs gets it. The group and its key pair are
// those of the instances that will be launched under it.
func (c claims) claim(ctx context.Context, act plan.Action) (Result, error) {
	name := plan.As[plan.TakeClaim](act).Claim
	v, err := c.variant(act.Target)
	if err != nil {
		return Result{}, err
	}
	client := c.clients.EC2(act.Target.Region)
	vpc, err := c.vpc(ctx, client, v)
	if err != nil {
		return Result{}, err
	}
	from, err := c.access.from(ctx, c.clients, act.Target.Region, v.Build)
	if err != nil {
		return Result{}, fmt.Errorf("claim %s in %s: %w", name, act.Target.Region, err)
	}
	out, err := client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(name), Description: aws.String("amiship builds " + v.Image + " " + v.Arch), VpcId: vpc,
		TagSpecifications: []types.TagSpecification{specification(types.ResourceTypeSecurityGroup, c.claimTags(act))},
	})
	if awsapi.IsDuplicateGroup(err) {
		return Result{}, fmt.Errorf("claim %s: %w", name, ErrClaimed)
	}
	if err != nil {
		return Result{}, fmt.Errorf("claim %s in %s: %w", name, act.Target.Region, err)
	}
	group := aws.ToString(out.GroupId)
	c.heartbeats.start(ctx, c.log, name, group, c.renewal(act, group))
	if err := c.openForSSH(ctx, client, act, group, from); err != nil {
		return Result{}, errors.Join(err, c.letGo(ctx, act, group))
	}
	return Result{Made: group}, nil
}

// letGo releases a claim that could not be completed.
func (c claims) letGo(ctx context.Context, act plan.Action, group string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	act.Change = plan.EndClaim{Claim: plan.As[plan.TakeClaim](act).Claim, Group: group, Tags: act.Tags()}
	_, err := c.unclaim(ctx, act)
	return err
}

// vpc is that of the subnet that the catalog names; nil means the default one.
func (c claims) vpc(ctx context.Context, client *ec2.Client, v release.Variant) (*string, error) {
	if v.Build.Subnet == "" {
		return nil, nil
	}
	var ids []string
	for _, t := range v.Build.LaunchTargets() {
		if !slices.Contains(ids, t.Subnet) {
			ids = append(ids, t.Subnet)
		}
	}
	out, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: ids})
	if err != nil {
		return nil, fmt.Errorf("find subnet %s in %s: %w", strings.Join(ids, ", "), v.Build.Region, err)
	}
	if len(out.Subnets) == 0 {
		return nil, fmt.Errorf("find subnet %s in %s: there is none, see build.subnet in amiship.yaml", strings.Join(ids, ", "), v.Build.Region)
	}
	for _, s := range out.Subnets[1:] {
		if first := out.Subnets[0]; aws.ToString(s.VpcId) != aws.ToString(first.VpcId) {
			return nil, fmt.Errorf("the subnets %s and %s are in different VPCs, see build.subnet in amiship.yaml", aws.ToString(first.SubnetId), aws.ToString(s.SubnetId))
		}
	}
	return out.Subnets[0].VpcId, nil
}

func (c claims) claimTags(act plan.Action) map[string]string {
	tags := maps.Clone(act.Tags())
	tags[record.TagRun] = record.TagValue(c.runID)
	tags[record.TagAlive] = record.TagValue(c.clients.Now().Format(time.RFC3339))
	return tags
}

// openForSSH lets SSH in from where this run is, and makes the key for it.
func (c claims) openForSSH(ctx context.Context, client *ec2.Client, act plan.Action, group string, from []netip.Prefix) error {
	name := plan.As[plan.TakeClaim](act).Claim
	if err := boottest.OpenPorts(ctx, client, group, []int{sshPort}, from); err != nil {
		return fmt.Errorf("allow SSH to %s: %w", name, err)
	}
	key, err := boottest.NewKeyPair(ctx, client, name, tagList(act.Tags()))
	if err != nil {
		return err
	}
	c.heartbeats.keep(name, key)
	return nil
}
