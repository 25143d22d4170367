package outside

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/audit"
	"amiship/internal/record"
	"amiship/internal/release"
)

// leftOver finds what carries the release's tags, or a candidate's name, and is
// not one of its AMIs.
func (l *look) leftOver(ctx context.Context) {
	l.visibleCandidates()
	for _, i := range l.own {
		switch why := l.surplus(i); why {
		case "":
		case candidate:
			l.candidates = append(l.candidates, l.surplusAt(why, i))
		default:
			l.found = append(l.found, l.surplusAt(why, i))
		}
	}
	resources, err := l.tagged(ctx)
	if err != nil {
		l.unread("what carries the release's tag", err)
		return
	}
	for _, r := range resources {
		l.extra("left over", r)
	}
}

// extra records a resource of the release that the catalog does not request.
func (l *look) extra(what, got string) {
	l.found = append(l.found, audit.Difference{Region: l.Region, What: what, Want: nothing, Got: got})
}

func (l *look) surplusAt(why string, i types.Image) audit.Difference {
	got := fmt.Sprintf("%s %s %q, %s", why, aws.ToString(i.ImageId), aws.ToString(i.Name), i.State)
	return audit.Difference{Region: l.Region, What: "left over", Want: nothing, Got: got}
}

// candidate is what surplus calls one.
const candidate = "candidate"

func (l *look) isCandidate(i types.Image) bool {
	return slices.ContainsFunc(l.Desired.Variants, func(v release.Variant) bool {
		return l.Desired.Owner(v).OwnsCandidate(aws.ToString(i.Name), tagsOf(i.Tags))
	})
}

// surplus says what an own AMI is that belongs to the release without being
// asked for; "" if it is none of that.
func (l *look) surplus(i types.Image) string {
	tags := tagsOf(i.Tags)
	switch {
	case l.isCandidate(i):
		return candidate
	case !l.ours(tags), slices.ContainsFunc(l.Desired.Variants, func(v release.Variant) bool { return l.isReleased(v, i) }):
		return ""
	case tags[record.TagStage] == record.TagValue(record.StageCandidate):
		return candidate
	case i.State == types.ImageStateFailed:
		return "failed AMI"
	}
	return "AMI of no image in the catalog"
}

// ours: the project's and the tag's.
func (l *look) ours(tags map[string]string) bool {
	project, _ := record.ReadTag(tags[record.TagProject])
	tag, _ := record.ReadTag(tags[record.TagTag])
	return project == l.Desired.Project && tag == l.Desired.Tag
}

// tagged lists everything else with the release's tag: instances, keys, groups,
// volumes, and snapshots without an AMI. One call shows all kinds.
func (l *look) tagged(ctx context.Context) ([]string, error) {
	carry, err := l.tags(ctx, filter("key", record.TagTag), filter("value", "*:"+l.Desired.Tag))
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, i := range l.own {
		known[aws.ToString(i.ImageId)] = true // surplus checks these
		for _, id := range snapshotIDs(i) {
			known[id] = true
		}
	}
	var ids []string
	for _, t := range carry {
		if id := aws.ToString(t.ResourceId); !known[id] {
			ids = append(ids, id)
		}
	}
	return l.mine(ctx, ids)
}

func (l *look) tags(ctx context.Context, filters ...types.Filter) ([]types.TagDescription, error) {
	var out []types.TagDescription
	pages := ec2.NewDescribeTagsPaginator(l.Owner.EC2(l.Region), &ec2.DescribeTagsInput{Filters: filters, MaxResults: aws.Int32(page)})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describe tags: %w", err)
		}
		out = append(out, got.Tags...)
	}
	return out, nil
}

// mine keeps of some resources those of the project that are still there, and
// says what they are.
func (l *look) mine(ctx context.Context, ids []string) ([]string, error) {
	var out []string
	for some := range slices.Chunk(ids, values) {
		project, err := l.tags(ctx, filter("resource-id", some...), filter("key", record.TagProject))
		if err != nil {
			return nil, err
		}
		gone, err := l.terminated(ctx, some)
		if err != nil {
			return nil, err
		}
		for _, t := range project {
			id := aws.ToString(t.ResourceId)
			if name, _ := record.ReadTag(aws.ToString(t.Value)); name == l.Desired.Project && !gone[id] {
				out = append(out, kindOf(t)+" "+id)
			}
		}
	}
	return out, nil
}

// terminated finds the terminated instances, which AWS lists for an hour.
func (l *look) terminated(ctx context.Context, ids []string) (map[string]bool, error) {
	out := map[string]bool{}
	machines := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !strings.HasPrefix(id, "i-") })
	if len(machines) == 0 {
		return out, nil
	}
	pages := ec2.NewDescribeInstancesPaginator(l.Owner.EC2(l.Region), &ec2.DescribeInstancesInput{
		Filters: []types.Filter{filter("instance-id", machines...), filter("instance-state-name", "shutting-down", "terminated")},
	})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describe instances: %w", err)
		}
		for _, r := range got.Reservations {
			for _, i := range r.Instances {
				out[aws.ToString(i.InstanceId)] = true
			}
		}
	}
	return out, nil
}

func kindOf(t types.TagDescription) string {
	switch t.ResourceType {
	case types.ResourceTypeSnapshot:
		return "snapshot without an AMI"
	case types.ResourceTypeImage:
		return "AMI that is not listed"
	}
	return strings.ReplaceAll(string(t.ResourceType), "-", " ")
}
