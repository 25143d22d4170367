package outside

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/record"
	"amiship/internal/release"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func ce(t *testing.T) (release.Desired, release.Variant) {
	t.Helper()
	version, err := release.ParseVersion("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	v := release.Variant{
		Image: "ce", Arch: "arm64", Name: "Product 1.2.3", Description: "Product", Public: true, Tags: map[string]string{"Type": "CE"},
		Build: release.Build{Region: "us-east-1", DiskGiB: 20, DiskType: "gp3", IMDSSupport: "v2.0"},
	}
	return release.Desired{Project: "product", Tag: "v1.2.3+ce.1", Version: version, BuildNumber: 1, Variants: []release.Variant{v}}, v
}

// good is the AMI that was asked for.
func good(d release.Desired, v release.Variant) types.Image {
	i := types.Image{
		ImageId: aws.String("ami-1"), Name: aws.String(v.Name), Description: aws.String(v.Description), State: types.ImageStateAvailable,
		Architecture: types.ArchitectureValuesArm64, ImdsSupport: types.ImdsSupportValuesV20, EnaSupport: aws.Bool(true),
		RootDeviceName: aws.String("/dev/sda1"), DeprecationTime: aws.String("2028-11-22T12:00:00.000Z"),
		BlockDeviceMappings: []types.BlockDeviceMapping{
			{DeviceName: aws.String("/dev/sda1"), Ebs: &types.EbsBlockDevice{
				SnapshotId: aws.String("snap-1"), VolumeSize: aws.Int32(20), VolumeType: types.VolumeTypeGp3, Encrypted: aws.Bool(false),
			}},
			{DeviceName: aws.String("/dev/sdb"), VirtualName: aws.String("ephemeral0")},
		},
	}
	tags := asked(d, v)
	tags[record.TagTested] = record.TagValue("ok 0123456789ab")
	tags[record.TagInputs] = record.TagValue(strings.Repeat("0123", 16))
	tags[record.TagPackage], tags[record.TagBase] = record.TagValue("aa"), record.TagValue("ami-base")
	setTags(&i, tags)
	return i
}

func setTags(i *types.Image, tags map[string]string) {
	all := tagsOf(i.Tags)
	for k, v := range tags {
		all[k] = v
	}
	i.Tags = nil
	for k, v := range all {
		i.Tags = append(i.Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
}

func TestImageMarks(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*types.Image)
		want   string
	}{
		"as asked for": {func(*types.Image) {}, ""},
		"more tags":    {func(i *types.Image) { setTags(i, map[string]string{"Owner": "me"}) }, ""},
		"on its way out": {func(i *types.Image) {
			i.DeprecationTime = aws.String("2026-01-01T12:00:00.000Z")
			setTags(i, map[string]string{record.TagStage: "1:deprecated"})
		}, ""},
		"another name":        {func(i *types.Image) { i.Name = aws.String("P") }, "name: Product 1.2.3, P"},
		"pending":             {func(i *types.Image) { i.State = types.ImageStatePending }, "state: available, pending"},
		"broken":              {func(i *types.Image) { i.State, i.StateReason = "error", &types.StateReason{Message: aws.String("why")} }, "state: available, error: why"},
		"of another machine":  {func(i *types.Image) { i.Architecture = types.ArchitectureValuesX8664 }, "architecture: arm64, x86_64"},
		"another description": {func(i *types.Image) { i.Description = nil }, "description: Product, "},
		"open metadata":       {func(i *types.Image) { i.ImdsSupport = "" }, "imds-support: v2.0, "},
		"no ENA":              {func(i *types.Image) { i.EnaSupport = nil }, "ENA: true, false"},
		"a smaller disk":      {func(i *types.Image) { i.BlockDeviceMappings[0].Ebs.VolumeSize = aws.Int32(8) }, "root disk: 20 GiB gp3, 8 GiB gp3"},
		"an older disk":       {func(i *types.Image) { i.BlockDeviceMappings[0].Ebs.VolumeType = types.VolumeTypeGp2 }, "root disk: 20 GiB gp3, 20 GiB gp2"},
		"no disk":             {func(i *types.Image) { i.BlockDeviceMappings = nil }, "root disk: 20 GiB gp3, none"},
		"encrypted":           {func(i *types.Image) { i.BlockDeviceMappings[0].Ebs.Encrypted = aws.Bool(true) }, "encryption: none, /dev/sda1 is encrypted"},
		"deprecated":          {func(i *types.Image) { i.DeprecationTime = aws.String("2026-11-22T12:00:00.000Z") }, "deprecated: that a search shows it, deprecated since 2026-11-22"},
		"another type":        {func(i *types.Image) { setTags(i, map[string]string{"Type": "EE"}) }, `tag Type: "CE", "EE"`},
		"another build":       {func(i *types.Image) { setTags(i, map[string]string{record.TagBuild: "1:0"}) }, `tag amiship:build: "1:1", "1:0"`},
		"another schema":      {func(i *types.Image) { setTags(i, map[string]string{record.TagStage: "release"}) }, `tag amiship:stage: "1:release", "release"`},
		"a failed test":       {func(i *types.Image) { setTags(i, map[string]string{record.TagTested: "1:failed 01 why"}) }, "boot test: that it passed, failed 01 why"},
		"no package":          {func(i *types.Image) { setTags(i, map[string]string{record.TagPackage: ""}) }, "tag amiship:package: what it was built from, no such tag"},
		"no base":             {func(i *types.Image) { setTags(i, map[string]string{record.TagBase: ""}) }, "tag amiship:base: what it was built from, no such tag"},
		"cut inputs":          {func(i *types.Image) { setTags(i, map[string]string{record.TagInputs: "1:0123456789ab"}) }, `tag amiship:inputs: the whole digest, "0123456789ab", which is cut`},
		"no test":             {func(i *types.Image) { setTags(i, map[string]string{record.TagTested: ""}) }, "boot test: that it passed, "},
	} {
		t.Run(name, func(t *testing.T) {
			d, v := ce(t)
			i := good(d, v)
			c.change(&i)
			var got []string
			for _, m := range imageMarks(d, v, i, now) {
				got = append(got, m.what+": "+m.want+", "+m.got)
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestWhatIsLeftOpen: the catalog need not say everything.
func TestWhatIsLeftOpen(t *testing.T) {
	d, v := ce(t)
	i := good(d, v)
	v.Description, v.Build.IMDSSupport, d.Untested = "", "", true
	i.Description, i.ImdsSupport = aws.String("[Copied ami-2 from us-east-1]"), ""
	setTags(&i, map[string]string{record.TagTested: ""})
	if got := imageMarks(d, v, i, now); got != nil {
		t.Errorf("got %v", got)
	}
}
