package boottest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/release"
)

// Launch is what to start. The caller has made the group and the key pair, and
// ends the instances.
type Launch struct {
	AMI, Group string
	Targets    []release.LaunchTarget // tried in this order where AWS has no capacity
	KeyName    string                 // may be empty
	Tags       []types.Tag            // of instances and volumes
	Poll       time.Duration          // between two reads of what is starting
}

// Machine is an instance that runs.
type Machine struct {
	ID      string
	Address string // public IPv4, else the private one
	Host    string // public DNS name, else the address
	// Metadata is how its metadata service answers.
	Metadata Metadata
}

// Metadata are settings of an instance's metadata service.
type Metadata struct {
	Tokens bool // are required
	Hops   int  // that an answer with a token may take; of a launch, 0: as the AMI says
}

func (m Metadata) String() string {
	tokens := "tokens optional"
	if m.Tokens {
		tokens = "tokens required"
	}
	return fmt.Sprintf("%s and the hop limit %d", tokens, m.Hops)
}

// Start launches instances and waits until all of them run: one for each of the settings,
// of which nil is what the AMI says, with tokens required if the account enforces that. One that terminates instead is an error with EC2's
// reason; the instances are returned with it.
func (l Launch) Start(ctx context.Context, client *ec2.Client, settings ...*Metadata) ([]Machine, error) {
	var machines []Machine
	for _, m := range settings {
		out, err := l.run(ctx, client, m)
		if m == nil && awsapi.IsUnsupported(err) { // the account enforces IMDSv2
			out, err = l.run(ctx, client, &Metadata{Tokens: true})
		}
		if err != nil {
			return machines, fmt.Errorf("launch %s: %w", l.AMI, err)
		}
		for _, started := range out.Instances {
			machines = append(machines, Machine{ID: aws.ToString(started.InstanceId)})
		}
	}
	for i := range machines {
		if err := l.untilRunning(ctx, client, &machines[i], types.InstanceStateNamePending); err != nil {
			return machines, err
		}
	}
	return machines, nil
}

// run launches an instance as the first of the targets for which AWS has capacity.
func (l Launch) run(ctx context.Context, client *ec2.Client, m *Metadata) (out *ec2.RunInstancesOutput, err error) {
	for _, t := range l.Targets {
		out, err = client.RunInstances(ctx, l.input(t, m))
		if !awsapi.IsNoCapacity(err) {
			return out, err
		}
	}
	return out, fmt.Errorf("%w (more types and subnets to try can be named in build.instance and build.subnet)", err)
}

// Restart stops an instance and starts it again: its public address may be another then.
func (l Launch) Restart(ctx context.Context, client *ec2.Client, m Machine) (Machine, error) {
	ids := []string{m.ID}
	if _, err := client.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: ids}); err != nil {
		return m, fmt.Errorf("stop %s: %w", m.ID, err)
	}
	if err := l.untilStopped(ctx, client, m); err != nil {
		return m, err
	}
	if _, err := client.StartInstances(ctx, &ec2.StartInstancesInput{InstanceIds: ids}); err != nil {
		return m, fmt.Errorf("start %s again: %w", m.ID, err)
	}
	// A read may still show that it is stopped.
	err := l.untilRunning(ctx, client, &m, types.InstanceStateNamePending, types.InstanceStateNameStopped)
	return m, err
}

// untilStopped waits until an instance has stopped.
func (l Launch) untilStopped(ctx context.Context, client *ec2.Client, m Machine) error {
	limited, cancel := context.WithTimeout(ctx, runsWithin)
	defer cancel()
	err := l.poll(limited, client, m.ID, func(i types.Instance) (bool, error) {
		switch i.State.Name {
		case types.InstanceStateNameTerminated, types.InstanceStateNameShuttingDown:
			return false, fmt.Errorf("%s is %s, and was only to be stopped", m.ID, i.State.Name)
		}
		return i.State.Name == types.InstanceStateNameStopped, nil
	})
	if limited.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%s has not stopped after %s: %w", m.ID, runsWithin, limited.Err())
	}
	return err
}

func (l Launch) input(t release.LaunchTarget, m *Metadata) *ec2.RunInstancesInput {
	in := &ec2.RunInstancesInput{
		ImageId: aws.String(l.AMI), InstanceType: types.InstanceType(t.InstanceType),
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), SecurityGroupIds: []string{l.Group},
	}
	// An account's default may be that there is none.
	in.MetadataOptions = &types.InstanceMetadataOptionsRequest{HttpEndpoint: types.InstanceMetadataEndpointStateEnabled}
	if m != nil {
		tokens := types.HttpTokensStateOptional
		if m.Tokens {
			tokens = types.HttpTokensStateRequired
		}
		in.MetadataOptions.HttpTokens = tokens
		if m.Hops > 0 {
			in.MetadataOptions.HttpPutResponseHopLimit = aws.Int32(int32(m.Hops)) //nolint:gosec // small
		}
	}
	if t.Subnet != "" {
		in.SubnetId = aws.String(t.Subnet)
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

// runsWithin is how long EC2 may take to start an instance, or to stop it.
const runsWithin = 10 * time.Minute

// untilRunning waits while an instance is in one of the states before.
func (l Launch) untilRunning(ctx context.Context, client *ec2.Client, m *Machine, before ...types.InstanceStateName) error {
	limited, cancel := context.WithTimeout(ctx, runsWithin)
	defer cancel()
	err := l.poll(limited, client, m.ID, func(i types.Instance) (bool, error) { return m.see(i, before) })
	if limited.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%s does not run after %s: %w", m.ID, runsWithin, limited.Err())
	}
	return err
}

// poll reads an instance until done says so.
func (l Launch) poll(ctx context.Context, client *ec2.Client, id string, done func(types.Instance) (bool, error)) error {
	return Poll(ctx, l.Poll, func() (bool, error) {
		out, err := client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
		if err != nil && !awsapi.IsNotFound(err) {
			return false, fmt.Errorf("read %s: %w", id, err)
		}
		if err != nil || len(out.Reservations) == 0 {
			return false, nil // it is too new
		}
		return done(out.Reservations[0].Instances[0])
	})
}

// see takes what is known of an instance once it runs; running is false while it is in
// one of the states before that.
func (m *Machine) see(i types.Instance, before []types.InstanceStateName) (running bool, err error) {
	switch {
	case i.State.Name == types.InstanceStateNameRunning:
		m.Address = firstOf(i.PublicIpAddress, i.PrivateIpAddress)
		m.Host = firstOf(i.PublicDnsName, &m.Address)
		if o := i.MetadataOptions; o != nil {
			m.Metadata = Metadata{o.HttpTokens == types.HttpTokensStateRequired, int(aws.ToInt32(o.HttpPutResponseHopLimit))}
		}
		return true, nil
	case slices.Contains(before, i.State.Name):
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

// OpenPorts lets clients in some ranges of addresses reach TCP ports of a group's
// instances. Rules that are there already are left as they are.
func OpenPorts(ctx context.Context, client *ec2.Client, group string, ports []int, from []netip.Prefix) error {
	for _, p := range ports {
		for _, source := range from {
			_, err := client.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
				GroupId: aws.String(group), IpPermissions: []types.IpPermission{ingress(p, source)},
			})
			if err != nil && !awsapi.IsDuplicateRule(err) {
				return fmt.Errorf("open port %d in %s to %s: %w", p, group, source, err)
			}
		}
	}
	return nil
}

func ingress(port int, from netip.Prefix) types.IpPermission {
	rule := types.IpPermission{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(int32(port)), ToPort: aws.Int32(int32(port)), //nolint:gosec // checked by the catalog
	}
	if from.Addr().Is4() {
		rule.IpRanges = []types.IpRange{{CidrIp: aws.String(from.String())}}
	} else {
		rule.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: aws.String(from.String())}}
	}
	return rule
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
	return wholeLines(string(text)), nil
}

// mostConsole is how many bytes EC2 keeps of a console: the last.
const mostConsole = 64 << 10

// wholeLines is a console without a first line that may be half a one: the end of a
// secret could not be told from other text.
func wholeLines(console string) string {
	if len(console) < mostConsole {
		return console
	}
	_, rest, _ := strings.Cut(console, "\n")
	return rest
}
