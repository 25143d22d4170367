package outside

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/record"
	"amiship/internal/release"
)

// mark is a difference, before it is known where.
type mark struct{ what, want, got string }

type marks []mark

func (m *marks) same(what, want, got string) {
	if want != got {
		*m = append(*m, mark{what, want, got})
	}
}

// imageMarks compares an AMI with the catalog, as far as its owner's
// description shows. What the catalog does not set may be anything.
func imageMarks(d release.Desired, v release.Variant, i types.Image, now time.Time) []mark {
	var m marks
	m.same("name", v.Name, aws.ToString(i.Name))
	m.same("state", string(types.ImageStateAvailable), stateOf(i))
	m.same("architecture", machine(v.Arch), string(i.Architecture))
	if v.Description != "" {
		m.same("description", v.Description, aws.ToString(i.Description))
	}
	if v.Build.IMDSSupport != "" {
		m.same("imds-support", v.Build.IMDSSupport, string(i.ImdsSupport))
	}
	m.same("ENA", "true", strconv.FormatBool(aws.ToBool(i.EnaSupport)))
	m.disks(v, i)
	stage, _ := record.ReadTag(tagsOf(i.Tags)[record.TagStage])
	if at, err := time.Parse(time.RFC3339, aws.ToString(i.DeprecationTime)); err == nil && !at.After(now) && stage != record.StageDeprecated {
		m.same(deprecated, "that a search shows it", "deprecated since "+at.Format(time.DateOnly))
	}
	m.tags(asked(d, v), tagsOf(i.Tags))
	m.provenance(tagsOf(i.Tags))
	if !d.Untested {
		m.tested(tagsOf(i.Tags)[record.TagTested])
	}
	return m
}

func stateOf(i types.Image) string {
	if i.StateReason == nil || i.State == types.ImageStateAvailable {
		return string(i.State)
	}
	return string(i.State) + ": " + aws.ToString(i.StateReason.Message)
}

// machine spells an architecture as EC2 does.
func machine(arch string) string {
	if arch == "amd64" {
		return string(types.ArchitectureValuesX8664)
	}
	return arch
}

func (m *marks) disks(v release.Variant, i types.Image) {
	root := "none"
	for _, d := range i.BlockDeviceMappings {
		if d.Ebs == nil {
			continue
		}
		if aws.ToBool(d.Ebs.Encrypted) {
			m.same("encryption", "none", aws.ToString(d.DeviceName)+" is encrypted")
		}
		if aws.ToString(d.DeviceName) == aws.ToString(i.RootDeviceName) {
			root = fmt.Sprintf("%d GiB %s", aws.ToInt32(d.Ebs.VolumeSize), d.Ebs.VolumeType)
		}
	}
	m.same("root disk", fmt.Sprintf("%d GiB %s", v.Build.DiskGiB, v.Build.DiskType), root)
}

// provenance: an AMI says what it was built from. One that was adopted says nothing of
// that, nor of a boot test.
func (m *marks) provenance(tags map[string]string) {
	all := []string{record.TagInputs, record.TagPackage, record.TagBase}
	if !slices.ContainsFunc(append(all, record.TagTested), func(key string) bool { return tags[key] != "" }) {
		return
	}
	for _, key := range all {
		value, _ := record.ReadTag(tags[key])
		switch {
		case value == "":
			m.same("tag "+key, "what it was built from", "no such tag")
		case key == record.TagInputs && record.CutInputs(value):
			m.same("tag "+key, "the whole digest", strconv.Quote(value)+", which is cut")
		}
	}
}

// tested: whatever the checks are by now, the AMI passed those of its time.
func (m *marks) tested(tag string) {
	text, _ := record.ReadTag(tag)
	if verdict, known := record.ReadVerdict(text); !known || !verdict.OK {
		m.same("boot test", "that it passed", text)
	}
}

// asked are the tags that an AMI of the release and its snapshots have: the
// catalog's, and Amiship's own as far as they are known without building.
func asked(d release.Desired, v release.Variant) map[string]string {
	out := d.OwnTags(v, record.StageRelease)
	maps.Copy(out, v.Tags)
	return out
}

// tags compares the configured ones; there may be others.
func (m *marks) tags(want, got map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, ok := got[key]
		if key == record.TagStage && value == record.TagValue(record.StageDeprecated) {
			continue // one that is on its way out is still a release
		}
		if !ok {
			m.same("tag "+key, strconv.Quote(want[key]), "no such tag")
			continue
		}
		m.same("tag "+key, strconv.Quote(want[key]), strconv.Quote(value))
	}
}

// list is accounts or ids for a reader.
func list(ids []string) string { return cmp.Or(strings.Join(ids, " "), "none") }
