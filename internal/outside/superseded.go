package outside

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/record"
	"amiship/internal/release"
)

// deprecated is the mark of an AMI that a search does not show.
const deprecated = "deprecated"

// superseded reports whether the owner has a public AMI of the variant of a higher version: then
// it may want that this one is not the most recent that a search finds.
func (l *look) superseded(v release.Variant) bool {
	return slices.ContainsFunc(l.own, func(i types.Image) bool {
		tags := tagsOf(i.Tags)
		project, _ := record.ReadTag(tags[record.TagProject])
		image, _ := record.ReadTag(tags[record.TagImage])
		arch, _ := record.ReadTag(tags[record.TagArch])
		text, _ := record.ReadTag(tags[record.TagVersion])
		version, err := release.ParseVersion(text)
		return err == nil && aws.ToBool(i.Public) && project == l.Desired.Project && image == v.Image && arch == v.Arch && version.Compare(l.Desired.Version) > 0
	})
}
