// Package outside looks at a release as a customer does: another account, with
// nothing but what is public. It shares nothing with observe, so that a mistake
// there is not made twice.
//
// What a newcomer would get wrong: whatever is launched here costs money on AWS
// until it is terminated; Launch's caller must End it.
package outside

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/release"
)

// Customer is an account that owns nothing of the release.
type Customer struct {
	Clients *awsapi.Clients
	Poll    time.Duration // between two looks at something that is starting
}

// Find returns the public AMI of that owner and name, as a customer searches
// for it. None, or more than one, is an error.
func (c Customer) Find(ctx context.Context, region, owner, name string) (string, error) {
	found, err := c.one(ctx, region, &ec2.DescribeImagesInput{
		Owners: []string{owner}, Filters: []types.Filter{{Name: aws.String("name"), Values: []string{name}}},
	})
	if err != nil {
		return "", fmt.Errorf("search %q of %s: %w", name, owner, err)
	}
	return aws.ToString(found.ImageId), nil
}

// BaseOf returns name and description of the AMI that one of the caller's own
// was built from, as the base's owner gives them.
func (c Customer) BaseOf(ctx context.Context, region, name string) (string, error) {
	own, err := c.one(ctx, region, &ec2.DescribeImagesInput{
		Owners: []string{"self"}, Filters: []types.Filter{{Name: aws.String("name"), Values: []string{name}}},
	})
	if err != nil {
		return "", err
	}
	id := ""
	for _, t := range own.Tags {
		if aws.ToString(t.Key) == release.TagBase {
			id, _ = release.ReadTag(aws.ToString(t.Value))
		}
	}
	base, err := c.one(ctx, region, &ec2.DescribeImagesInput{ImageIds: []string{id}})
	return fmt.Sprintf("%s (%s)", aws.ToString(base.Name), aws.ToString(base.Description)), err
}

// one describes images, of which there must be one.
func (c Customer) one(ctx context.Context, region string, in *ec2.DescribeImagesInput) (types.Image, error) {
	out, err := c.Clients.EC2(region).DescribeImages(ctx, in)
	if err != nil {
		return types.Image{}, fmt.Errorf("describe images in %s: %w", region, err)
	}
	if len(out.Images) != 1 {
		return types.Image{}, fmt.Errorf("describe images in %s: found %d AMIs, want 1", region, len(out.Images))
	}
	return out.Images[0], nil
}

// Machine is what a customer launched.
type Machine struct {
	ID, Group, Region string
	Address           string // public IPv4
	Host              string // public DNS name, or the address
	Ready             time.Duration
}

// Launch starts an instance from an AMI, open on those TCP ports, and waits
// until it runs. What was made before an error is in the Machine too.
func (c Customer) Launch(ctx context.Context, region, ami, instanceType string, ports []int) (Machine, error) {
	client := c.Clients.EC2(region)
	start := time.Now()
	m := Machine{Region: region}
	group, err := client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("tries-" + ami), Description: aws.String("tries " + ami),
	})
	if err != nil {
		return m, fmt.Errorf("make a security group in %s: %w", region, err)
	}
	m.Group = aws.ToString(group.GroupId)
	if err := open(ctx, client, m.Group, ports); err != nil {
		return m, err
	}
	out, err := client.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: aws.String(ami), InstanceType: types.InstanceType(instanceType),
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), SecurityGroupIds: []string{m.Group},
	})
	if err != nil {
		return m, fmt.Errorf("launch %s in %s: %w", ami, region, err)
	}
	m.ID = aws.ToString(out.Instances[0].InstanceId)
	err = c.untilRunning(ctx, client, &m)
	m.Ready = time.Since(start)
	return m, err
}

func open(ctx context.Context, client *ec2.Client, group string, ports []int) error {
	var rules []types.IpPermission
	for _, p := range ports {
		rules = append(rules, types.IpPermission{
			IpProtocol: aws.String("tcp"), FromPort: aws.Int32(int32(p)), ToPort: aws.Int32(int32(p)), //nolint:gosec // checked by the catalog
			IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}},
		})
	}
	_, err := client.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: aws.String(group), IpPermissions: rules})
	if err != nil {
		return fmt.Errorf("open ports %v: %w", ports, err)
	}
	return nil
}

func (c Customer) untilRunning(ctx context.Context, client *ec2.Client, m *Machine) error {
	return c.poll(ctx, func() (bool, error) {
		out, err := client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{m.ID}})
		if err != nil && !awsapi.IsNotFound(err) {
			return false, fmt.Errorf("look at %s: %w", m.ID, err)
		}
		if err != nil || len(out.Reservations) == 0 {
			return false, nil
		}
		i := out.Reservations[0].Instances[0]
		switch i.State.Name {
		case types.InstanceStateNameRunning:
			m.Address = aws.ToString(i.PublicIpAddress)
			m.Host = aws.ToString(i.PublicDnsName)
			if m.Host == "" {
				m.Host = m.Address
			}
			return true, nil
		case types.InstanceStateNamePending:
			return false, nil
		}
		why := ""
		if i.StateReason != nil {
			why = ": " + aws.ToString(i.StateReason.Message)
		}
		return false, fmt.Errorf("%s is %s%s", m.ID, i.State.Name, why)
	})
}

// poll tries until it is done, fails, or ctx ends.
func (c Customer) poll(ctx context.Context, try func() (bool, error)) error {
	tick := time.NewTicker(c.Poll)
	defer tick.Stop()
	for {
		done, err := try()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// End terminates the machine and removes its group.
func (c Customer) End(ctx context.Context, m Machine) error {
	client := c.Clients.EC2(m.Region)
	if m.ID != "" {
		if _, err := client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{m.ID}}); err != nil {
			return fmt.Errorf("terminate %s: %w", m.ID, err)
		}
	}
	if m.Group == "" {
		return nil
	}
	return c.poll(ctx, func() (bool, error) {
		_, err := client.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(m.Group)})
		if awsapi.IsInUse(err) {
			return false, nil
		}
		return err == nil, err
	})
}

// Console is what the machine wrote to its console.
func (c Customer) Console(ctx context.Context, m Machine) (string, error) {
	out, err := c.Clients.EC2(m.Region).GetConsoleOutput(ctx, &ec2.GetConsoleOutputInput{InstanceId: aws.String(m.ID)})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Output), nil
}

// Check asks the machine over HTTP until the answer is as it shall be, or ctx
// ends: machines take a while to configure themselves.
func (c Customer) Check(ctx context.Context, m Machine, check release.Check) error {
	url := fmt.Sprintf("http://%s:%d%s", m.Address, check.Port, check.Path)
	want := strings.ReplaceAll(check.Contains, "{host}", m.Host)
	last := fmt.Errorf("was not asked")
	err := c.poll(ctx, func() (bool, error) {
		last = get(ctx, url, check.Status, want)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", url, last)
	}
	return nil
}

// maxAnswer bounds how much of an answer is read.
const maxAnswer = 1 << 20

func get(ctx context.Context, url string, status int, want string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return err
	case resp.StatusCode != status:
		return fmt.Errorf("answered %s, want %d", resp.Status, status)
	case !strings.Contains(string(body), want):
		return fmt.Errorf("the answer does not contain %q", want)
	}
	return nil
}
