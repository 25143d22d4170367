package ec2

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// tagged is the tags that one account put on one resource.
type tagged struct {
	Type string // image, snapshot, instance, …
	Tags map[string]string
}

// tagTable is keyed by account and resource id, in partition region.
var tagTable = cloud.NewTable[tagged]("ec2.tags")

// tagIndex knows who has a tag, and who has a value under any key.
var tagIndex = cloud.NewIndex(tagTable, func(key string, t tagged) []string {
	account, _, _ := strings.Cut(key, "/")
	var words []string
	for k, v := range t.Tags {
		words = append(words, tagWord(account, t.Type, k, v), tagWord(account, t.Type, "", v))
	}
	return words
})

func tagWord(account, kind, key, value string) string {
	return account + " " + kind + " " + key + "=" + value
}

// xmlTag is a tag in an answer, and in a request.
type xmlTag struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

// tagSpec is a TagSpecification.N of a creating call.
type tagSpec struct {
	ResourceType string
	Tags         []xmlTag `wire:"Tag"`
}

const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// TagsOf returns the tags that account put on a resource. The map is the
// store's: it must not be changed.
func TagsOf(tx *cloud.Tx, region, account, id string) map[string]string {
	t, _ := tagTable.Get(tx, region, account+"/"+id)
	return t.Tags
}

// putTags adds tags to a resource, overwriting those of the same key.
func putTags(tx *cloud.Tx, region, account, kind, id string, tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	all := maps.Clone(TagsOf(tx, region, account, id))
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, tags)
	tagTable.Put(tx, region, account+"/"+id, tagged{Type: kind, Tags: all})
}

func dropTags(tx *cloud.Tx, region, account, id string) {
	tagTable.Delete(tx, region, account+"/"+id)
}

func tagList(tags map[string]string) wire.List[xmlTag] {
	out := wire.List[xmlTag]{}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, xmlTag{k, tags[k]})
	}
	return out
}

// specTags returns the requested tags for each type of resource. A type that
// the call does not make is refused.
func specTags(specs []tagSpec, makes ...string) (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	for _, s := range specs {
		if s.ResourceType == "" {
			return nil, invalidValue("ResourceType", "null", "Tag specification resource type must have a value")
		}
		if !slices.Contains(makes, s.ResourceType) {
			return nil, wire.Errorf("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", s.ResourceType)
		}
		if out[s.ResourceType] != nil {
			return nil, wire.Errorf("InvalidParameterValue", "Duplicate resource type '%s' in tag specifications.", s.ResourceType)
		}
		tags, err := checkTags(s.Tags)
		switch {
		case err != nil:
			return nil, err
		case len(tags) == 0:
			return nil, wire.Errorf("InvalidParameterValue", "Tag specification must have at least one tag")
		case len(tags) > maxTags:
			return nil, tooManyTags()
		}
		out[s.ResourceType] = tags
	}
	return out, nil
}

// checkTags holds tags against AWS's rules for a single tag.
func checkTags(tags []xmlTag) (map[string]string, error) {
	out := map[string]string{}
	for _, t := range tags {
		if err := checkTag(t); err != nil {
			return nil, err
		}
		if _, twice := out[t.Key]; twice {
			return nil, wire.Errorf("InvalidParameterValue", "Duplicate tag key '%s' specified.", t.Key)
		}
		out[t.Key] = t.Value
	}
	return out, nil
}

func checkTag(t xmlTag) error {
	switch {
	case t.Key == "":
		return wire.Errorf("InvalidParameterValue", "Tag key cannot be null or empty")
	case utf8.RuneCountInString(t.Key) > maxTagKey:
		return wire.Errorf("InvalidParameterValue", "Tag key exceeds the maximum length of %d characters", maxTagKey)
	case utf8.RuneCountInString(t.Value) > maxTagValue:
		return wire.Errorf("InvalidParameterValue", "Tag value exceeds the maximum length of %d characters", maxTagValue)
	case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
		return wire.Errorf("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
	}
	return nil
}

func tooManyTags() error {
	return wire.Errorf("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
}
