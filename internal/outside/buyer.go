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

// Try launches an instance of an AMI, as a buyer with a key of their own, and
// runs all the variant's checks, over HTTP and SSH. Everything that it created
// is gone when it returns.
func (c Customer) Try(ctx context.Context, region, ami string, v release.Variant) (m Machine, err error) {
	client, name := c.Clients.EC2(region), "tries-"+ami
	key, err := boottest.NewKeyPair(ctx, client, name, nil)
	if err != nil {
		return m, fmt.Errorf("%s: %w", region, err)
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
		defer cancel()
		_, gone := client.DeleteKeyPair(end, &ec2.DeleteKeyPairInput{KeyName: aws.String(name)})
		err = errors.Join(err, c.End(end, m), gone)
	}()
	if m, err = c.launch(ctx, region, boottest.Launch{AMI: ami, Targets: as(v.Build.InstanceType), KeyName: name}, append(v.Ports(), sshPort)); err != nil {
		return m, err
	}
	test := boottest.Test{
		User: v.Build.SSHUser, Key: key, Checks: v.Checks, Within: v.TestWithin, Poll: c.Poll,
		Allow: v.TestAllow, Hide: func(string) string { return "(not shown: it may hold a license)" },
	}
	rep, err := test.Run(ctx, []boottest.Machine{m.Machine})
	if err == nil && len(rep.Failures) > 0 {
		err = fmt.Errorf("%s", rep.Failures[0])
	}
	return m, err
}

// as is a launch as an instance type, in the default VPC.
func as(instanceType string) []release.LaunchTarget {
	return []release.LaunchTarget{{InstanceType: instanceType}}
}

// endWithin is how long the termination of an instance may take.
const endWithin = 2 * time.Minute

// checkIP tells a buyer who is not on a sandbox its address.
const checkIP = "https://checkip.amazonaws.com"

// sshPort is where instances accept their owner's login.
const sshPort = 22

// launch launches one instance in a group of its own, open at those ports.
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
	from, err := boottest.AccessFrom(ctx, c.Clients, region, release.Build{AccessFrom: []string{release.AccessAuto}, AddressURL: checkIP})
	if err != nil {
		return m, err
	}
	if err := boottest.OpenPorts(ctx, client, m.Group, ports, from); err != nil {
		return m, err
	}
	l.Group, l.Poll = m.Group, c.Poll
	started, err := l.Start(ctx, client, nil)
	if len(started) > 0 {
		m.Machine = started[0]
	}
	return m, err
}
