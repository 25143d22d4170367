package ec2_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

func filterOf(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

// zoo is a vendor's images of every kind, and one of the customer's.
func (r *rig) zoo() {
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{
			{Account: "vendor", Region: home, Images: []ec2.WorldImage{
				{Name: "private", Tags: map[string]string{"app": "one"}},
				{Name: "public", Public: true, Arch: "arm64"},
				{Name: "shared", SharedWith: []string{"customer"}},
				{Name: "old", Public: true, Deprecated: ago(time.Hour)},
				{Name: "off", Disabled: true},
				{Name: "copying", Pending: true},
				{Name: "broken", Failed: true},
			}},
			{Account: "customer", Region: home, Images: []ec2.WorldImage{{Name: "theirs", Public: true}}},
		})
	})
}

func TestDescribeImages(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.zoo()
	vendors := []string{"broken", "copying", "old", "private", "public", "shared"}
	for name, tc := range map[string]struct {
		as   string
		in   awssdk.DescribeImagesInput
		want []string
	}{
		"own":                             {vendor, awssdk.DescribeImagesInput{Owners: []string{"self"}}, vendors},
		"own, disabled ones too":          {vendor, awssdk.DescribeImagesInput{Owners: []string{"self"}, IncludeDisabled: aws.Bool(true)}, []string{"broken", "copying", "off", "old", "private", "public", "shared"}},
		"another's, by id of the owner":   {customer, awssdk.DescribeImagesInput{Owners: []string{vendor}}, []string{"public", "shared"}},
		"another's, deprecated ones too":  {customer, awssdk.DescribeImagesInput{Owners: []string{vendor}, IncludeDeprecated: aws.Bool(true)}, []string{"old", "public", "shared"}},
		"several owners":                  {vendor, awssdk.DescribeImagesInput{Owners: []string{"self", customer}, Filters: []types.Filter{filterOf("name", "t*", "p*")}}, []string{"private", "public", "theirs"}},
		"an alias":                        {vendor, awssdk.DescribeImagesInput{Owners: []string{"amazon"}, Filters: []types.Filter{filterOf("name", "debian-12-*")}}, []string{"debian-12-amd64-20261108-2290"}},
		"shared with me":                  {customer, awssdk.DescribeImagesInput{ExecutableUsers: []string{"self"}}, []string{"shared"}},
		"mine, shared with an account":    {vendor, awssdk.DescribeImagesInput{Owners: []string{"self"}, ExecutableUsers: []string{customer}}, []string{"shared"}},
		"mine, public":                    {vendor, awssdk.DescribeImagesInput{Owners: []string{"self"}, ExecutableUsers: []string{"all"}}, []string{"old", "public"}},
		"shares of others are not shown":  {customer, awssdk.DescribeImagesInput{ExecutableUsers: []string{vendor}}, nil},
		"by state":                        {vendor, awssdk.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filterOf("state", "pending", "failed")}}, []string{"broken", "copying"}},
		"by tag":                          {vendor, awssdk.DescribeImagesInput{Filters: []types.Filter{filterOf("tag:app", "o?e")}}, []string{"private"}},
		"tags of others are not shown":    {customer, awssdk.DescribeImagesInput{Filters: []types.Filter{filterOf("tag-key", "app")}}, nil},
		"by two filters":                  {vendor, awssdk.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filterOf("is-public", "true"), filterOf("architecture", "arm64")}}, []string{"public"}},
		"the owner sees deprecated ones":  {vendor, awssdk.DescribeImagesInput{Filters: []types.Filter{filterOf("name", "old")}}, []string{"old"}},
		"others don't see deprecated one": {customer, awssdk.DescribeImagesInput{Filters: []types.Filter{filterOf("name", "old")}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			out := must(r.client(tc.as, home).DescribeImages(t.Context(), &tc.in))(t)
			if got := names(out.Images); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func names(images []types.Image) []string {
	var out []string
	for _, im := range images {
		out = append(out, *im.Name)
	}
	slices.Sort(out)
	return out
}

func TestDescribeImagesByID(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.zoo()
	mine := r.client(vendor, home)
	out := must(mine.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filterOf("name", "old", "copying")}}))(t)
	ids := map[string]string{}
	for _, im := range out.Images {
		ids[*im.Name] = *im.ImageId
	}
	seen := must(r.client(customer, home).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ImageIds: []string{ids["old"]}}))(t)
	if len(seen.Images) != 1 {
		t.Error("a deprecated image is hidden from who knows its id")
	}
	for id, want := range map[string]string{"ami-00000000000000000": "InvalidAMIID.NotFound", "ami-xyz": "InvalidAMIID.Malformed", "i-00000000000000000": "InvalidAMIID.Malformed"} {
		_, err := mine.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ImageIds: []string{id}})
		wiretest.WantCode(t, err, want)
	}
	_, err := mine.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Filters: []types.Filter{filterOf("tag-colour", "x")}})
	wiretest.WantCode(t, err, "InvalidParameterValue")
}

func TestPagination(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{{Account: "vendor", Region: home, Images: []ec2.WorldImage{{Name: "app-{n}", Count: 23}}}})
	})
	mine := r.client(vendor, home)
	in := &awssdk.DescribeImagesInput{Owners: []string{"self"}, MaxResults: aws.Int32(10)}
	pages := awssdk.NewDescribeImagesPaginator(mine, in)
	var sizes []int
	seen := map[string]bool{}
	for pages.HasMorePages() {
		out := must(pages.NextPage(t.Context()))(t)
		sizes = append(sizes, len(out.Images))
		for _, im := range out.Images {
			seen[*im.ImageId] = true
		}
	}
	if !slices.Equal(sizes, []int{10, 10, 3}) || len(seen) != 23 {
		t.Errorf("pages of %v, %d images", sizes, len(seen))
	}
	first := must(mine.DescribeImages(t.Context(), in))(t)
	for name, use := range map[string]func() error{
		"a made-up token": func() error {
			_, err := mine.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{MaxResults: aws.Int32(5), NextToken: aws.String("abc")})
			return err
		},
		"another operation's token": func() error {
			_, err := mine.DescribeSnapshots(t.Context(), &awssdk.DescribeSnapshotsInput{MaxResults: aws.Int32(5), NextToken: first.NextToken})
			return err
		},
		"another account's token": func() error {
			_, err := r.client(customer, home).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{MaxResults: aws.Int32(5), NextToken: first.NextToken})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { wiretest.WantCode(t, use(), "InvalidNextToken") })
	}
	_, err := mine.DescribeSnapshots(t.Context(), &awssdk.DescribeSnapshotsInput{MaxResults: aws.Int32(2)})
	wiretest.WantCode(t, err, "InvalidParameterValue")
}

func TestDescribeSnapshots(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.zoo()
	for name, tc := range map[string]struct {
		as   string
		in   awssdk.DescribeSnapshotsInput
		want int
	}{
		"own":                        {vendor, awssdk.DescribeSnapshotsInput{OwnerIds: []string{"self"}}, 7},
		"own, shared with the other": {vendor, awssdk.DescribeSnapshotsInput{OwnerIds: []string{"self"}, RestorableByUserIds: []string{customer}}, 1},
		"own, public":                {vendor, awssdk.DescribeSnapshotsInput{OwnerIds: []string{"self"}, RestorableByUserIds: []string{"all"}}, 0},
		"restorable by me":           {customer, awssdk.DescribeSnapshotsInput{OwnerIds: []string{vendor}, RestorableByUserIds: []string{"self"}}, 1},
		"by status":                  {vendor, awssdk.DescribeSnapshotsInput{OwnerIds: []string{"self"}, Filters: []types.Filter{filterOf("status", "pending", "error")}}, 2},
		"by tag":                     {vendor, awssdk.DescribeSnapshotsInput{Filters: []types.Filter{filterOf("tag:app", "one")}}, 1},
		"by description":             {vendor, awssdk.DescribeSnapshotsInput{Filters: []types.Filter{filterOf("description", "Created by CreateImage(*) for ami-*")}}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			out := must(r.client(tc.as, home).DescribeSnapshots(t.Context(), &tc.in))(t)
			if len(out.Snapshots) != tc.want {
				t.Errorf("%d snapshots, want %d", len(out.Snapshots), tc.want)
			}
		})
	}
}

func TestBaseImages(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	for _, region := range []string{home, away, "ap-northeast-3"} {
		out := must(r.client(vendor, region).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{
			Owners:  []string{ec2.Canonical},
			Filters: []types.Filter{filterOf("name", "ubuntu/images/hvm-ssd*/ubuntu-jammy-22.04-amd64-server-*"), filterOf("root-device-type", "ebs"), filterOf("virtualization-type", "hvm")},
		}))(t)
		if len(out.Images) != 1 || *out.Images[0].Description != "Ubuntu 22.04, as a test has it" || !*out.Images[0].Public {
			t.Errorf("%s: %+v", region, out.Images)
		}
	}
}

func TestRegions(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{{Account: "vendor", Region: "ca-west-1", Disabled: true}})
	})
	status := func(all bool) map[string]string {
		out := must(r.client(vendor, home).DescribeRegions(t.Context(), &awssdk.DescribeRegionsInput{AllRegions: aws.Bool(all)}))(t)
		m := map[string]string{}
		for _, x := range out.Regions {
			m[*x.RegionName] = *x.OptInStatus
		}
		return m
	}
	if s := status(false); s["ca-west-1"] != "" || s["us-east-1"] != "opt-in-not-required" || s["eu-south-1"] != "opted-in" {
		t.Errorf("enabled regions %v", s)
	}
	if s := status(true); s["ca-west-1"] != "not-opted-in" {
		t.Errorf("all regions %v", s)
	}
	_, err := r.client(vendor, "ca-west-1").DescribeImages(t.Context(), &awssdk.DescribeImagesInput{})
	wiretest.WantCode(t, err, "AuthFailure")
	_, err = r.client(vendor, "xx-east-1").DescribeImages(t.Context(), &awssdk.DescribeImagesInput{})
	wiretest.WantCode(t, err, "AuthFailure")
	must(r.client(customer, "ca-west-1").DescribeImages(t.Context(), &awssdk.DescribeImagesInput{}))(t)
	zones := must(r.client(vendor, home).DescribeAvailabilityZones(t.Context(), &awssdk.DescribeAvailabilityZonesInput{}))(t)
	if len(zones.AvailabilityZones) != 6 || *zones.AvailabilityZones[0].ZoneId != "use1-az1" {
		t.Errorf("zones %+v", zones.AvailabilityZones)
	}
}
