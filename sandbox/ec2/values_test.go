package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

// TestVolumesOfALaunch: what a type of volume does not take is refused.
func TestVolumesOfALaunch(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine, n := r.client(vendor, home), aws.Int32
	for name, tc := range map[string]struct {
		ebs  types.EbsBlockDevice
		want string
	}{
		"gp3, with nothing said":    {types.EbsBlockDevice{VolumeType: "gp3"}, ""},
		"gp3, with all":             {types.EbsBlockDevice{VolumeType: "gp3", Iops: n(4000), Throughput: n(1000)}, ""},
		"gp3, too few IOPS":         {types.EbsBlockDevice{VolumeType: "gp3", Iops: n(2999)}, "InvalidParameterValue"},
		"gp3, too many for a size":  {types.EbsBlockDevice{VolumeType: "gp3", Iops: n(4001)}, "InvalidParameterValue"},
		"gp3, too many at all":      {types.EbsBlockDevice{VolumeType: "gp3", Iops: n(80001), VolumeSize: n(1000)}, "InvalidParameterValue"},
		"gp3, too fast for IOPS":    {types.EbsBlockDevice{VolumeType: "gp3", Throughput: n(751)}, "InvalidParameterValue"},
		"gp3, too fast at all":      {types.EbsBlockDevice{VolumeType: "gp3", Throughput: n(2001), Iops: n(20000), VolumeSize: n(1000)}, "InvalidParameterValue"},
		"gp2":                       {types.EbsBlockDevice{VolumeType: "gp2"}, ""},
		"gp2 with IOPS":             {types.EbsBlockDevice{VolumeType: "gp2", Iops: n(3000)}, "InvalidParameterCombination"},
		"gp2 with throughput":       {types.EbsBlockDevice{VolumeType: "gp2", Throughput: n(125)}, "InvalidParameterCombination"},
		"io1":                       {types.EbsBlockDevice{VolumeType: "io1", Iops: n(400)}, ""},
		"io1 without IOPS":          {types.EbsBlockDevice{VolumeType: "io1"}, "MissingParameter"},
		"io1, too many for a size":  {types.EbsBlockDevice{VolumeType: "io1", Iops: n(401)}, "InvalidParameterValue"},
		"io1 with throughput":       {types.EbsBlockDevice{VolumeType: "io1", Iops: n(400), Throughput: n(125)}, "InvalidParameterCombination"},
		"io2":                       {types.EbsBlockDevice{VolumeType: "io2", Iops: n(8000)}, ""},
		"st1, too small":            {types.EbsBlockDevice{VolumeType: "st1", VolumeSize: n(124)}, "InvalidParameterValue"},
		"st1":                       {types.EbsBlockDevice{VolumeType: "st1", VolumeSize: n(125)}, ""},
		"standard, too large":       {types.EbsBlockDevice{VolumeType: "standard", VolumeSize: n(1025)}, "InvalidParameterValue"},
		"a type that there is not":  {types.EbsBlockDevice{VolumeType: "gp4"}, "InvalidParameterValue"},
		"a key without encryption":  {types.EbsBlockDevice{KmsKeyId: aws.String("alias/own")}, "InvalidParameterDependency"},
		"a key with encryption":     {types.EbsBlockDevice{KmsKeyId: aws.String("alias/own"), Encrypted: aws.Bool(true)}, ""},
		"what the image has stays":  {types.EbsBlockDevice{DeleteOnTermination: aws.Bool(false)}, ""},
		"a size less than the disk": {types.EbsBlockDevice{VolumeSize: n(7)}, "InvalidBlockDeviceMapping"},
	} {
		in := awssdk.RunInstancesInput{ImageId: aws.String(r.base(t)), InstanceType: "t3.micro", MinCount: n(1), MaxCount: n(1)}
		in.BlockDeviceMappings = []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sda1"), Ebs: &tc.ebs}}
		if _, err := mine.RunInstances(t.Context(), &in); wiretest.Code(err) != tc.want {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// TestValuesOfALaunch: words that AWS does not know are refused, and so is what the sandbox's
// machines can't be.
func TestValuesOfALaunch(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	for name, tc := range map[string]struct {
		in   awssdk.RunInstancesInput
		want string
	}{
		"default tenancy":         {awssdk.RunInstancesInput{Placement: &types.Placement{Tenancy: "default"}}, ""},
		"dedicated tenancy":       {awssdk.RunInstancesInput{Placement: &types.Placement{Tenancy: "dedicated"}}, "Unsupported"},
		"no tenancy at all":       {awssdk.RunInstancesInput{Placement: &types.Placement{Tenancy: "shared"}}, "InvalidParameterValue"},
		"credits":                 {awssdk.RunInstancesInput{CreditSpecification: &types.CreditSpecificationRequest{CpuCredits: aws.String("unlimited")}}, ""},
		"no credits at all":       {awssdk.RunInstancesInput{CreditSpecification: &types.CreditSpecificationRequest{CpuCredits: aws.String("endless")}}, "InvalidParameterValue"},
		"credits of another type": {awssdk.RunInstancesInput{InstanceType: "m5.large", CreditSpecification: &types.CreditSpecificationRequest{CpuCredits: aws.String("standard")}}, "InvalidParameterCombination"},
		"reserved capacity alone": {awssdk.RunInstancesInput{CapacityReservationSpecification: &types.CapacityReservationSpecification{CapacityReservationPreference: "capacity-reservations-only"}}, "Unsupported"},
		"recovery":                {awssdk.RunInstancesInput{MaintenanceOptions: &types.InstanceMaintenanceOptionsRequest{AutoRecovery: "disabled"}}, ""},
		"no recovery at all":      {awssdk.RunInstancesInput{MaintenanceOptions: &types.InstanceMaintenanceOptionsRequest{AutoRecovery: "always"}}, "InvalidParameterValue"},
	} {
		tc.in.ImageId, tc.in.MinCount, tc.in.MaxCount = aws.String(r.base(t)), aws.Int32(1), aws.Int32(1)
		if tc.in.InstanceType == "" {
			tc.in.InstanceType = "t3.micro"
		}
		if _, err := mine.RunInstances(t.Context(), &tc.in); wiretest.Code(err) != tc.want {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// TestValuesOfAnImage: words that RegisterImage does not know are refused, and what does not go
// together.
func TestValuesOfAnImage(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	snapshot := r.image(t, vendor, home, r.base(t)).BlockDeviceMappings[0].Ebs.SnapshotId
	for name, tc := range map[string]struct {
		in   awssdk.RegisterImageInput
		want string
	}{
		"all":                      {awssdk.RegisterImageInput{BootMode: "uefi", TpmSupport: "v2.0", ImdsSupport: "v2.0", SriovNetSupport: aws.String("simple")}, ""},
		"a boot mode":              {awssdk.RegisterImageInput{BootMode: "bios"}, "InvalidParameterValue"},
		"a TPM":                    {awssdk.RegisterImageInput{BootMode: "uefi", TpmSupport: "v1.2"}, "InvalidParameterValue"},
		"a TPM without UEFI":       {awssdk.RegisterImageInput{BootMode: "uefi-preferred", TpmSupport: "v2.0"}, "InvalidParameterCombination"},
		"metadata":                 {awssdk.RegisterImageInput{ImdsSupport: "v1.0"}, "InvalidParameterValue"},
		"enhanced networking":      {awssdk.RegisterImageInput{SriovNetSupport: aws.String("yes")}, "InvalidParameterValue"},
		"UEFI data without UEFI":   {awssdk.RegisterImageInput{BootMode: "legacy-bios", UefiData: aws.String("QU1aTg==")}, "InvalidParameterCombination"},
		"arm64 without UEFI":       {awssdk.RegisterImageInput{Architecture: "arm64", BootMode: "legacy-bios"}, "InvalidParameterCombination"},
		"IOPS of gp2":              {awssdk.RegisterImageInput{BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sdb"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(9), Iops: aws.Int32(3000)}}}}, "InvalidParameterCombination"},
		"a key without encryption": {awssdk.RegisterImageInput{BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sdb"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(9), KmsKeyId: aws.String("alias/x")}}}}, "InvalidParameterDependency"},
	} {
		tc.in.Name, tc.in.RootDeviceName, tc.in.VirtualizationType = &name, aws.String("/dev/sda1"), aws.String("hvm")
		if tc.in.Architecture == "" {
			tc.in.Architecture = "x86_64"
		}
		tc.in.BlockDeviceMappings = append(tc.in.BlockDeviceMappings, types.BlockDeviceMapping{DeviceName: tc.in.RootDeviceName, Ebs: &types.EbsBlockDevice{SnapshotId: snapshot}})
		if _, err := mine.RegisterImage(t.Context(), &tc.in); wiretest.Code(err) != tc.want {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// TestKeysOfLaunches: a key that there is not is taken at first, and ends the instance; a volume
// of it goes too.
func TestKeysOfLaunches(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{{Account: "vendor", Region: home, KMSKeys: []string{"alias/images"}}})
	})
	mine := r.client(vendor, home)
	for key, want := range map[string]string{"": "running", "alias/images": "running", "alias/other": "terminated"} {
		ebs := &types.EbsBlockDevice{Encrypted: aws.Bool(true)}
		if key != "" {
			ebs.KmsKeyId = &key
		}
		out := must(mine.RunInstances(t.Context(), &awssdk.RunInstancesInput{
			ImageId: aws.String(r.base(t)), InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sda1"), Ebs: ebs}},
		}))(t).Instances[0]
		if out.State.Name != "pending" {
			t.Errorf("%q: the instance is %s at once", key, out.State.Name)
		}
		in := r.instance(t, *out.InstanceId)
		if string(in.State.Name) != want {
			t.Errorf("%q: the instance is %s, want %s", key, in.State.Name, want)
		}
		if failed := in.StateReason != nil && *in.StateReason.Message == "Client.InternalError: Client error on launch"; failed != (want == "terminated") {
			t.Errorf("%q: the reason is %+v", key, in.StateReason)
		}
	}
	if all := must(mine.DescribeVolumes(t.Context(), &awssdk.DescribeVolumesInput{}))(t).Volumes; len(all) != 2 {
		t.Errorf("%d volumes, want those of the running instances", len(all))
	}
}

// TestKeysOfCopies: a key that there is not is taken at first, and fails the copy; time-based
// copies take steps of 15 minutes.
func TestKeysOfCopies(t *testing.T) {
	r := newRig(t, ec2.Settings{CopyImage: time.Minute, CopySnapshot: time.Minute})
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{{Account: "vendor", Region: away, KMSKeys: []string{"alias/images", "11111111-2222-3333-4444-555555555555"}}})
	})
	source := r.ownImage(t, ec2.WorldImage{Name: "app"})
	snapshot := r.image(t, vendor, home, source).BlockDeviceMappings[0].Ebs.SnapshotId
	there := r.client(vendor, away)
	arn := "arn:aws:kms:" + away + ":" + vendor + ":"
	for key, want := range map[string]string{
		"": "available", "alias/images": "available", arn + "alias/images": "available", "11111111-2222-3333-4444-555555555555": "available",
		arn + "key/11111111-2222-3333-4444-555555555555": "available", "alias/aws/ebs": "available",
		"alias/other": "failed", "22222222-2222-3333-4444-555555555555": "failed", "arn:aws:kms:us-east-1:" + vendor + ":alias/images": "failed",
		"arn:aws:kms:" + away + ":" + customer + ":alias/images": "failed",
	} {
		in := &awssdk.CopyImageInput{Name: aws.String("copy"), SourceImageId: &source, SourceRegion: aws.String(home), Encrypted: aws.Bool(true)}
		also := &awssdk.CopySnapshotInput{SourceSnapshotId: snapshot, SourceRegion: aws.String(home), Encrypted: aws.Bool(true)}
		if key != "" {
			in.KmsKeyId, also.KmsKeyId = &key, &key
		}
		id := must(there.CopyImage(t.Context(), in))(t).ImageId
		alone := must(there.CopySnapshot(t.Context(), also))(t).SnapshotId
		if im := r.image(t, vendor, away, *id); im.State != "pending" {
			t.Errorf("%q: the copy is %s at once", key, im.State)
		}
		r.wall.Pass(2 * time.Minute)
		im := r.image(t, vendor, away, *id)
		if string(im.State) != want {
			t.Errorf("%q: the copy ends %s, want %s", key, im.State, want)
		}
		s := must(there.DescribeSnapshots(t.Context(), &awssdk.DescribeSnapshotsInput{SnapshotIds: []string{*alone, *im.BlockDeviceMappings[0].Ebs.SnapshotId}}))(t).Snapshots
		for _, s := range s {
			if failed := s.State == "error" && *s.StateMessage == "Given key ID is not accessible"; failed != (want == "failed") {
				t.Errorf("%q: the snapshot is %s", key, s.State)
			}
		}
	}
	in := &awssdk.CopyImageInput{Name: aws.String("copy"), SourceImageId: &source, SourceRegion: aws.String(home), KmsKeyId: aws.String("alias/images")}
	_, err := there.CopyImage(t.Context(), in)
	wiretest.WantCode(t, err, "InvalidParameterDependency")
	for minutes, want := range map[int64]string{15: "", 2880: "", 14: "InvalidParameterValue", 20: "InvalidParameterValue", 2895: "InvalidParameterValue"} {
		in := &awssdk.CopyImageInput{Name: aws.String("copy"), SourceImageId: &source, SourceRegion: aws.String(home), SnapshotCopyCompletionDurationMinutes: &minutes}
		if _, err := there.CopyImage(t.Context(), in); wiretest.Code(err) != want {
			t.Errorf("%d minutes: %v, want %q", minutes, err, want)
		}
	}
}
