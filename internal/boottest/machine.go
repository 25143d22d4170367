package boottest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
)

// Launch is what to start. The caller has made the group and the key pair, and
// ends the instances.
type Launch struct {
	AMI, InstanceType, Group string
	Subnet, KeyName          string // may be empty
	Count                    int32
	Tags                     []types.Tag   // of instances and volumes
	Poll                     time.Duration // between two looks at what is starting
}

// Machine is an instance that runs.
type Machine struct {
	ID      string
	Address string // public IPv4, else the private one
	Host    string // public DNS name, else the address
}

// Start launches instances and waits until all of them run. One that ends
// instead is an error with EC2's reason; the machines are returned with it.
func (l Launch) Start(ctx context.Context, client *ec2.Client) ([]Machine, error) {
	out, err := client.RunInstances(ctx, l.input())
	if err != nil {
		return nil, fmt.Errorf("launch %s: %w", l.AMI, err)
	}
	machines := make([]Machine, len(out.Instances))
	for i, started := range out.Instances {
		machines[i].ID = aws.ToString(started.InstanceId)
	}
	for i := range machines {
		if err := l.untilRunning(ctx, client, &machines[i]); err != nil {
			return machines, err
		}
	}
	return machines, nil
}

func (l Launch) input() *ec2.RunInstancesInput {
	in := &ec2.RunInstancesInput{
		ImageId: aws.String(l.AMI), InstanceType: types.InstanceType(l.InstanceType),
		MinCount: aws.Int32(l.Count), MaxCount: aws.Int32(l.Count), SecurityGroupIds: []string{l.Group},
	}
	if l.Subnet != "" {
		in.SubnetId = aws.String(l.Subnet)
	}
	if l.KeyName != "" {
		in.KeyName = aws.String(l.KeyName)
	}
	for _, r := range []types.ResourceType{types.ResourceTypeInstance, types.ResourceTypeVolume} {
		if len(l.Tags) > 0 {
			in.TagSpecifications = append(in.TagSpecifications, types.TagSpecification{ResourceType: r, Tags: l.Tags})
		}
	}
	return in
}

func (l Launch) untilRunning(ctx context.Context, client *ec2.Client, m *Machine) error {
	return Poll(ctx, l.Poll, func() (bool, error) {
		out, err := client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{m.ID}})
		if err != nil && !awsapi.IsNotFound(err) {
			return false, fmt.Errorf("look at %s: %w", m.ID, err)
		}
		if err != nil || len(out.Reservations) == 0 {
			return false, nil // it is too new
		}
		return m.see(out.Reservations[0].Instances[0])
	})
}

// see takes the addresses of an instance that runs; running is false while it
// is pending.
func (m *Machine) see(i types.Instance) (running bool, err error) {
	switch i.State.Name {
	case types.InstanceStateNameRunning:
		m.Address = firstOf(i.PublicIpAddress, i.PrivateIpAddress)
		m.Host = firstOf(i.PublicDnsName, &m.Address)
		return true, nil
	case types.InstanceStateNamePending:
		return false, nil
	}
	why := ""
	if i.StateReason != nil {
		why = ": " + aws.ToString(i.StateReason.Message)
	}
	return false, fmt.Errorf("%s is %s%s", m.ID, i.State.Name, why)
}

func firstOf(texts ...*string) string {
	for _, t := range texts {
		if aws.ToString(t) != "" {
			return *t
		}
	}
	return ""
}

// Poll tries until it is done, fails, or ctx ends; then its error is ctx's.
func Poll(ctx context.Context, every time.Duration, try func() (done bool, err error)) error {
	tick := time.NewTicker(every)
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

// until tries until it succeeds, or ctx ends; then the error is the last one that
// is not ctx's own.
func until(ctx context.Context, every time.Duration, try func() error) error {
	last := errors.New("was not tried")
	err := Poll(ctx, every, func() (bool, error) {
		if err := try(); err == nil || ctx.Err() == nil {
			last = err
		}
		return last == nil, nil
	})
	if err != nil {
		return last
	}
	return nil
}

// OpenPorts lets anybody reach TCP ports of a group's instances.
func OpenPorts(ctx context.Context, client *ec2.Client, group string, ports []int) error {
	for _, p := range ports {
		_, err := client.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: aws.String(group), IpPermissions: []types.IpPermission{{
				IpProtocol: aws.String("tcp"), FromPort: aws.Int32(int32(p)), ToPort: aws.Int32(int32(p)), //nolint:gosec // checked by the catalog
				IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}},
			}},
		})
		if err != nil && !awsapi.IsDuplicateRule(err) {
			return fmt.Errorf("open port %d in %s: %w", p, group, err)
		}
	}
	return nil
}

// Console is what an instance wrote to its console.
func Console(ctx context.Context, client *ec2.Client, id string) (string, error) {
	out, err := client.GetConsoleOutput(ctx, &ec2.GetConsoleOutputInput{InstanceId: aws.String(id)})
	if err != nil {
		return "", fmt.Errorf("read the console of %s: %w", id, err)
	}
	text, err := base64.StdEncoding.DecodeString(aws.ToString(out.Output))
	if err != nil {
		return "", fmt.Errorf("read the console of %s: %w", id, err)
	}
	return string(text), nil
}
