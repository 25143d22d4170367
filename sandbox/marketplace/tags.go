package marketplace

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// tagged holds the tags of a product or change set, by ARN.
var tagged = cloud.NewTable[map[string]string]("marketplace.tags")

var tagForm = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// maxTags is documented in words; the model's limit is 200.
const maxTags = 50

func checkTags(tags []tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == "" || len([]rune(t.Key)) > 128 || !tagForm.MatchString(t.Key):
			return violates(t.Key, "tags.key", "Member must have length between 1 and 128 and satisfy the pattern of tag keys")
		case len([]rune(t.Value)) > 256 || !tagForm.MatchString(t.Value):
			return violates(t.Value, "tags.value", "Member must have length less than or equal to 256 and satisfy the pattern of tag values")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return invalid("Tag keys must not begin with aws: ('%s').", t.Key)
		case seen[t.Key]:
			return invalid("The tag key '%s' is there twice.", t.Key)
		}
		seen[t.Key] = true
	}
	if len(tags) > maxTags {
		return invalid("There are %d tags, the limit is %d.", len(tags), maxTags)
	}
	return nil
}

func putTags(tx *cloud.Tx, arn string, tags []tag) {
	if len(tags) == 0 {
		return
	}
	old, _ := tagged.Get(tx, "", arn)
	all := maps.Clone(old)
	if all == nil {
		all = map[string]string{}
	}
	for _, t := range tags {
		all[t.Key] = t.Value
	}
	tagged.Put(tx, "", arn, all)
}

// checkARN finds out whether the caller has what the ARN names.
func (m *Marketplace) checkARN(c *wire.Call, arn string) error {
	id := arn[strings.LastIndex(arn, "/")+1:]
	p, _, isProduct := find(c.Tx, c.Account.ID, id)
	s, isSet := findSet(c.Tx, c.Account.ID, id)
	if isProduct && p.arn() == arn || isSet && s.arn() == arn && !m.forgotten(s, c.Now) {
		return nil
	}
	return notFound("Resource '%s' was not found.", arn)
}

type tagIn struct {
	ResourceArn string `check:"required"`
	Tags        []tag  `check:"required"`
}

func (m *Marketplace) tagResource(c *wire.Call, in *tagIn) (*struct{}, error) {
	if err := m.checkARN(c, in.ResourceArn); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	putTags(c.Tx, in.ResourceArn, in.Tags)
	if all, _ := tagged.Get(c.Tx, "", in.ResourceArn); len(all) > maxTags {
		return nil, invalid("The resource would have %d tags, the limit is %d.", len(all), maxTags)
	}
	return &struct{}{}, nil
}

type untagIn struct {
	ResourceArn string   `check:"required"`
	TagKeys     []string `check:"required"`
}

func (m *Marketplace) untagResource(c *wire.Call, in *untagIn) (*struct{}, error) {
	if err := m.checkARN(c, in.ResourceArn); err != nil {
		return nil, err
	}
	all, _ := tagged.Get(c.Tx, "", in.ResourceArn)
	all = maps.Clone(all)
	maps.DeleteFunc(all, func(key, _ string) bool { return slices.Contains(in.TagKeys, key) })
	tagged.Put(c.Tx, "", in.ResourceArn, all)
	return &struct{}{}, nil
}

type arnIn struct {
	ResourceArn string `check:"required"`
}

type tagsOut struct {
	ResourceArn string
	Tags        []tag
}

func (m *Marketplace) listTags(c *wire.Call, in *arnIn) (*tagsOut, error) {
	if err := m.checkARN(c, in.ResourceArn); err != nil {
		return nil, err
	}
	all, _ := tagged.Get(c.Tx, "", in.ResourceArn)
	out := &tagsOut{ResourceArn: in.ResourceArn, Tags: []tag{}}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		out.Tags = append(out.Tags, tag{key, all[key]})
	}
	return out, nil
}
