package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

// TestInstanceTypes: types are as AWS has them, and those that it does not have are unknown.
func TestInstanceTypes(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	for _, want := range []struct {
		name                         types.InstanceType
		arch                         types.ArchitectureType
		vcpus, cores                 int32
		mib, disk                    int64
		current                      bool
		hypervisor                   types.InstanceTypeHypervisor
		ena                          types.EnaSupport
		boot                         int
		networkInterfaces, addresses int32
	}{
		{"t3.micro", "x86_64", 2, 1, 1024, 0, true, "nitro", "required", 2, 2, 2},
		{"t2.micro", "i386", 1, 1, 1024, 0, true, "xen", "unsupported", 1, 2, 2},
		{"m7i.large", "x86_64", 2, 1, 8192, 0, true, "nitro", "required", 2, 3, 10},
		{"m7g.medium", "arm64", 1, 1, 4096, 0, true, "nitro", "required", 1, 2, 4},
		{"m7a.large", "x86_64", 2, 2, 8192, 0, true, "nitro", "required", 2, 3, 10},
		{"m7g.metal", "arm64", 64, 64, 262144, 0, true, "", "required", 1, 15, 50},
		{"m5d.large", "x86_64", 2, 1, 8192, 75, true, "nitro", "required", 2, 3, 10},
		{"m3.medium", "x86_64", 1, 1, 3840, 4, false, "xen", "unsupported", 1, 2, 6},
		{"m4.large", "x86_64", 2, 1, 8192, 0, true, "xen", "unsupported", 1, 2, 10},
		{"i3.large", "x86_64", 2, 1, 15616, 475, true, "xen", "supported", 1, 3, 10},
		{"c5.9xlarge", "x86_64", 36, 18, 73728, 0, true, "nitro", "required", 2, 8, 30},
		{"r6i.24xlarge", "x86_64", 96, 48, 786432, 0, true, "nitro", "required", 2, 15, 50},
		{"g4ad.xlarge", "x86_64", 4, 2, 16384, 150, true, "nitro", "required", 1, 2, 4},
	} {
		got := must(mine.DescribeInstanceTypes(t.Context(), &awssdk.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{want.name}}))(t).InstanceTypes[0]
		disk := int64(0)
		if *got.InstanceStorageSupported {
			disk = *got.InstanceStorageInfo.TotalSizeInGB
		}
		switch {
		case got.ProcessorInfo.SupportedArchitectures[0] != want.arch, *got.VCpuInfo.DefaultVCpus != want.vcpus, *got.VCpuInfo.DefaultCores != want.cores,
			*got.MemoryInfo.SizeInMiB != want.mib, disk != want.disk, *got.CurrentGeneration != want.current, got.Hypervisor != want.hypervisor,
			got.NetworkInfo.EnaSupport != want.ena, len(got.SupportedBootModes) != want.boot,
			*got.NetworkInfo.MaximumNetworkInterfaces != want.networkInterfaces, *got.NetworkInfo.Ipv4AddressesPerInterface != want.addresses:
			t.Errorf("want %+v, got %+v %+v %+v", want, got, got.VCpuInfo, got.NetworkInfo)
		}
	}
	_, err := mine.DescribeInstanceTypes(t.Context(), &awssdk.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{"m6i.medium", "c4.12xlarge", "t3.micro"}})
	wiretest.WantCode(t, err, "InvalidInstanceType")
	if !contains(err, "[m6i.medium, c4.12xlarge]") {
		t.Errorf("it names others: %v", err)
	}
}

// TestImageFitsType: what can't boot on a type is refused at the launch.
func TestImageFitsType(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	snapshot := *r.image(t, vendor, home, r.base(t)).BlockDeviceMappings[0].Ebs.SnapshotId
	register := func(in awssdk.RegisterImageInput) string {
		in.RootDeviceName, in.VirtualizationType = aws.String("/dev/sda1"), aws.String("hvm")
		in.BlockDeviceMappings = []types.BlockDeviceMapping{{DeviceName: in.RootDeviceName, Ebs: &types.EbsBlockDevice{SnapshotId: &snapshot}}}
		id := *must(mine.RegisterImage(t.Context(), &in))(t).ImageId
		r.wall.Pass(10e9)
		return id
	}
	plain := register(awssdk.RegisterImageInput{Name: aws.String("plain"), Architecture: "x86_64"})
	uefi := register(awssdk.RegisterImageInput{Name: aws.String("uefi"), Architecture: "x86_64", BootMode: "uefi", EnaSupport: aws.Bool(true)})
	for _, tc := range []struct {
		image string
		kind  types.InstanceType
		want  string
	}{
		{plain, "t2.micro", ""},
		{plain, "i3.large", ""},
		{plain, "m5.large", "InvalidParameterCombination"},
		{plain, "m1.small", "InvalidParameterCombination"},
		{plain, "m7g.large", "InvalidParameterValue"},
		{uefi, "m5.large", ""},
		{uefi, "t2.micro", "InvalidParameterCombination"},
		{uefi, "m6i.medium", "InvalidParameterValue"},
	} {
		_, err := mine.RunInstances(t.Context(), &awssdk.RunInstancesInput{ImageId: &tc.image, InstanceType: tc.kind, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
		if got := wiretest.Code(err); got != tc.want {
			t.Errorf("%s on %s: %v, want %s", tc.image, tc.kind, err, tc.want)
		}
	}
}
