package outside

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"amiship/internal/record"
	"amiship/internal/release"
)

// batch is how many parameters one call may name.
const batch = 10

// parameters compares those of all variants that have an AMI here.
func (l *look) parameters(ctx context.Context) {
	got, err := l.readParameters(ctx)
	if err != nil {
		l.unread("parameters", err)
		return
	}
	for _, v := range l.Desired.Variants {
		image, there := l.released[v.Key("").Variant()]
		if !there {
			continue
		}
		id := aws.ToString(image.ImageId)
		for _, p := range v.Parameters {
			if got[p.Name] != id && !(p.Latest && l.isNewer(v, got[p.Name])) {
				l.differs(v, "parameter", p.Name+" = "+id, cmp.Or(got[p.Name], "no such parameter"))
			}
		}
	}
}

func (l *look) readParameters(ctx context.Context) (map[string]string, error) {
	var names []string
	for _, v := range l.Desired.Variants {
		for _, p := range v.Parameters {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return l.valuesOf(ctx, slices.Compact(names))
}

// valuesOf reads parameters; those that do not exist are missing from the answer.
func (l *look) valuesOf(ctx context.Context, names []string) (map[string]string, error) {
	out := map[string]string{}
	for some := range slices.Chunk(names, batch) {
		got, err := l.Owner.SSM(l.Region).GetParameters(ctx, &ssm.GetParametersInput{Names: some})
		if err != nil {
			return nil, fmt.Errorf("get parameters: %w", err)
		}
		for _, p := range got.Parameters {
			out[aws.ToString(p.Name)] = aws.ToString(p.Value)
		}
	}
	return out, nil
}

// isNewer reports whether an id is that of a later release of the variant: a
// parameter of the latest one stays with it.
func (l *look) isNewer(v release.Variant, id string) bool {
	n := slices.IndexFunc(l.own, func(i types.Image) bool { return aws.ToString(i.ImageId) == id })
	if n < 0 || l.own[n].State != types.ImageStateAvailable {
		return false
	}
	tags := tagsOf(l.own[n].Tags)
	value := func(key string) string {
		text, _ := record.ReadTag(tags[key])
		return text
	}
	if value(record.TagProject) != l.Desired.Project || value(record.TagImage) != v.Image || value(record.TagArch) != v.Arch ||
		!record.Released(value(record.TagStage)) {
		return false
	}
	version, err := release.ParseVersion(value(record.TagVersion))
	build, _ := strconv.ParseUint(value(record.TagBuild), 10, 64)
	return err == nil && cmp.Or(version.Compare(l.Desired.Version), cmp.Compare(build, l.Desired.BuildNumber)) > 0
}
