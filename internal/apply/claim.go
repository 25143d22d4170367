package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/boottest"
	"amiship/internal/plan"
	"amiship/internal/release"
)

// sshPort is where machines are reached.
const sshPort = 22

// claim creates the security group that says this build, or boot test, is ours. EC2 refuses a
// second one of the name, so that of two runs one gets it. The group and the key
// pair that goes with it are those of the machines that will be started under it.
func (a *Applier) claim(ctx context.Context, act plan.Action) (Result, error) {
	v, err := a.variant(act.Target)
	if err != nil {
		return Result{}, err
	}
	client := a.Clients.EC2(act.Target.Region)
	vpc, err := a.vpc(ctx, client, v)
	if err != nil {
		return Result{}, err
	}
	out, err := client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(act.Name), Description: aws.String("amiship builds " + v.Image + " " + v.Arch), VpcId: vpc,
		TagSpecifications: []types.TagSpecification{specification(types.ResourceTypeSecurityGroup, a.claimTags(act))},
	})
	if awsapi.IsDuplicateGroup(err) {
		return Result{}, fmt.Errorf("claim %s: %w: another run was faster", act.Name, ErrChanged)
	}
	if err != nil {
		return Result{}, fmt.Errorf("claim %s in %s: %w", act.Name, act.Target.Region, err)
	}
	group := aws.ToString(out.GroupId)
	a.hearts.start(ctx, a, act, group)
	if err := a.openForSSH(ctx, client, act, group); err != nil {
		return Result{}, errors.Join(err, a.letGo(ctx, act, group))
	}
	return Result{Made: group}, nil
}

// letGo takes back a claim that could not be completed.
func (a *Applier) letGo(ctx context.Context, act plan.Action, group string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	act.Group = group
	_, err := a.unclaim(ctx, act)
	return err
}

// vpc is that of the subnet that the catalog names; nil stands for the default one.
func (a *Applier) vpc(ctx context.Context, client *ec2.Client, v release.Variant) (*string, error) {
	if v.Build.Subnet == "" {
		return nil, nil
	}
	out, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{v.Build.Subnet}})
	if err != nil || len(out.Subnets) == 0 {
		return nil, fmt.Errorf("find subnet %s: %w", v.Build.Subnet, err)
	}
	return out.Subnets[0].VpcId, nil
}

func (a *Applier) claimTags(act plan.Action) map[string]string {
	tags := maps.Clone(act.Tags)
	tags[release.TagRun] = release.TagValue(a.RunID)
	tags[release.TagAlive] = release.TagValue(a.Clients.Now().Format(time.RFC3339))
	return tags
}

// openForSSH lets SSH in, and makes the key for it.
func (a *Applier) openForSSH(ctx context.Context, client *ec2.Client, act plan.Action, group string) error {
	if err := boottest.OpenPorts(ctx, client, group, []int{sshPort}); err != nil {
		return fmt.Errorf("let SSH into %s: %w", act.Name, err)
	}
	key, err := client.CreateKeyPair(ctx, &ec2.CreateKeyPairInput{
		KeyName: aws.String(act.Name), KeyType: types.KeyTypeRsa,
		TagSpecifications: []types.TagSpecification{specification(types.ResourceTypeKeyPair, act.Tags)},
	})
	if err != nil {
		return fmt.Errorf("create key pair %s: %w", act.Name, err)
	}
	a.hearts.keep(act.Name, []byte(aws.ToString(key.KeyMaterial)))
	return nil
}
