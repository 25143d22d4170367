package ec2_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/quotas"
	"amiship/sandbox/wire/wiretest"
)

func TestPrivateMeansPrivate(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "secret"})
	theirs := r.client(customer, home)
	byID := &awssdk.DescribeImagesInput{ImageIds: []string{id}}
	_, err := theirs.DescribeImages(t.Context(), byID)
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
	snap := *r.image(t, vendor, home, id).BlockDeviceMappings[0].Ebs.SnapshotId
	_, err = theirs.DescribeSnapshots(t.Context(), &awssdk.DescribeSnapshotsInput{SnapshotIds: []string{snap}})
	wiretest.WantCode(t, err, "InvalidSnapshot.NotFound")
	_, err = theirs.ModifyImageAttribute(t.Context(), &awssdk.ModifyImageAttributeInput{ImageId: &id, LaunchPermission: publish()})
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")

	r.share(t, id, types.LaunchPermission{UserId: aws.String(customer)})
	must(theirs.DescribeImages(t.Context(), byID))(t)
	_, err = theirs.ModifyImageAttribute(t.Context(), &awssdk.ModifyImageAttributeInput{ImageId: &id, LaunchPermission: publish()})
	wiretest.WantCode(t, err, "AuthFailure")
	_, err = theirs.DescribeImageAttribute(t.Context(), &awssdk.DescribeImageAttributeInput{ImageId: &id, Attribute: "launchPermission"})
	wiretest.WantCode(t, err, "AuthFailure")
	in := &awssdk.CopyImageInput{Name: aws.String("mine"), SourceImageId: &id, SourceRegion: aws.String(home)}
	_, err = r.client(customer, away).CopyImage(t.Context(), in)
	wiretest.WantCode(t, err, "InvalidRequest")
	must(r.client(vendor, home).ModifySnapshotAttribute(t.Context(), &awssdk.ModifySnapshotAttributeInput{
		SnapshotId: &snap, Attribute: "createVolumePermission", OperationType: "add", UserIds: []string{customer},
	}))(t)
	must(r.client(customer, away).CopyImage(t.Context(), in))(t)
}

func (r *rig) share(t *testing.T, id string, with types.LaunchPermission) {
	t.Helper()
	must(r.client(vendor, home).ModifyImageAttribute(t.Context(), &awssdk.ModifyImageAttributeInput{
		ImageId: &id, LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{with}},
	}))(t)
}

func TestLaunchPermissionSpellings(t *testing.T) {
	add := func(p ...types.LaunchPermission) *types.LaunchPermissionModifications {
		return &types.LaunchPermissionModifications{Add: p}
	}
	for name, tc := range map[string]struct {
		in     awssdk.ModifyImageAttributeInput
		code   string
		public bool
		users  int
	}{
		"the newer form":                 {in: awssdk.ModifyImageAttributeInput{LaunchPermission: add(types.LaunchPermission{Group: "all"})}, public: true},
		"the older form":                 {in: awssdk.ModifyImageAttributeInput{Attribute: aws.String("launchPermission"), OperationType: "add", UserGroups: []string{"all"}}, public: true},
		"both, as Packer sends them":     {in: awssdk.ModifyImageAttributeInput{LaunchPermission: add(types.LaunchPermission{Group: "all"}), UserGroups: []string{"all"}}, public: true},
		"an account":                     {in: awssdk.ModifyImageAttributeInput{LaunchPermission: add(types.LaunchPermission{UserId: aws.String(customer)})}, users: 1},
		"the older form for an account":  {in: awssdk.ModifyImageAttributeInput{OperationType: "add", UserIds: []string{customer}}, users: 1},
		"the older form without a verb":  {in: awssdk.ModifyImageAttributeInput{UserIds: []string{customer}}, code: "MissingParameter"},
		"an unknown group":               {in: awssdk.ModifyImageAttributeInput{LaunchPermission: add(types.LaunchPermission{Group: "some"})}, code: "InvalidAMIAttributeItemValue"},
		"no account":                     {in: awssdk.ModifyImageAttributeInput{LaunchPermission: add(types.LaunchPermission{UserId: aws.String("12345")})}, code: "InvalidAMIAttributeItemValue"},
		"nothing":                        {in: awssdk.ModifyImageAttributeInput{}, code: "InvalidParameterCombination"},
		"two attributes":                 {in: awssdk.ModifyImageAttributeInput{Description: &types.AttributeValue{Value: aws.String("d")}, LaunchPermission: publish()}, code: "InvalidParameterCombination"},
		"an organization, an image only": {in: awssdk.ModifyImageAttributeInput{LaunchPermission: add(types.LaunchPermission{OrganizationArn: aws.String(organization)})}, users: 1},
		"a unit, an image only":          {in: awssdk.ModifyImageAttributeInput{LaunchPermission: add(types.LaunchPermission{OrganizationalUnitArn: aws.String(unit)})}, users: 1},
		"no organization":                {in: awssdk.ModifyImageAttributeInput{LaunchPermission: add(types.LaunchPermission{OrganizationArn: aws.String("o-1")})}, code: "InvalidAMIAttributeItemValue"},
		"a unit for an organization":     {in: awssdk.ModifyImageAttributeInput{LaunchPermission: add(types.LaunchPermission{OrganizationArn: aws.String(unit)})}, code: "InvalidAMIAttributeItemValue"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, ec2.Settings{})
			id := r.ownImage(t, ec2.WorldImage{Name: "app"})
			tc.in.ImageId = &id
			_, err := r.client(vendor, home).ModifyImageAttribute(t.Context(), &tc.in)
			wiretest.WantCode(t, err, tc.code)
			if tc.code != "" {
				return
			}
			out := must(r.client(vendor, home).DescribeImageAttribute(t.Context(), &awssdk.DescribeImageAttributeInput{ImageId: &id, Attribute: "launchPermission"}))(t)
			public, others := 0, 0
			for _, p := range out.LaunchPermissions {
				if p.Group == "all" {
					public++
				} else {
					others++
				}
			}
			if (public == 1) != tc.public || others != tc.users {
				t.Errorf("permissions %+v", out.LaunchPermissions)
			}
		})
	}
}

const quotaText = "You have reached your quota of 2 for the number of public images allowed in this Region. Deregister unused public images or make them private, or request an increase in your public AMIs quota."

func TestPublicImageQuota(t *testing.T) {
	for name, tc := range map[string]struct {
		there   ec2.Place
		want    string
		private bool // one of those there is made private first
	}{
		"capacity for one":                {there: ec2.Place{Images: []ec2.WorldImage{{Name: "old", Public: true}}}},
		"none left":                       {there: ec2.Place{Images: []ec2.WorldImage{{Name: "old-{n}", Public: true, Count: 2}}}, want: "ResourceLimitExceeded"},
		"deprecated ones still count":     {there: ec2.Place{Images: []ec2.WorldImage{{Name: "old-{n}", Public: true, Count: 2, Deprecated: ago(time.Hour)}}}, want: "ResourceLimitExceeded"},
		"private ones do not":             {there: ec2.Place{Images: []ec2.WorldImage{{Name: "old-{n}", Count: 9}}}},
		"made private, there is capacity": {there: ec2.Place{Images: []ec2.WorldImage{{Name: "old-{n}", Public: true, Count: 2}}}, private: true},
		"other regions do not count":      {there: ec2.Place{Region: away, Images: []ec2.WorldImage{{Name: "old-{n}", Public: true, Count: 2}}}},
		"other accounts do not count":     {there: ec2.Place{Account: "customer", Images: []ec2.WorldImage{{Name: "old-{n}", Public: true, Count: 2}}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, ec2.Settings{})
			id := r.ownImage(t, ec2.WorldImage{Name: "new"})
			if tc.there.Account == "" {
				tc.there.Account = "vendor"
			}
			if tc.there.Region == "" {
				tc.there.Region = home
			}
			r.update(func(tx *cloud.Tx) error {
				if err := quotas.Set(tx, vendor, home, "ec2", quotas.PublicAMIs, 2); err != nil {
					return err
				}
				return ec2.Load(tx, ec2.World{tc.there})
			})
			if tc.private {
				old := must(r.client(vendor, home).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ExecutableUsers: []string{"all"}, Owners: []string{"self"}}))(t)
				must(r.client(vendor, home).ResetImageAttribute(t.Context(), &awssdk.ResetImageAttributeInput{ImageId: old.Images[0].ImageId, Attribute: "launchPermission"}))(t)
			}
			_, err := r.client(vendor, home).ModifyImageAttribute(t.Context(), &awssdk.ModifyImageAttributeInput{ImageId: &id, LaunchPermission: publish()})
			wiretest.WantCode(t, err, tc.want)
			if tc.want != "" && !strings.Contains(err.Error(), quotaText) {
				t.Errorf("text: %v", err)
			}
		})
	}
}

func ago(d time.Duration) *ec2.Age { a := ec2.Age(d); return &a }

func TestPublicImagesInTheRecycleBinCount(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	old := r.ownImage(t, ec2.WorldImage{Name: "old", Public: true})
	id := r.ownImage(t, ec2.WorldImage{Name: "new"})
	r.update(func(tx *cloud.Tx) error {
		if err := quotas.Set(tx, vendor, home, "ec2", quotas.PublicAMIs, 1); err != nil {
			return err
		}
		return ec2.Load(tx, ec2.World{{Account: "vendor", Region: home, RecycleBin: ec2.Age(time.Hour)}})
	})
	mine := r.client(vendor, home)
	must(mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: &old}))(t)
	_, err := mine.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ImageIds: []string{old}})
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
	bin := must(mine.ListImagesInRecycleBin(t.Context(), &awssdk.ListImagesInRecycleBinInput{}))(t)
	if len(bin.Images) != 1 || *bin.Images[0].ImageId != old || !bin.Images[0].RecycleBinExitTime.Equal(r.wall.Now().Add(time.Hour)) {
		t.Fatalf("bin %+v", bin.Images)
	}
	public := &awssdk.ModifyImageAttributeInput{ImageId: &id, LaunchPermission: publish()}
	_, err = mine.ModifyImageAttribute(t.Context(), public)
	wiretest.WantCode(t, err, "ResourceLimitExceeded")
	r.wall.Pass(time.Hour)
	must(mine.ModifyImageAttribute(t.Context(), public))(t)
	bin = must(mine.ListImagesInRecycleBin(t.Context(), &awssdk.ListImagesInRecycleBinInput{}))(t)
	if len(bin.Images) != 0 {
		t.Errorf("bin after its time %+v", bin.Images)
	}
}

func TestWhatCannotBePublished(t *testing.T) {
	for name, tc := range map[string]struct {
		place      ec2.Place
		image      ec2.WorldImage
		with       types.LaunchPermission
		code, text string
	}{
		"block public access": {
			place: ec2.Place{BlockPublicAccess: true}, with: types.LaunchPermission{Group: "all"}, code: "OperationNotPermitted",
			text: "You can’t publicly share this image because block public access for AMIs is enabled for this account. To publicly share the image, you must call the DisableImageBlockPublicAccess API.",
		},
		"block public access lets accounts in": {place: ec2.Place{BlockPublicAccess: true}, with: types.LaunchPermission{UserId: aws.String(customer)}},
		"encrypted": {
			image: ec2.WorldImage{Encrypted: true}, with: types.LaunchPermission{Group: "all"}, code: "UnsupportedOperation",
			text: "Encrypted snapshots can’t be shared publicly. Specify another snapshot.",
		},
		"encrypted, to an account": {
			image: ec2.WorldImage{Encrypted: true}, with: types.LaunchPermission{UserId: aws.String(customer)}, code: "InvalidParameter",
			text: "Snapshots encrypted with the AWS Managed CMK can’t be shared. Specify another snapshot.",
		},
		"a Marketplace image": {image: ec2.WorldImage{ProductCode: "abc"}, with: types.LaunchPermission{Group: "all"}, code: "OperationNotPermitted", text: "product code"},
		"a disabled image":    {image: ec2.WorldImage{Disabled: true}, with: types.LaunchPermission{Group: "all"}, code: "InvalidAMIID.Unavailable"},
		"a pending image":     {image: ec2.WorldImage{Pending: true}, with: types.LaunchPermission{Group: "all"}, code: "InvalidAMIID.Unavailable"},
		"a failed image":      {image: ec2.WorldImage{Failed: true}, with: types.LaunchPermission{Group: "all"}, code: "InvalidAMIID.Unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, ec2.Settings{})
			tc.image.Name = "app"
			id := r.ownImage(t, tc.image)
			tc.place.Account, tc.place.Region = "vendor", home
			r.update(func(tx *cloud.Tx) error { return ec2.Load(tx, ec2.World{tc.place}) })
			_, err := r.client(vendor, home).ModifyImageAttribute(t.Context(), &awssdk.ModifyImageAttributeInput{
				ImageId: &id, LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{tc.with}},
			})
			wiretest.WantCode(t, err, tc.code)
			if tc.text != "" && !strings.Contains(err.Error(), tc.text) {
				t.Errorf("text: %v", err)
			}
		})
	}
}

const (
	organization = "arn:aws:organizations::123456789012:organization/o-a1b2c3d4e5"
	unit         = "arn:aws:organizations::123456789012:ou/o-a1b2c3d4e5/ou-ab12-11111111"
)

// TestSharedWithAnOrganization: its members see and launch the image; its snapshot they do
// not, so that they can't copy it.
func TestSharedWithAnOrganization(t *testing.T) {
	for name, with := range map[string]types.LaunchPermission{
		"an organization": {OrganizationArn: aws.String(organization)}, "a unit": {OrganizationalUnitArn: aws.String(unit)},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, ec2.Settings{})
			r.update(func(tx *cloud.Tx) error {
				member, _ := cloud.Accounts.Get(tx, "", customer)
				member.Organizations = []string{organization, unit}
				cloud.Accounts.Put(tx, "", customer, member)
				return nil
			})
			id := r.ownImage(t, ec2.WorldImage{Name: "app"})
			byID := &awssdk.DescribeImagesInput{ImageIds: []string{id}}
			_, err := r.client(customer, home).DescribeImages(t.Context(), byID)
			wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
			r.share(t, id, with)
			must(r.client(customer, home).DescribeImages(t.Context(), byID))(t)
			_, err = r.client(customer, away).CopyImage(t.Context(), &awssdk.CopyImageInput{Name: aws.String("mine"), SourceImageId: &id, SourceRegion: aws.String(home)})
			wiretest.WantCode(t, err, "InvalidRequest")
		})
	}
}

func TestSharingLimit(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app"})
	r.update(func(tx *cloud.Tx) error { return quotas.Set(tx, vendor, home, "ec2", quotas.AMISharing, 1) })
	r.share(t, id, types.LaunchPermission{UserId: aws.String(customer)})
	_, err := r.client(vendor, home).ModifyImageAttribute(t.Context(), &awssdk.ModifyImageAttributeInput{
		ImageId: &id, LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{UserId: aws.String("333333333333")}}},
	})
	wiretest.WantCode(t, err, "ResourceLimitExceeded")
}

func TestBlockPublicAccessState(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	state := func() string {
		out := must(mine.GetImageBlockPublicAccessState(t.Context(), &awssdk.GetImageBlockPublicAccessStateInput{}))(t)
		return *out.ImageBlockPublicAccessState
	}
	if got := state(); got != "unblocked" {
		t.Errorf("at first %s", got)
	}
	must(mine.EnableImageBlockPublicAccess(t.Context(), &awssdk.EnableImageBlockPublicAccessInput{ImageBlockPublicAccessState: "block-new-sharing"}))(t)
	if got := state(); got != "block-new-sharing" {
		t.Errorf("enabled %s", got)
	}
	must(mine.DisableImageBlockPublicAccess(t.Context(), &awssdk.DisableImageBlockPublicAccessInput{}))(t)
	if got := state(); got != "unblocked" {
		t.Errorf("disabled %s", got)
	}
}

func (r *rig) publishSnapshot(t *testing.T, snapshot string) error {
	_, err := r.client(vendor, home).ModifySnapshotAttribute(t.Context(), &awssdk.ModifySnapshotAttributeInput{
		SnapshotId: &snapshot, Attribute: "createVolumePermission",
		CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: []types.CreateVolumePermission{{Group: "all"}}},
	})
	return err
}

// TestSnapshotBlockPublicAccess: both modes refuse new public snapshots and let accounts in;
// block-all-sharing hides those that are public, and leaves their permissions as they are.
func TestSnapshotBlockPublicAccess(t *testing.T) {
	for mode, hidden := range map[types.SnapshotBlockPublicAccessState]bool{"block-new-sharing": false, "block-all-sharing": true} {
		t.Run(string(mode), func(t *testing.T) {
			r := newRig(t, ec2.Settings{})
			snapshotOf := func(name string) string {
				return *r.image(t, vendor, home, r.ownImage(t, ec2.WorldImage{Name: name})).BlockDeviceMappings[0].Ebs.SnapshotId
			}
			before, after := snapshotOf("before"), snapshotOf("after")
			wiretest.WantCode(t, r.publishSnapshot(t, before), "")
			mine := r.client(vendor, home)
			must(mine.EnableSnapshotBlockPublicAccess(t.Context(), &awssdk.EnableSnapshotBlockPublicAccessInput{State: mode}))(t)
			wiretest.WantCode(t, r.publishSnapshot(t, after), "OperationNotPermitted")
			must(mine.ModifySnapshotAttribute(t.Context(), &awssdk.ModifySnapshotAttributeInput{
				SnapshotId: &after, Attribute: "createVolumePermission", OperationType: "add", UserIds: []string{customer},
			}))(t)
			r.wantPublic(t, before, !hidden)
			got := must(mine.DescribeSnapshotAttribute(t.Context(), &awssdk.DescribeSnapshotAttributeInput{SnapshotId: &before, Attribute: "createVolumePermission"}))(t)
			if len(got.CreateVolumePermissions) != 1 {
				t.Errorf("permissions %+v", got.CreateVolumePermissions)
			}
			must(mine.DisableSnapshotBlockPublicAccess(t.Context(), &awssdk.DisableSnapshotBlockPublicAccessInput{}))(t)
			r.wantPublic(t, before, true)
			wiretest.WantCode(t, r.publishSnapshot(t, after), "")
		})
	}
}

// wantPublic asks for a snapshot as the customer.
func (r *rig) wantPublic(t *testing.T, snapshot string, public bool) {
	t.Helper()
	_, err := r.client(customer, home).DescribeSnapshots(t.Context(), &awssdk.DescribeSnapshotsInput{SnapshotIds: []string{snapshot}})
	if (err == nil) != public {
		t.Errorf("the customer is told %v, want it public: %v", err, public)
	}
}

func TestSnapshotBlockState(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{{Account: "vendor", Region: away, SnapshotBlock: "block-all-sharing"}})
	})
	for region, want := range map[string]types.SnapshotBlockPublicAccessState{home: "unblocked", away: "block-all-sharing"} {
		out := must(r.client(vendor, region).GetSnapshotBlockPublicAccessState(t.Context(), &awssdk.GetSnapshotBlockPublicAccessStateInput{}))(t)
		if out.State != want || out.ManagedBy != "account" {
			t.Errorf("%s is %s, managed by %s", region, out.State, out.ManagedBy)
		}
	}
	_, err := r.client(vendor, home).EnableSnapshotBlockPublicAccess(t.Context(), &awssdk.EnableSnapshotBlockPublicAccessInput{State: "unblocked"})
	wiretest.WantCode(t, err, "InvalidParameterValue")
}

func TestEncryptionByDefault(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app"})
	there := r.client(vendor, away)
	must(there.EnableEbsEncryptionByDefault(t.Context(), &awssdk.EnableEbsEncryptionByDefaultInput{}))(t)
	copied := must(there.CopyImage(t.Context(), &awssdk.CopyImageInput{Name: aws.String("app"), SourceImageId: &id, SourceRegion: aws.String(home)}))(t)
	r.wall.Pass(time.Hour)
	im := r.image(t, vendor, away, *copied.ImageId)
	if !*im.BlockDeviceMappings[0].Ebs.Encrypted {
		t.Fatal("the copy is not encrypted")
	}
	snap := im.BlockDeviceMappings[0].Ebs.SnapshotId
	for group, users := range map[string][]string{"all": nil, "": {customer}} {
		in := &awssdk.ModifySnapshotAttributeInput{SnapshotId: snap, OperationType: "add", UserIds: users}
		if group != "" {
			in.GroupNames = []string{group}
		}
		_, err := there.ModifySnapshotAttribute(t.Context(), in)
		wiretest.WantCode(t, err, "OperationNotPermitted")
	}
}

// TestEveryImageCounts: private, disabled and binned images fill the quota of
// images, however a new one is made.
func TestEveryImageCounts(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	src := r.ownImage(t, ec2.WorldImage{Name: "private"})
	r.ownImage(t, ec2.WorldImage{Name: "disabled", Disabled: true})
	binned := r.ownImage(t, ec2.WorldImage{Name: "binned"})
	limit := func(n float64) {
		r.update(func(tx *cloud.Tx) error { return quotas.Set(tx, vendor, home, "ec2", quotas.AMIs, n) })
	}
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{{Account: "vendor", Region: home, RecycleBin: ec2.Age(time.Hour)}})
	})
	mine := r.client(vendor, home)
	must(mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: &binned}))(t)
	limit(3)
	copied := func() (*awssdk.CopyImageOutput, error) { // each with a token of its own
		return mine.CopyImage(t.Context(), &awssdk.CopyImageInput{Name: aws.String("copy"), SourceImageId: &src, SourceRegion: aws.String(home)})
	}
	_, err := copied()
	wiretest.WantCode(t, err, "ResourceLimitExceeded")
	limit(4)
	must(copied())(t)
	_, err = copied()
	wiretest.WantCode(t, err, "ResourceLimitExceeded")
	r.wall.Pass(time.Hour)
	must(copied())(t)
}
