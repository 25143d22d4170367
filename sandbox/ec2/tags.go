package ec2

import (
	"cmp"
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

// specTags returns the tags asked for each type of resource. A type that the
// call does not make is refused.
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
		if err != nil {
			return nil, err
		}
		if len(tags) > maxTags {
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

type tagsIn struct {
	dry
	Resources []string `wire:"ResourceId"`
	Tags      []xmlTag `wire:"Tag"`
}

func (e *EC2) createTags(c *wire.Call, in *tagsIn) (*done, error) {
	if len(in.Tags) == 0 {
		return nil, missingParameter("Tag")
	}
	tags, err := checkTags(in.Tags)
	if err != nil {
		return nil, err
	}
	kinds, err := taggable(c, in.Resources)
	if err != nil {
		return nil, err
	}
	for id, kind := range kinds {
		after := maps.Clone(TagsOf(c.Tx, c.Region, c.Account.ID, id))
		if after == nil {
			after = map[string]string{}
		}
		maps.Copy(after, tags)
		if len(after) > maxTags {
			return nil, tooManyTags()
		}
		putTags(c.Tx, c.Region, c.Account.ID, kind, id, after)
	}
	return ok()
}

type deleteTagsIn struct {
	dry
	Resources []string `wire:"ResourceId"`
	Tags      []struct {
		Key   string
		Value *string
	} `wire:"Tag"`
}

// deleteTags removes the named tags; those with a value only where the value
// is the same; all of them if none is named.
func (e *EC2) deleteTags(c *wire.Call, in *deleteTagsIn) (*done, error) {
	kinds, err := taggable(c, in.Resources)
	if err != nil {
		return nil, err
	}
	for id, kind := range kinds {
		left := maps.Clone(TagsOf(c.Tx, c.Region, c.Account.ID, id))
		if len(in.Tags) == 0 {
			clear(left)
		}
		for _, t := range in.Tags {
			if v, has := left[t.Key]; has && (t.Value == nil || *t.Value == v) {
				delete(left, t.Key)
			}
		}
		if len(left) == 0 {
			dropTags(c.Tx, c.Region, c.Account.ID, id)
			continue
		}
		tagTable.Put(c.Tx, c.Region, c.Account.ID+"/"+id, tagged{Type: kind, Tags: left})
	}
	return ok()
}

// taggable finds out what kinds of things the ids are.
func taggable(c *wire.Call, ids []string) (map[string]string, error) {
	if len(ids) == 0 {
		return nil, missingParameter("ResourceId")
	}
	out := map[string]string{}
	for _, id := range ids {
		prefix, _, _ := strings.Cut(id, "-")
		kind, known := taggables[prefix]
		if !known || !wellFormed(prefix, id) {
			return nil, wire.Errorf("InvalidID", "The ID '%s' is not valid", id)
		}
		if !kind.exists(c, id) {
			return nil, kind.missing(id)
		}
		out[id] = kind.name
	}
	return out, nil
}

type tagDescription struct {
	Key          string `xml:"key"`
	ResourceID   string `xml:"resourceId"`
	ResourceType string `xml:"resourceType"`
	Value        string `xml:"value"`
}

type describeTagsIn struct {
	dry
	paging
	Filters []filter `wire:"Filter"`
}

type describeTagsOut struct {
	NextToken string                    `xml:"nextToken,omitempty"`
	Tags      wire.List[tagDescription] `xml:"tagSet"`
}

var tagFilters = filters[tagDescription]{
	by: map[string]func(tagDescription) []string{
		"key":           func(t tagDescription) []string { return []string{t.Key} },
		"value":         func(t tagDescription) []string { return []string{t.Value} },
		"resource-id":   func(t tagDescription) []string { return []string{t.ResourceID} },
		"resource-type": func(t tagDescription) []string { return []string{t.ResourceType} },
	},
	tags: func(t tagDescription) map[string]string { return map[string]string{t.Key: t.Value} },
}

func (e *EC2) describeTags(c *wire.Call, in *describeTagsIn) (*describeTagsOut, error) {
	var all []tagDescription
	for key, t := range tagTable.All(c.Tx, c.Region) {
		account, id, _ := strings.Cut(key, "/")
		if account != c.Account.ID {
			continue
		}
		for k, v := range t.Tags {
			all = append(all, tagDescription{Key: k, ResourceID: id, ResourceType: t.Type, Value: v})
		}
	}
	key := func(t tagDescription) string { return t.ResourceID + "/" + t.Key }
	slices.SortFunc(all, func(a, b tagDescription) int { return cmp.Compare(key(a), key(b)) })
	all, err := tagFilters.keep(all, in.Filters)
	if err != nil {
		return nil, err
	}
	all, next, err := page(c, in.paging, 5, all, key)
	return &describeTagsOut{NextToken: next, Tags: all}, err
}
