package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// targets reaches what steps are about, and reads it again. It is all that the
// appliers of the subjects share.
type targets struct {
	clients *awsapi.Clients
	desired *release.Desired
}

// again reads an image and refuses to go on if it is not as the plan saw it.
func (t targets) again(ctx context.Context, act plan.Action) (world.Image, error) {
	out, err := t.ec2(act.Target).DescribeImages(ctx, &ec2.DescribeImagesInput{
		ImageIds: []string{act.Image().AMI}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	if awsapi.IsNotFound(err) || err == nil && len(out.Images) == 0 {
		return world.Image{}, fmt.Errorf("%s in %s: %w: it is gone", act.Image().AMI, act.Target.Region, ErrChanged)
	}
	if err != nil {
		return world.Image{}, fmt.Errorf("read %s in %s again: %w", act.Image().AMI, act.Target.Region, err)
	}
	image := observe.Image(out.Images[0])
	if err := t.notOurs(image, act); err != nil {
		return image, err
	}
	if plan.Seen(image) != act.Guard.Image {
		return image, fmt.Errorf("%s in %s: %w", act.Image().AMI, act.Target.Region, ErrChanged)
	}
	return image, nil
}

// notOurs refuses an image whose tags name another project, or another release than
// the tags of the step do: whatever the plan says, it is not changed.
func (t targets) notOurs(image world.Image, act plan.Action) error {
	want := map[string]string{record.TagProject: record.TagValue(t.desired.Project)}
	maps.Copy(want, act.Tags())
	if record.OfAnother(image.Tags, want) {
		return fmt.Errorf("%s in %s: %w: its tags name another owner: %s", act.Image().AMI, act.Target.Region, ErrChanged, record.OwnerOf(image.Tags))
	}
	return nil
}

// ec2 is the client of the place of a step: of our account, or of the one that a
// listing belongs to.
func (t targets) ec2(k release.Key) *ec2.Client {
	var role, externalID string
	for _, l := range t.desired.Listings {
		if k.Account != "" && l.Account == k.Account {
			role, externalID = l.Role, l.ExternalID
		}
	}
	return t.clients.As(role, externalID).EC2(k.Region)
}

func (t targets) variant(k release.Key) (release.Variant, error) {
	i := slices.IndexFunc(t.desired.Variants, func(v release.Variant) bool { return v.Image == k.Image && v.Arch == k.Arch })
	if i < 0 {
		return release.Variant{}, fmt.Errorf("no variant %s in this release", k.Variant())
	}
	return t.desired.Variants[i], nil
}

// quiet reads an AMI again, and refuses if it was launched or protected since
// the plan was made.
func (t targets) quiet(ctx context.Context, act plan.Action) (world.Image, error) {
	image, err := t.again(ctx, act)
	if err == nil && refusesRemoval(image, act) {
		return image, fmt.Errorf("%s in %s: %w: it is protected against deregistration", act.Image().AMI, act.Target.Region, ErrChanged)
	}
	if err == nil && act.Guard.Launched != "" && plan.Launched(image) != act.Guard.Launched {
		err = fmt.Errorf("%s in %s: %w: it was launched %s", act.Image().AMI, act.Target.Region, ErrChanged, plan.Launched(image))
	}
	return image, err
}

// refusesRemoval reports whether AWS would refuse to deregister an AMI: now, or when
// the last step of its retirement comes. A cooldown is over by then.
func refusesRemoval(i world.Image, act plan.Action) bool {
	last := slices.Contains([]plan.Kind{plan.Remove, plan.Discard, plan.DeleteParameter}, act.Kind())
	return i.Protection != "" && (last || i.Protection != world.CoolingDown)
}

// tagList spells tags for EC2, sorted so that equal requests are equal.
func tagList(tags map[string]string) []types.Tag {
	out := make([]types.Tag, 0, len(tags))
	for k, v := range tags {
		out = append(out, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	slices.SortFunc(out, func(x, y types.Tag) int {
		if *x.Key < *y.Key {
			return -1
		}
		return 1
	})
	return out
}

func specification(resource types.ResourceType, tags map[string]string) types.TagSpecification {
	return types.TagSpecification{ResourceType: resource, Tags: tagList(tags)}
}
