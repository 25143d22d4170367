package outside

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/boottest"
	"amiship/internal/marketplace"
	"amiship/internal/release"
)

// FindBought returns the newest AMI that a product code leads a subscriber to.
func (c Customer) FindBought(ctx context.Context, code string) (types.Image, error) {
	all, err := images(ctx, c.Clients.EC2(marketplace.Region), &ec2.DescribeImagesInput{
		Owners: []string{"aws-marketplace"}, Filters: []types.Filter{filter("product-code", code), filter("state", "available")},
	})
	if err != nil {
		return types.Image{}, fmt.Errorf("search AMIs of product code %s: %w", code, err)
	}
	var newest types.Image
	for _, i := range all {
		if aws.ToString(i.CreationDate) > aws.ToString(newest.CreationDate) {
			newest = i
		}
	}
	if newest.ImageId == nil {
		return newest, fmt.Errorf("search AMIs of product code %s: there is none: is the account subscribed?", code)
	}
	return newest, nil
}

// Try starts a machine from an AMI, as a buyer who has a key of his own, and
// asks it all that the variant's checks say, over HTTP and SSH. Whatever it has
// made is gone when it returns.
func (c Customer) Try(ctx context.Context, region, ami string, v release.Variant) (m Machine, err error) {
	client, name := c.Clients.EC2(region), "tries-"+ami
	key, err := client.CreateKeyPair(ctx, &ec2.CreateKeyPairInput{KeyName: aws.String(name), KeyType: types.KeyTypeRsa})
	if err != nil {
		return m, fmt.Errorf("make a key pair in %s: %w", region, err)
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
		defer cancel()
		_, gone := client.DeleteKeyPair(end, &ec2.DeleteKeyPairInput{KeyName: aws.String(name)})
		err = errors.Join(err, c.End(end, m), gone)
	}()
	if m, err = c.launch(ctx, region, boottest.Launch{AMI: ami, InstanceType: v.Build.InstanceType, KeyName: name}, append(v.Ports(), sshPort)); err != nil {
		return m, err
	}
	test := boottest.Test{
		User: v.Build.SSHUser, Key: []byte(aws.ToString(key.KeyMaterial)), Checks: v.Checks, Within: v.TestWithin, Poll: c.Poll,
		Hide: func(string) string { return "(not shown: it may hold a licence)" },
	}
	rep, err := test.Run(ctx, []boottest.Machine{m.Machine})
	if err == nil && len(rep.Failures) > 0 {
		err = fmt.Errorf("%s", rep.Failures[0])
	}
	return m, err
}

// endWithin is how long it may take until a machine is gone.
const endWithin = 2 * time.Minute

// sshPort is where machines let their owner in.
const sshPort = 22

// launch starts one machine in a group of its own, open at those ports.
func (c Customer) launch(ctx context.Context, region string, l boottest.Launch, ports []int) (Machine, error) {
	client := c.Clients.EC2(region)
	m := Machine{Region: region}
	group, err := client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("tries-" + l.AMI), Description: aws.String("tries " + l.AMI),
	})
	if err != nil {
		return m, fmt.Errorf("make a security group in %s: %w", region, err)
	}
	m.Group = aws.ToString(group.GroupId)
	if err := boottest.OpenPorts(ctx, client, m.Group, ports); err != nil {
		return m, err
	}
	l.Group, l.Count, l.Poll = m.Group, 1, c.Poll
	started, err := l.Start(ctx, client)
	if len(started) > 0 {
		m.Machine = started[0]
	}
	return m, err
}
