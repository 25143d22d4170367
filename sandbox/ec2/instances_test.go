package ec2_test

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/machine"
	"amiship/sandbox/wire/wiretest"
)

// base is the id of the amd64 Ubuntu image in home.
func (r *rig) base(t *testing.T) string {
	t.Helper()
	out := must(r.client(vendor, home).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{
		Owners: []string{ec2.Canonical}, Filters: []types.Filter{filterOf("architecture", "x86_64")},
	}))(t)
	return *out.Images[0].ImageId
}

func (r *rig) run(t *testing.T, in awssdk.RunInstancesInput) types.Instance {
	t.Helper()
	if in.ImageId == nil {
		in.ImageId = aws.String(r.base(t))
	}
	if in.InstanceType == "" {
		in.InstanceType = "t3.micro"
	}
	in.MinCount, in.MaxCount = aws.Int32(1), aws.Int32(1)
	return must(r.client(vendor, home).RunInstances(t.Context(), &in))(t).Instances[0]
}

func (r *rig) instance(t *testing.T, id string) types.Instance {
	t.Helper()
	out := must(r.client(vendor, home).DescribeInstances(t.Context(), &awssdk.DescribeInstancesInput{InstanceIds: []string{id}}))(t)
	return out.Reservations[0].Instances[0]
}

func (r *rig) wantState(t *testing.T, id string, want types.InstanceStateName) types.Instance {
	t.Helper()
	in := r.instance(t, id)
	if in.State.Name != want {
		t.Fatalf("instance is %s, want %s", in.State.Name, want)
	}
	return in
}

// tagsOn asks for one tag on resources of each type.
func tagsOn(kinds ...types.ResourceType) []types.TagSpecification {
	var out []types.TagSpecification
	for _, kind := range kinds {
		out = append(out, types.TagSpecification{ResourceType: kind, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	}
	return out
}

// TestWhatGoesWithAnInstance: its network interface and the volumes that are deleted on
// termination are gone with their tags as soon as it is terminated, described or not; the
// others stay.
func TestWhatGoesWithAnInstance(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	in := r.run(t, awssdk.RunInstancesInput{
		TagSpecifications: tagsOn("instance", "volume", "network-interface"),
		BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sdf"), Ebs: &types.EbsBlockDevice{
			VolumeSize: aws.Int32(1), DeleteOnTermination: aws.Bool(false),
		}}},
	})
	ids := func() []string {
		var out []string
		for _, tag := range must(mine.DescribeTags(t.Context(), &awssdk.DescribeTagsInput{}))(t).Tags {
			out = append(out, string(tag.ResourceType))
		}
		return slices.Sorted(slices.Values(out))
	}
	if got, want := ids(), []string{"instance", "network-interface", "volume", "volume"}; !slices.Equal(got, want) {
		t.Fatalf("tags of %q, want %q", got, want)
	}
	must(mine.TerminateInstances(t.Context(), &awssdk.TerminateInstancesInput{InstanceIds: []string{*in.InstanceId}}))(t)
	if got, want := ids(), []string{"instance", "volume"}; !slices.Equal(got, want) {
		t.Errorf("tags of %q after the end, want %q", got, want)
	}
	for id, code := range map[string]string{*in.NetworkInterfaces[0].NetworkInterfaceId: "InvalidNetworkInterfaceID.NotFound", *in.BlockDeviceMappings[0].Ebs.VolumeId: "InvalidVolume.NotFound"} {
		_, err := mine.CreateTags(t.Context(), &awssdk.CreateTagsInput{Resources: []string{id}, Tags: tagsOn("any")[0].Tags})
		wiretest.WantCode(t, err, code)
	}
}

func TestInstanceLife(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	key := must(mine.CreateKeyPair(t.Context(), &awssdk.CreateKeyPairInput{KeyName: aws.String("k"), KeyType: "ed25519"}))(t)
	r.driver.boot = machine.Status{State: machine.Starting}
	in := r.run(t, awssdk.RunInstancesInput{KeyName: key.KeyName, TagSpecifications: tagsOn("instance"), UserData: aws.String(base64.StdEncoding.EncodeToString([]byte("#!/bin/sh")))})
	id := *in.InstanceId
	spec := r.driver.specs[id]
	if !strings.HasPrefix(spec.UUID, "ec2") || spec.User != "ubuntu" || spec.Arch != "amd64" || !slices.Equal(spec.Layers, []string{"base/ubuntu-22.04/amd64"}) || !strings.HasPrefix(spec.AuthorizedKey, "ssh-ed25519 ") {
		t.Errorf("spec %+v", spec)
	}
	r.wantState(t, id, "pending")
	r.driver.set(id, machine.Status{State: machine.Running})
	r.wantState(t, id, "pending") // sshd does not answer yet
	r.driver.set(id, machine.Status{State: machine.Running, SSH: true})
	up := r.wantState(t, id, "running")
	public := netip.MustParseAddr(*up.PublicIpAddress)
	if !netip.MustParsePrefix("127.64.0.0/10").Contains(public) || public != spec.Public || *up.PrivateIpAddress != spec.Private.String() {
		t.Errorf("addresses %s and %s, the machine's %s and %s", *up.PublicIpAddress, *up.PrivateIpAddress, spec.Public, spec.Private)
	}
	must(mine.StopInstances(t.Context(), &awssdk.StopInstancesInput{InstanceIds: []string{id}}))(t)
	stopped := r.wantState(t, id, "stopped")
	if stopped.PublicIpAddress != nil || *stopped.PrivateIpAddress != *up.PrivateIpAddress {
		t.Error("a stopped instance keeps its private address only")
	}
	r.driver.boot = machine.Status{State: machine.Running, SSH: true}
	must(mine.StartInstances(t.Context(), &awssdk.StartInstancesInput{InstanceIds: []string{id}}))(t)
	again := r.wantState(t, id, "running")
	if *again.PublicIpAddress == *up.PublicIpAddress {
		t.Error("the public address survived a stop")
	}
	must(mine.RebootInstances(t.Context(), &awssdk.RebootInstancesInput{InstanceIds: []string{id}}))(t)
	if rebooted := r.wantState(t, id, "running"); *rebooted.PublicIpAddress != *again.PublicIpAddress {
		t.Error("the public address changed over a reboot")
	}
	must(mine.TerminateInstances(t.Context(), &awssdk.TerminateInstancesInput{InstanceIds: []string{id}}))(t)
	gone := r.wantState(t, id, "terminated")
	if gone.PrivateIpAddress != nil || len(gone.NetworkInterfaces) != 0 || !slices.Contains(r.driver.removed, id) {
		t.Errorf("terminated: %+v, removed %v", gone, r.driver.removed)
	}
	volumes := must(mine.DescribeVolumes(t.Context(), &awssdk.DescribeVolumesInput{}))(t)
	if len(volumes.Volumes) != 0 {
		t.Errorf("volumes are left: %+v", volumes.Volumes)
	}
	tags := func() int { return len(must(mine.DescribeTags(t.Context(), &awssdk.DescribeTagsInput{}))(t).Tags) }
	if tags() == 0 {
		t.Error("its tags went before it did")
	}
	r.wall.Pass(2 * time.Hour)
	_, err := mine.DescribeInstances(t.Context(), &awssdk.DescribeInstancesInput{InstanceIds: []string{id}})
	wiretest.WantCode(t, err, "InvalidInstanceID.NotFound")
	if n := tags(); n != 0 {
		t.Errorf("%d of its tags are left", n)
	}
}

func TestShutdownFromWithin(t *testing.T) {
	for behavior, want := range map[types.ShutdownBehavior]types.InstanceStateName{"stop": "stopped", "terminate": "terminated", "": "stopped"} {
		t.Run(string(behavior), func(t *testing.T) {
			r := newRig(t, ec2.Settings{})
			id := *r.run(t, awssdk.RunInstancesInput{InstanceInitiatedShutdownBehavior: behavior}).InstanceId
			r.wantState(t, id, "running")
			r.driver.set(id, machine.Status{State: machine.Stopped})
			in := r.wantState(t, id, want)
			if *in.StateReason.Code != "Client.InstanceInitiatedShutdown" {
				t.Errorf("reason %+v", in.StateReason)
			}
			if removed := slices.Contains(r.driver.removed, id); removed != (want == "terminated") {
				t.Errorf("removed: %v", removed)
			}
		})
	}
}

func TestMachineThatDoesNotStart(t *testing.T) {
	t.Run("the driver refuses", func(t *testing.T) {
		r := newRig(t, ec2.Settings{})
		r.driver.err = errors.New("no room")
		id := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
		if in := r.wantState(t, id, "terminated"); !strings.Contains(*in.StateReason.Message, "no room") {
			t.Errorf("reason %+v", in.StateReason)
		}
	})
	t.Run("the machine fails", func(t *testing.T) {
		r := newRig(t, ec2.Settings{})
		r.driver.boot = machine.Status{State: machine.Failed, Err: "init died"}
		id := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
		if in := r.wantState(t, id, "terminated"); !strings.Contains(*in.StateReason.Message, "init died") {
			t.Errorf("reason %+v", in.StateReason)
		}
	})
}

func TestRunInstancesRefuses(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	base := r.base(t)
	arm := must(r.client(vendor, home).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Filters: []types.Filter{filterOf("architecture", "arm64")}}))(t).Images[0].ImageId
	for name, tc := range map[string]struct {
		in   awssdk.RunInstancesInput
		want string
	}{
		"an unknown image":       {awssdk.RunInstancesInput{ImageId: aws.String("ami-00000000000000000")}, "InvalidAMIID.NotFound"},
		"the wrong architecture": {awssdk.RunInstancesInput{ImageId: arm}, "InvalidParameterValue"},
		"an unknown type":        {awssdk.RunInstancesInput{InstanceType: "z9.huge"}, "InvalidParameterValue"},
		"an unknown key":         {awssdk.RunInstancesInput{KeyName: aws.String("none")}, "InvalidKeyPair.NotFound"},
		"an unknown group":       {awssdk.RunInstancesInput{SecurityGroupIds: []string{"sg-00000000000000000"}}, "InvalidGroup.NotFound"},
		"an unknown subnet":      {awssdk.RunInstancesInput{SubnetId: aws.String("subnet-00000000000000000")}, "InvalidSubnetID.NotFound"},
		"an unknown zone":        {awssdk.RunInstancesInput{Placement: &types.Placement{AvailabilityZone: aws.String("us-east-1z")}}, "InvalidParameterValue"},
		"a small disk":           {awssdk.RunInstancesInput{BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sda1"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(4)}}}}, "InvalidBlockDeviceMapping"},
		"user data in clear":     {awssdk.RunInstancesInput{UserData: aws.String("#!/bin/sh")}, "InvalidUserData.Malformed"},
		"tags of something else": {awssdk.RunInstancesInput{TagSpecifications: []types.TagSpecification{{ResourceType: "image", Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}}}, "InvalidParameterValue"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.MinCount, tc.in.MaxCount = aws.Int32(1), aws.Int32(1)
			if tc.in.ImageId == nil {
				tc.in.ImageId = &base
			}
			if tc.in.InstanceType == "" {
				tc.in.InstanceType = "t3.micro"
			}
			_, err := r.client(vendor, home).RunInstances(t.Context(), &tc.in)
			wiretest.WantCode(t, err, tc.want)
		})
	}
	if len(r.driver.specs) != 0 {
		t.Errorf("machines were started: %v", r.driver.specs)
	}
}

func TestRunInstancesToken(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	in := awssdk.RunInstancesInput{ClientToken: aws.String("t")}
	first, second := r.run(t, in), r.run(t, in)
	if *first.InstanceId != *second.InstanceId || len(r.driver.specs) != 1 {
		t.Fatalf("instances %s and %s", *first.InstanceId, *second.InstanceId)
	}
	must(r.client(vendor, home).TerminateInstances(t.Context(), &awssdk.TerminateInstancesInput{InstanceIds: []string{*first.InstanceId}}))(t)
	_, err := r.client(vendor, home).RunInstances(t.Context(), &awssdk.RunInstancesInput{
		ClientToken: aws.String("t"), ImageId: aws.String(r.base(t)), InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	})
	wiretest.WantCode(t, err, "IdempotentInstanceTerminated")
}

func TestCreateImageAndLaunchIt(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	id := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	_, err := mine.CreateImage(t.Context(), &awssdk.CreateImageInput{InstanceId: &id, Name: aws.String("no")})
	wiretest.WantCode(t, err, "InvalidAMIName.Malformed")
	made := must(mine.CreateImage(t.Context(), &awssdk.CreateImageInput{
		InstanceId: &id, Name: aws.String("app 1"), TagSpecifications: []types.TagSpecification{
			{ResourceType: "image", Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}},
			{ResourceType: "snapshot", Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}},
		},
	}))(t)
	_, err = mine.CreateImage(t.Context(), &awssdk.CreateImageInput{InstanceId: &id, Name: aws.String("app 1")})
	wiretest.WantCode(t, err, "InvalidAMIName.Duplicate")
	if im := r.image(t, vendor, home, *made.ImageId); im.State != "pending" {
		t.Errorf("a fresh image is %s", im.State)
	}
	r.wall.Pass(3 * time.Minute)
	im := r.image(t, vendor, home, *made.ImageId)
	snap := im.BlockDeviceMappings[0].Ebs.SnapshotId
	if im.State != "available" || *im.SourceInstanceId != id || snap == nil {
		t.Fatalf("image %+v", im)
	}
	second := r.run(t, awssdk.RunInstancesInput{ImageId: made.ImageId})
	want := []string{"base/ubuntu-22.04/amd64", *snap}
	if got := r.driver.specs[*second.InstanceId].Layers; !slices.Equal(got, want) {
		t.Errorf("layers %v, want %v", got, want)
	}
	if im := r.image(t, vendor, home, *made.ImageId); im.LastLaunchedTime != nil {
		t.Error("the launch is shown at once")
	}
	r.wall.Pass(25 * time.Hour)
	if im := r.image(t, vendor, home, *made.ImageId); im.LastLaunchedTime == nil {
		t.Error("the launch is not shown after a day")
	}
	must(mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: made.ImageId, DeleteAssociatedSnapshots: aws.Bool(true)}))(t)
	if !r.driver.HasLayer(*snap) {
		t.Error("the layer of a running instance was pruned")
	}
	must(mine.TerminateInstances(t.Context(), &awssdk.TerminateInstancesInput{InstanceIds: []string{*second.InstanceId}}))(t)
	r.wantState(t, *second.InstanceId, "terminated")
	if r.driver.HasLayer(*snap) {
		t.Error("a layer that nothing refers to is kept")
	}
}

// TestNoReboot: a running instance is stopped for its image, unless the request says otherwise.
func TestNoReboot(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	for name, tc := range map[string]struct {
		without *bool
		want    machine.State
	}{
		"unsaid":           {nil, machine.Stopped},
		"said":             {aws.Bool(false), machine.Stopped},
		"without a reboot": {aws.Bool(true), machine.Running},
	} {
		must(r.client(vendor, home).CreateImage(t.Context(), &awssdk.CreateImageInput{InstanceId: &id, Name: &name, NoReboot: tc.without}))(t)
		if r.driver.frozen != tc.want {
			t.Errorf("%s: the disk is frozen while the machine is %s, want %s", name, r.driver.frozen, tc.want)
		}
		r.wantState(t, id, "running")
	}
}

func TestCreateImageFails(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	id := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	r.wantState(t, id, "running")
	r.driver.err = errors.New("disk full")
	made := must(mine.CreateImage(t.Context(), &awssdk.CreateImageInput{InstanceId: &id, Name: aws.String("app")}))(t)
	im := r.image(t, vendor, home, *made.ImageId)
	if im.State != "failed" || !strings.Contains(*im.StateReason.Message, "disk full") {
		t.Errorf("image %s, %+v", im.State, im.StateReason)
	}
}

func TestSecurityGroups(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	create := func(c *awssdk.Client) (*awssdk.CreateSecurityGroupOutput, error) {
		return c.CreateSecurityGroup(t.Context(), &awssdk.CreateSecurityGroupInput{GroupName: aws.String("claim"), Description: aws.String("d")})
	}
	group := must(create(mine))(t).GroupId
	_, err := create(mine)
	wiretest.WantCode(t, err, "InvalidGroup.Duplicate")
	if !contains(err, "The security group 'claim' already exists for VPC 'vpc-") {
		t.Errorf("text: %v", err)
	}
	must(create(r.client(vendor, away)))(t)
	must(create(r.client(customer, home)))(t)

	id := *r.run(t, awssdk.RunInstancesInput{SecurityGroupIds: []string{*group}}).InstanceId
	open := &awssdk.AuthorizeSecurityGroupIngressInput{GroupId: group, IpPermissions: []types.IpPermission{{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}},
	}}}
	must(mine.AuthorizeSecurityGroupIngress(t.Context(), open))(t)
	if got := r.driver.ports[id]; !slices.Equal(got, []machine.PortRange{{From: 22, To: 22}}) {
		t.Errorf("ports of the running machine %v", got)
	}
	_, err = mine.AuthorizeSecurityGroupIngress(t.Context(), open)
	wiretest.WantCode(t, err, "InvalidPermission.Duplicate")
	must(mine.RevokeSecurityGroupIngress(t.Context(), &awssdk.RevokeSecurityGroupIngressInput{GroupId: group, IpPermissions: open.IpPermissions}))(t)
	if got := r.driver.ports[id]; len(got) != 0 {
		t.Errorf("ports after the rule went %v", got)
	}
	_, err = mine.RevokeSecurityGroupIngress(t.Context(), &awssdk.RevokeSecurityGroupIngressInput{GroupId: group, IpPermissions: open.IpPermissions})
	wiretest.WantCode(t, err, "InvalidPermission.NotFound")

	drop := func() error {
		_, err := mine.DeleteSecurityGroup(t.Context(), &awssdk.DeleteSecurityGroupInput{GroupId: group})
		return err
	}
	wiretest.WantCode(t, drop(), "DependencyViolation")
	must(mine.TerminateInstances(t.Context(), &awssdk.TerminateInstancesInput{InstanceIds: []string{id}}))(t)
	wiretest.WantCode(t, drop(), "")
	wiretest.WantCode(t, drop(), "InvalidGroup.NotFound")
}

func TestNoDefaultVPC(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{{Account: "vendor", Region: home, NoDefaultVPC: true}})
	})
	mine := r.client(vendor, home)
	_, err := mine.CreateSecurityGroup(t.Context(), &awssdk.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("d")})
	wiretest.WantCode(t, err, "VPCIdNotSpecified")
	in := &awssdk.RunInstancesInput{ImageId: aws.String(r.base(t)), InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1)}
	_, err = mine.RunInstances(t.Context(), in)
	wiretest.WantCode(t, err, "VPCIdNotSpecified")
	vpcs := must(mine.DescribeVpcs(t.Context(), &awssdk.DescribeVpcsInput{Filters: []types.Filter{filterOf("is-default", "true")}}))(t)
	if len(vpcs.Vpcs) != 0 {
		t.Errorf("default VPCs %+v", vpcs.Vpcs)
	}
	subnets := must(mine.DescribeSubnets(t.Context(), &awssdk.DescribeSubnetsInput{}))(t)
	in.SubnetId, in.ClientToken = subnets.Subnets[0].SubnetId, nil
	must(mine.RunInstances(t.Context(), in))(t)
}

func TestAddressesAreUniqueOverTheSandbox(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	first := r.run(t, awssdk.RunInstancesInput{})
	there := r.client(customer, away)
	base := must(there.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Owners: []string{ec2.Canonical}, Filters: []types.Filter{filterOf("architecture", "x86_64")}}))(t)
	second := must(there.RunInstances(t.Context(), &awssdk.RunInstancesInput{ImageId: base.Images[0].ImageId, InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1)}))(t).Instances[0]
	if *first.PrivateIpAddress == *second.PrivateIpAddress || *first.PublicIpAddress == *second.PublicIpAddress {
		t.Errorf("%s and %s, %s and %s", *first.PrivateIpAddress, *second.PrivateIpAddress, *first.PublicIpAddress, *second.PublicIpAddress)
	}
	r.update(func(tx *cloud.Tx) error {
		in, found := ec2.InstanceByAddr(tx, netip.MustParseAddr(*second.PrivateIpAddress))
		if !found || in.ID != *second.InstanceId || in.Region != away || in.Account != customer || in.SubnetCIDR() != "172.31.0.0/23" {
			t.Errorf("found %v: %+v", found, in)
		}
		return nil
	})
}

func TestInstanceAttributes(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	id := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	ena := &awssdk.ModifyInstanceAttributeInput{InstanceId: &id, EnaSupport: &types.AttributeBooleanValue{Value: aws.Bool(true)}}
	_, err := mine.ModifyInstanceAttribute(t.Context(), ena)
	wiretest.WantCode(t, err, "IncorrectInstanceState")
	must(mine.ModifyInstanceAttribute(t.Context(), &awssdk.ModifyInstanceAttributeInput{InstanceId: &id, DisableApiTermination: &types.AttributeBooleanValue{Value: aws.Bool(true)}}))(t)
	_, err = mine.TerminateInstances(t.Context(), &awssdk.TerminateInstancesInput{InstanceIds: []string{id}})
	wiretest.WantCode(t, err, "OperationNotPermitted")
	must(mine.StopInstances(t.Context(), &awssdk.StopInstancesInput{InstanceIds: []string{id}}))(t)
	must(mine.ModifyInstanceAttribute(t.Context(), ena))(t)
	out := must(mine.ModifyInstanceMetadataOptions(t.Context(), &awssdk.ModifyInstanceMetadataOptionsInput{InstanceId: &id, HttpTokens: "required", HttpPutResponseHopLimit: aws.Int32(3)}))(t)
	if o := out.InstanceMetadataOptions; o.HttpTokens != "required" || *o.HttpPutResponseHopLimit != 3 || o.HttpEndpoint != "enabled" {
		t.Errorf("metadata options %+v", o)
	}
	text := must(mine.GetConsoleOutput(t.Context(), &awssdk.GetConsoleOutputInput{InstanceId: &id}))(t)
	if raw, _ := base64.StdEncoding.DecodeString(*text.Output); string(raw) != "Linux boots\n" {
		t.Errorf("console %q", raw)
	}
}

// TestPublicAddresses: an instance gets a public address as its subnet says, or as its launch
// does.
func TestPublicAddresses(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	subnet := must(mine.DescribeSubnets(t.Context(), &awssdk.DescribeSubnetsInput{}))(t).Subnets[0].SubnetId
	in := func(public *bool) awssdk.RunInstancesInput {
		if public == nil {
			return awssdk.RunInstancesInput{SubnetId: subnet}
		}
		return awssdk.RunInstancesInput{NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{{DeviceIndex: aws.Int32(0), SubnetId: subnet, AssociatePublicIpAddress: public}}}
	}
	for _, maps := range []bool{false, true} {
		must(mine.ModifySubnetAttribute(t.Context(), &awssdk.ModifySubnetAttributeInput{SubnetId: subnet, MapPublicIpOnLaunch: &types.AttributeBooleanValue{Value: &maps}}))(t)
		found := must(mine.DescribeSubnets(t.Context(), &awssdk.DescribeSubnetsInput{Filters: []types.Filter{filterOf("map-public-ip-on-launch", "false")}}))(t)
		if hidden := len(found.Subnets) == 1 && *found.Subnets[0].SubnetId == *subnet; hidden == maps {
			t.Errorf("it maps public addresses: %v; found without: %+v", maps, found.Subnets)
		}
		for _, c := range []struct {
			asked *bool
			want  bool
		}{{nil, maps}, {aws.Bool(true), true}, {aws.Bool(false), false}} {
			if got := r.run(t, in(c.asked)).PublicIpAddress != nil; got != c.want {
				t.Errorf("it maps public addresses: %v; asked for %v: %v", maps, c.asked, got)
			}
		}
	}
}

// TestMetadataDefaults: of each option of an instance's metadata service counts what its
// launch names, then what the account has set, then what the image says; and an account that
// enforces IMDSv2 gets no instance whose tokens are optional.
func TestMetadataDefaults(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	set := func(in awssdk.ModifyInstanceMetadataDefaultsInput) {
		t.Helper()
		if out := must(mine.ModifyInstanceMetadataDefaults(t.Context(), &in))(t); !*out.Return {
			t.Errorf("defaults are not set: %+v", in)
		}
	}
	want := func(asked, tokens types.HttpTokensState, hops int32) {
		t.Helper()
		in := awssdk.RunInstancesInput{}
		if asked != "" {
			in.MetadataOptions = &types.InstanceMetadataOptionsRequest{HttpTokens: asked}
		}
		if o := r.run(t, in).MetadataOptions; o.HttpTokens != tokens || *o.HttpPutResponseHopLimit != hops {
			t.Errorf("tokens are %s with the hop limit %d, want %s and %d", o.HttpTokens, *o.HttpPutResponseHopLimit, tokens, hops)
		}
	}
	refused := func(asked types.HttpTokensState) {
		t.Helper()
		in := awssdk.RunInstancesInput{ImageId: aws.String(r.base(t)), InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1)}
		if asked != "" {
			in.MetadataOptions = &types.InstanceMetadataOptionsRequest{HttpTokens: asked}
		}
		_, err := mine.RunInstances(t.Context(), &in)
		wiretest.WantCode(t, err, "UnsupportedOperation")
	}
	want("", "optional", 1)
	set(awssdk.ModifyInstanceMetadataDefaultsInput{HttpTokens: "required", HttpPutResponseHopLimit: aws.Int32(3)})
	want("", "required", 3)
	want("optional", "optional", 3)
	set(awssdk.ModifyInstanceMetadataDefaultsInput{HttpTokensEnforced: "enabled"})
	got := must(mine.GetInstanceMetadataDefaults(t.Context(), &awssdk.GetInstanceMetadataDefaultsInput{}))(t).AccountLevel
	if got.HttpTokens != "required" || got.HttpTokensEnforced != "enabled" || *got.HttpPutResponseHopLimit != 3 || got.ManagedBy != "account" {
		t.Errorf("defaults %+v", got)
	}
	want("", "required", 3)
	refused("optional")
	set(awssdk.ModifyInstanceMetadataDefaultsInput{HttpTokens: "no-preference", HttpPutResponseHopLimit: aws.Int32(-1)})
	refused("")
	want("required", "required", 1)
	id := *r.run(t, awssdk.RunInstancesInput{MetadataOptions: &types.InstanceMetadataOptionsRequest{HttpTokens: "required"}}).InstanceId
	_, err := mine.ModifyInstanceMetadataOptions(t.Context(), &awssdk.ModifyInstanceMetadataOptionsInput{InstanceId: &id, HttpTokens: "optional"})
	wiretest.WantCode(t, err, "UnsupportedOperation")
	set(awssdk.ModifyInstanceMetadataDefaultsInput{HttpTokensEnforced: "no-preference"})
	want("", "optional", 1)
}

func TestVolumeThatStays(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	id := *r.run(t, awssdk.RunInstancesInput{BlockDeviceMappings: []types.BlockDeviceMapping{
		{DeviceName: aws.String("/dev/sda1"), Ebs: &types.EbsBlockDevice{DeleteOnTermination: aws.Bool(false), VolumeSize: aws.Int32(20)}},
	}}).InstanceId
	volumes := must(mine.DescribeVolumes(t.Context(), &awssdk.DescribeVolumesInput{Filters: []types.Filter{filterOf("attachment.instance-id", id)}}))(t)
	if len(volumes.Volumes) != 1 || volumes.Volumes[0].State != "in-use" || *volumes.Volumes[0].Size != 20 {
		t.Fatalf("volumes %+v", volumes.Volumes)
	}
	volume := volumes.Volumes[0].VolumeId
	_, err := mine.DeleteVolume(t.Context(), &awssdk.DeleteVolumeInput{VolumeId: volume})
	wiretest.WantCode(t, err, "VolumeInUse")
	must(mine.TerminateInstances(t.Context(), &awssdk.TerminateInstancesInput{InstanceIds: []string{id}}))(t)
	r.wantState(t, id, "terminated")
	after := must(mine.DescribeVolumes(t.Context(), &awssdk.DescribeVolumesInput{VolumeIds: []string{*volume}}))(t)
	if after.Volumes[0].State != "available" {
		t.Errorf("volume is %s", after.Volumes[0].State)
	}
	must(mine.DeleteVolume(t.Context(), &awssdk.DeleteVolumeInput{VolumeId: volume}))(t)
}

func TestRecover(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	running := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	r.wantState(t, running, "running")
	stopped := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	r.wantState(t, stopped, "running")
	must(mine.StopInstances(t.Context(), &awssdk.StopInstancesInput{InstanceIds: []string{stopped}}))(t)
	r.wantState(t, stopped, "stopped")
	lost := must(mine.CreateImage(t.Context(), &awssdk.CreateImageInput{InstanceId: &running, Name: aws.String("lost")}))(t)
	kept := must(mine.CreateImage(t.Context(), &awssdk.CreateImageInput{InstanceId: &running, Name: aws.String("kept")}))(t)
	r.wall.Pass(time.Hour)
	layer := *r.image(t, vendor, home, *lost.ImageId).BlockDeviceMappings[0].Ebs.SnapshotId

	// The sandbox dies: machines are gone, and one layer with them.
	r.driver.state, r.driver.specs = map[string]machine.Status{}, map[string]machine.Spec{}
	delete(r.driver.layers, layer)
	if err := r.ec2.Recover(); err != nil {
		t.Fatal(err)
	}
	if _, started := r.driver.specs[running]; !started || len(r.driver.specs) != 1 {
		t.Errorf("started %v, want only %s", r.driver.specs, running)
	}
	r.wantState(t, running, "running")
	r.wantState(t, stopped, "stopped")
	for id, want := range map[string]types.ImageState{*lost.ImageId: "failed", *kept.ImageId: "available"} {
		if got := r.image(t, vendor, home, id).State; got != want {
			t.Errorf("image %s is %s, want %s", id, got, want)
		}
	}
}

// TestNotOffered: a type that a zone does not offer is in no list of that zone's, and is refused
// there; one that no zone offers is not offered in the region.
func TestNotOffered(t *testing.T) {
	r := newRig(t, ec2.Settings{NotOffered: []string{"us-east-1a/m5.large", "*/m7i.large"}})
	mine := r.client(vendor, home)
	offered := func(kind types.LocationType, name string) (where []string) {
		out := must(mine.DescribeInstanceTypeOfferings(t.Context(), &awssdk.DescribeInstanceTypeOfferingsInput{LocationType: kind, Filters: []types.Filter{filterOf("instance-type", name)}}))(t)
		for _, o := range out.InstanceTypeOfferings {
			where = append(where, *o.Location)
		}
		return where
	}
	if got := offered("availability-zone", "m5.large"); len(got) != 5 || slices.Contains(got, "us-east-1a") {
		t.Errorf("m5.large is offered in %q", got)
	}
	if got := offered("region", "m5.large"); len(got) != 1 || got[0] != home {
		t.Errorf("m5.large is offered in %q", got)
	}
	if got := offered("region", "m7i.large"); len(got) != 0 {
		t.Errorf("m7i.large is offered in %q", got)
	}
	in := awssdk.RunInstancesInput{ImageId: aws.String(r.base(t)), InstanceType: "m5.large", MinCount: aws.Int32(1), MaxCount: aws.Int32(1), Placement: &types.Placement{AvailabilityZone: aws.String("us-east-1a")}}
	_, err := mine.RunInstances(t.Context(), &in)
	wiretest.WantCode(t, err, "Unsupported")
	in.Placement.AvailabilityZone = aws.String("us-east-1b")
	must(mine.RunInstances(t.Context(), &in))(t)
}

// TestNoCapacity: a type for which a zone has no capacity is refused, and launches nothing.
func TestNoCapacity(t *testing.T) {
	r := newRig(t, ec2.Settings{NoCapacity: []string{"*/m5.large"}})
	_, err := r.client(vendor, home).RunInstances(t.Context(), &awssdk.RunInstancesInput{
		ImageId: aws.String(r.base(t)), InstanceType: "m5.large", MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	})
	if err == nil || !contains(err, "InsufficientInstanceCapacity") {
		t.Errorf("got %v", err)
	}
	r.run(t, awssdk.RunInstancesInput{InstanceType: "m6i.large"})
	out := must(r.client(vendor, home).DescribeInstances(t.Context(), &awssdk.DescribeInstancesInput{}))(t)
	if len(out.Reservations) != 1 {
		t.Errorf("%d launches", len(out.Reservations))
	}
}
