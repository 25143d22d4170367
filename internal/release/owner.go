package release

import (
	"strconv"

	"amiship/internal/record"
)

// Owner returns whose the claims and the candidate of a variant are.
func (d Desired) Owner(v Variant) record.Owner {
	return record.Owner{Project: d.Project, Image: v.Image, Arch: v.Arch, Tag: d.Tag}
}

// OwnTags returns the tags that say what a variant of this release is.
func (d Desired) OwnTags(v Variant, stage string) map[string]string {
	tags := map[string]string{
		record.TagProject: record.TagValue(d.Project),
		record.TagTag:     record.TagValue(d.Tag),
		record.TagImage:   record.TagValue(v.Image),
		record.TagArch:    record.TagValue(v.Arch),
		record.TagVersion: record.TagValue(d.Version.Text),
		record.TagStage:   record.TagValue(stage),
		record.TagBuild:   record.TagValue(strconv.FormatUint(d.BuildNumber, 10)),
	}
	if v.Public {
		tags[record.TagPublic] = record.TagValue("yes")
	}
	return tags
}
