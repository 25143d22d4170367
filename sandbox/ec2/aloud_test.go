package ec2_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/ec2"
	"amiship/sandbox/machine"
	"amiship/sandbox/wire/wiretest"
)

// TestWhatIsNotDone: what a request asks for and the sandbox does not do is refused, not ignored.
func TestWhatIsNotDone(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine, ctx := r.client(vendor, home), t.Context()
	in := r.run(t, awssdk.RunInstancesInput{NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{
		{DeviceIndex: aws.Int32(0), Description: aws.String("mine"), DeleteOnTermination: aws.Bool(true), InterfaceType: aws.String("interface")},
	}})
	if got := r.instance(t, *in.InstanceId).NetworkInterfaces[0]; *got.Description != "mine" {
		t.Errorf("the interface is described as %q", *got.Description)
	}
	launch := func(ni types.InstanceNetworkInterfaceSpecification) error {
		return second(mine.RunInstances(ctx, &awssdk.RunInstancesInput{
			ImageId: aws.String(r.base(t)), InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{ni},
		}))
	}
	modify := func(m types.InstanceBlockDeviceMappingSpecification) error {
		m.DeviceName = aws.String("/dev/sda1")
		return second(mine.ModifyInstanceAttribute(ctx, &awssdk.ModifyInstanceAttributeInput{InstanceId: in.InstanceId, BlockDeviceMappings: []types.InstanceBlockDeviceMappingSpecification{m}}))
	}
	group := must(mine.CreateSecurityGroup(ctx, &awssdk.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("g")}))(t).GroupId
	open := func(pair types.UserIdGroupPair) error {
		pair.GroupId = group
		return second(mine.AuthorizeSecurityGroupIngress(ctx, &awssdk.AuthorizeSecurityGroupIngressInput{
			GroupId: group, IpPermissions: []types.IpPermission{{IpProtocol: aws.String("-1"), UserIdGroupPairs: []types.UserIdGroupPair{pair}}},
		}))
	}
	image := must(mine.CreateImage(ctx, &awssdk.CreateImageInput{InstanceId: in.InstanceId, Name: aws.String("app")}))(t).ImageId
	r.wall.Pass(time.Hour)
	snapshot := r.image(t, vendor, home, *image).BlockDeviceMappings[0].Ebs.SnapshotId
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"a stop by force": {second(mine.StopInstances(ctx, &awssdk.StopInstancesInput{InstanceIds: []string{*in.InstanceId}, Force: aws.Bool(true)})), "Unsupported"},
		"an end of requests": {second(mine.RunInstances(ctx, &awssdk.RunInstancesInput{
			ImageId: aws.String(r.base(t)), InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			InstanceMarketOptions: &types.InstanceMarketOptionsRequest{MarketType: "spot", SpotOptions: &types.SpotMarketOptions{ValidUntil: aws.Time(r.wall.Now())}},
		})), "InvalidParameterCombination"},
		"codes of a snapshot": {second(mine.ModifySnapshotAttribute(ctx, &awssdk.ModifySnapshotAttributeInput{
			SnapshotId: snapshot, Attribute: types.SnapshotAttributeNameProductCodes, UserIds: []string{customer}, OperationType: "add",
		})), "InvalidParameterValue"},
		"CPUs": {second(mine.RunInstances(ctx, &awssdk.RunInstancesInput{
			ImageId: aws.String(r.base(t)), InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1), CpuOptions: &types.CpuOptionsRequest{CoreCount: aws.Int32(1)},
		})), "UnknownParameter"},
		"hibernation":           {second(mine.StopInstances(ctx, &awssdk.StopInstancesInput{InstanceIds: []string{*in.InstanceId}, Hibernate: aws.Bool(true)})), "UnsupportedHibernationConfiguration"},
		"a second interface":    {launch(types.InstanceNetworkInterfaceSpecification{DeviceIndex: aws.Int32(1)}), "Unsupported"},
		"one that stays":        {launch(types.InstanceNetworkInterfaceSpecification{DeviceIndex: aws.Int32(0), DeleteOnTermination: aws.Bool(false)}), "Unsupported"},
		"one of another type":   {launch(types.InstanceNetworkInterfaceSpecification{DeviceIndex: aws.Int32(0), InterfaceType: aws.String("efa")}), "Unsupported"},
		"a device that goes":    {modify(types.InstanceBlockDeviceMappingSpecification{NoDevice: aws.String("x")}), "Unsupported"},
		"another volume":        {modify(types.InstanceBlockDeviceMappingSpecification{Ebs: &types.EbsInstanceBlockDeviceSpecification{VolumeId: aws.String("vol-00000000000000000")}}), "InvalidInstanceAttributeValue"},
		"another's group":       {open(types.UserIdGroupPair{UserId: aws.String(customer)}), "Unsupported"},
		"a group of nobody's":   {open(types.UserIdGroupPair{UserId: aws.String("me")}), "InvalidUserID.Malformed"},
		"one's own by its name": {open(types.UserIdGroupPair{UserId: aws.String(vendor)}), ""},
	} {
		if got := wiretest.Code(tc.err); got != tc.want {
			t.Errorf("%s: %v, want %q", name, tc.err, tc.want)
		}
	}
}

// TestFleetToken: a fleet is launched once for each client token.
func TestFleetToken(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	must(mine.CreateLaunchTemplate(t.Context(), &awssdk.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("builder"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String(r.base(t))},
	}))(t)
	fleet := func(n int32) (*awssdk.CreateFleetOutput, error) {
		return mine.CreateFleet(t.Context(), &awssdk.CreateFleetInput{
			ClientToken: aws.String("once"), Type: types.FleetTypeInstant, TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: &n},
			LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
				LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateName: aws.String("builder"), Version: aws.String("1")},
				Overrides:                   []types.FleetLaunchTemplateOverridesRequest{{InstanceType: "t3.micro"}},
			}},
		})
	}
	first, again := must(fleet(1))(t), must(fleet(1))(t)
	if len(first.Instances) != 1 || !reflect.DeepEqual(first.Instances, again.Instances) || *first.FleetId != *again.FleetId {
		t.Errorf("the fleet is %+v, and again %+v", first, again)
	}
	if all := must(mine.DescribeInstances(t.Context(), &awssdk.DescribeInstancesInput{}))(t).Reservations; len(all) != 1 {
		t.Errorf("%d instances were launched", len(all))
	}
	_, err := fleet(2)
	wiretest.WantCode(t, err, "IdempotentParameterMismatch")
}

// TestPruneAfterTermination: layers go with the last that needs them, an instance or a snapshot.
func TestPruneAfterTermination(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	end := func(id string) int {
		before := r.driver.pruned
		must(mine.TerminateInstances(t.Context(), &awssdk.TerminateInstancesInput{InstanceIds: []string{id}}))(t)
		r.driver.set(id, machine.Status{State: machine.Stopped})
		r.wantState(t, id, "terminated")
		return r.driver.pruned - before
	}
	first := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	image := must(mine.CreateImage(t.Context(), &awssdk.CreateImageInput{InstanceId: &first, Name: aws.String("app")}))(t).ImageId
	r.wall.Pass(10 * 60e9)
	a, b := *r.run(t, awssdk.RunInstancesInput{ImageId: image}).InstanceId, *r.run(t, awssdk.RunInstancesInput{ImageId: image}).InstanceId
	if n := end(a); n != 0 {
		t.Errorf("an instance whose snapshot is there has layers pruned %d times", n)
	}
	must(mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: image, DeleteAssociatedSnapshots: aws.Bool(true)}))(t)
	if len(r.driver.layers) != 1 {
		t.Errorf("the layer of a running instance is gone: %v", r.driver.layers)
	}
	if end(b); len(r.driver.layers) != 0 {
		t.Errorf("layers are left: %v", r.driver.layers)
	}
}

// BenchmarkDescribeInstances is an answer with 250 instances.
func BenchmarkDescribeInstances(b *testing.B) {
	r := newRig(b, ec2.Settings{})
	mine := r.client(vendor, home)
	base, err := mine.DescribeImages(b.Context(), &awssdk.DescribeImagesInput{Owners: []string{ec2.Canonical}, Filters: []types.Filter{filterOf("architecture", "x86_64")}})
	if err != nil {
		b.Fatal(err)
	}
	for range 25 {
		in := &awssdk.RunInstancesInput{ImageId: base.Images[0].ImageId, InstanceType: "t3.micro", MinCount: aws.Int32(10), MaxCount: aws.Int32(10)}
		if _, err := mine.RunInstances(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := mine.DescribeInstances(b.Context(), &awssdk.DescribeInstancesInput{}); err != nil {
			b.Fatal(err)
		}
	}
}
