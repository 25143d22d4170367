package ec2

import (
	"maps"
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

type tagsIn struct {
	dry
	Resources []string `wire:"ResourceId"`
	Tags      []xmlTag `wire:"Tag"`
}

func (o tagOps) createTags(c *wire.Call, in *tagsIn) (*done, error) {
	if len(in.Tags) == 0 {
		return nil, wire.Errorf("InvalidParameterValue", "You must specify one or more tags to create")
	}
	tags, err := checkTags(in.Tags)
	if err != nil {
		return nil, err
	}
	kinds, err := o.taggable(c, in.Resources)
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
func (o tagOps) deleteTags(c *wire.Call, in *deleteTagsIn) (*done, error) {
	kinds, err := o.taggable(c, in.Resources)
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
func (o tagOps) taggable(c *wire.Call, ids []string) (map[string]string, error) {
	if len(ids) == 0 {
		return nil, missingParameter("resourceIdSet")
	}
	out, missing := map[string]string{}, map[string][]string{}
	for _, id := range ids {
		prefix, _, _ := strings.Cut(id, "-")
		kind, known := taggables[prefix]
		switch {
		case !known || !wellFormed(prefix, id):
			return nil, wire.Errorf("InvalidID", "The ID '%s' is not valid", id)
		case !o.went(c, id) && kind.exists(c, id):
			out[id] = kind.name
		default:
			missing[prefix] = append(missing[prefix], id)
		}
	}
	for _, prefix := range slices.Sorted(maps.Keys(missing)) {
		return nil, taggables[prefix].missing(missing[prefix]...)
	}
	return out, nil
}
