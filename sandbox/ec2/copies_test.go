package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

func TestClientTokens(t *testing.T) {
	r := newRig(t, ec2.Settings{TokenLife: time.Hour})
	id := r.ownImage(t, ec2.WorldImage{Name: "app"})
	ask := func(region, name string) (string, error) {
		out, err := r.client(vendor, region).CopyImage(t.Context(), &awssdk.CopyImageInput{
			Name: &name, SourceImageId: &id, SourceRegion: aws.String(home), ClientToken: aws.String("t"),
		})
		if err != nil {
			return "", err
		}
		return *out.ImageId, nil
	}
	first := must(ask(away, "app"))(t)
	if again := must(ask(away, "app"))(t); again != first {
		t.Error("a repeated request made a second image")
	}
	if elsewhere := must(ask("us-west-2", "app"))(t); elsewhere == first {
		t.Error("a token of one region works in another")
	}
	_, err := ask(away, "other")
	wiretest.WantCode(t, err, "IdempotentParameterMismatch")
	must(r.client(vendor, away).DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: &first}))(t)
	if dead := must(ask(away, "app"))(t); dead != first {
		t.Error("the token of an image that is gone made a new one")
	}
	r.wall.Pass(time.Hour)
	if fresh := must(ask(away, "app"))(t); fresh == first {
		t.Error("the token is remembered for ever")
	}
}

func TestTooManyCopies(t *testing.T) {
	for name, tc := range map[string]struct {
		limit ec2.CopyImageLimit
		code  string
		soon  types.ImageState // after one copy's time
		later types.ImageState // after two
	}{
		"the copy waits":      {limit: ec2.CopyQueues, soon: "pending", later: "available"},
		"the image fails":     {limit: ec2.CopyFails, soon: "failed", later: "failed"},
		"the call is refused": {limit: ec2.CopyRefused, code: "ResourceLimitExceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, ec2.Settings{SnapshotCopies: 2, CopyImageLimit: tc.limit, CopyImage: 10 * time.Minute})
			id := r.ownImage(t, ec2.WorldImage{Name: "app"})
			there := r.client(vendor, away)
			ask := func() (*awssdk.CopyImageOutput, error) { // a new input each time: the SDK puts a token into it
				return there.CopyImage(t.Context(), &awssdk.CopyImageInput{Name: aws.String("app"), SourceImageId: &id, SourceRegion: aws.String(home)})
			}
			must(ask())(t)
			must(ask())(t)
			out, err := ask()
			wiretest.WantCode(t, err, tc.code)
			if tc.code != "" {
				return
			}
			for _, want := range []types.ImageState{tc.soon, tc.later} {
				r.wall.Pass(10 * time.Minute)
				if got := r.image(t, vendor, away, *out.ImageId).State; got != want {
					t.Errorf("%s, want %s", got, want)
				}
			}
		})
	}
}

func TestCopySnapshotLimit(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app"})
	snap := r.image(t, vendor, home, id).BlockDeviceMappings[0].Ebs.SnapshotId
	there := r.client(vendor, away)
	in := &awssdk.CopySnapshotInput{SourceSnapshotId: snap, SourceRegion: aws.String(home)}
	for range 20 {
		must(there.CopySnapshot(t.Context(), in))(t)
	}
	_, err := there.CopySnapshot(t.Context(), in)
	wiretest.WantCode(t, err, "ResourceLimitExceeded")
	if want := "Too many snapshot copies in progress. The limit is 20 for this destination region."; err == nil || !contains(err, want) {
		t.Errorf("text: %v", err)
	}
	r.wall.Pass(10 * time.Minute)
	must(there.CopySnapshot(t.Context(), in))(t)
}

func TestCopySources(t *testing.T) {
	for name, tc := range map[string]struct {
		image  ec2.WorldImage
		region string
		id     string
		want   string
	}{
		"a pending image":   {image: ec2.WorldImage{Pending: true}, want: "InvalidAMIID.Unavailable"},
		"a disabled image":  {image: ec2.WorldImage{Disabled: true}, want: "InvalidAMIID.Unavailable"},
		"the wrong region":  {region: "us-west-1", want: "InvalidAMIID.NotFound"},
		"no region of AWS":  {region: "moon-1", want: "InvalidParameterValue"},
		"not an image's id": {id: "snap-00000000000000000", want: "InvalidAMIID.Malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, ec2.Settings{})
			tc.image.Name = "app"
			id := r.ownImage(t, tc.image)
			if tc.id != "" {
				id = tc.id
			}
			if tc.region == "" {
				tc.region = home
			}
			_, err := r.client(vendor, away).CopyImage(t.Context(), &awssdk.CopyImageInput{Name: aws.String("app"), SourceImageId: &id, SourceRegion: &tc.region})
			wiretest.WantCode(t, err, tc.want)
		})
	}
}

func TestTags(t *testing.T) {
	long := func(n int) *string { s := string(make([]byte, n)); return &s }
	many := make([]types.Tag, 51)
	for i := range many {
		many[i] = types.Tag{Key: aws.String(string(rune('A' + i))), Value: aws.String("")}
	}
	for name, tc := range map[string]struct {
		tags []types.Tag
		want string
	}{
		"plain":             {[]types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}, ""},
		"empty value":       {[]types.Tag{{Key: aws.String("a"), Value: aws.String("")}}, ""},
		"fifty":             {many[:50], ""},
		"fifty-one":         {many, "TagLimitExceeded"},
		"a reserved prefix": {[]types.Tag{{Key: aws.String("AWS:x"), Value: aws.String("b")}}, "InvalidParameterValue"},
		"a long key":        {[]types.Tag{{Key: long(129), Value: aws.String("b")}}, "InvalidParameterValue"},
		"a long value":      {[]types.Tag{{Key: aws.String("a"), Value: long(257)}}, "InvalidParameterValue"},
		"a key twice":       {[]types.Tag{{Key: aws.String("a"), Value: aws.String("b")}, {Key: aws.String("a"), Value: aws.String("c")}}, "InvalidParameterValue"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, ec2.Settings{})
			id := r.ownImage(t, ec2.WorldImage{Name: "app"})
			mine := r.client(vendor, home)
			_, err := mine.CreateTags(t.Context(), &awssdk.CreateTagsInput{Resources: []string{id}, Tags: tc.tags})
			wiretest.WantCode(t, err, tc.want)
			_, err = mine.CopyImage(t.Context(), &awssdk.CopyImageInput{
				Name: aws.String("app"), SourceImageId: &id, SourceRegion: aws.String(home),
				TagSpecifications: []types.TagSpecification{{ResourceType: "image", Tags: tc.tags}},
			})
			wiretest.WantCode(t, err, tc.want)
		})
	}
}

func TestTagsBelongToWhoPutThem(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app", Public: true, Tags: map[string]string{"mine": "1"}})
	theirs, mine := r.client(customer, home), r.client(vendor, home)
	must(theirs.CreateTags(t.Context(), &awssdk.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: aws.String("theirs"), Value: aws.String("2")}}}))(t)
	for account, want := range map[string]string{vendor: "mine", customer: "theirs"} {
		im := r.image(t, account, home, id)
		if len(im.Tags) != 1 || *im.Tags[0].Key != want {
			t.Errorf("%s sees %+v", account, im.Tags)
		}
	}
	must(mine.DeleteTags(t.Context(), &awssdk.DeleteTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: aws.String("mine"), Value: aws.String("other")}}}))(t)
	if im := r.image(t, vendor, home, id); len(im.Tags) != 1 {
		t.Error("a tag of another value was deleted")
	}
	must(mine.DeleteTags(t.Context(), &awssdk.DeleteTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: aws.String("mine")}}}))(t)
	if im := r.image(t, vendor, home, id); len(im.Tags) != 0 {
		t.Error("the tag is still there")
	}
	_, err := mine.CreateTags(t.Context(), &awssdk.CreateTagsInput{Resources: []string{"ami-00000000000000000"}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
	_, err = mine.CreateTags(t.Context(), &awssdk.CreateTagsInput{Resources: []string{"thing-1"}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	wiretest.WantCode(t, err, "InvalidID")
}

func TestTagSpecificationsNameWhatTheCallMakes(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app"})
	_, err := r.client(vendor, home).CopyImage(t.Context(), &awssdk.CopyImageInput{
		Name: aws.String("app"), SourceImageId: &id, SourceRegion: aws.String(home),
		TagSpecifications: []types.TagSpecification{{ResourceType: "instance", Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}},
	})
	wiretest.WantCode(t, err, "InvalidParameterValue")
}

func TestDryRunChangesNothing(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app"})
	mine := r.client(vendor, home)
	_, err := mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: &id, DryRun: aws.Bool(true)})
	wiretest.WantCode(t, err, "DryRunOperation")
	r.image(t, vendor, home, id)
	r.deny(vendor, "ec2:DeregisterImage")
	_, err = mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: &id, DryRun: aws.Bool(true)})
	wiretest.WantCode(t, err, "UnauthorizedOperation")
}

func TestReadsLag(t *testing.T) {
	r := newRig(t, ec2.Settings{Lag: 20 * time.Second})
	id := r.ownImage(t, ec2.WorldImage{Name: "app"})
	there := r.client(vendor, away)
	copied := must(there.CopyImage(t.Context(), &awssdk.CopyImageInput{Name: aws.String("app"), SourceImageId: &id, SourceRegion: aws.String(home)}))(t).ImageId
	tag := &awssdk.CreateTagsInput{Resources: []string{*copied}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}
	_, err := there.CreateTags(t.Context(), tag)
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
	if own := must(there.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Owners: []string{"self"}}))(t); len(own.Images) != 0 {
		t.Error("the copy is described at once")
	}
	r.wall.Pass(20 * time.Second)
	must(there.CreateTags(t.Context(), tag))(t)
	if im := r.image(t, vendor, away, *copied); im.State != "pending" {
		t.Errorf("the copy is %s", im.State)
	}
}
