package ec2

import (
	"iter"
	"maps"
	"math"
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

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

// forgot reports whether a resource's tags are no longer shown: those of an instance that is no
// longer described, of what went with a terminated one, and of an image or a snapshot that a
// fault has removed.
func (o tagOps) forgot(c *wire.Call, kind, id string) bool {
	switch kind {
	case "instance":
		in, found := Instances.Get(c.Tx, c.Region, id)
		return found && !o.shown(in, c.Now)
	case "image":
		im, _ := Images.Get(c.Tx, c.Region, id)
		return passed(im.Gone, c.Now)
	case "snapshot":
		s, _ := Snapshots.Get(c.Tx, c.Region, id)
		return passed(s.Gone, c.Now)
	}
	return o.went(c, id)
}

// went reports whether it is a network interface, a Spot Instance request or a volume that went
// with a terminated instance, whose own tags AWS shows for another hour.
func (o tagOps) went(c *wire.Call, id string) bool {
	for _, in := range instanceIndex.All(c.Tx, c.Region, wordHolds+id) {
		kept := slices.ContainsFunc(in.Devices, func(d Device) bool { return d.Volume == id && d.Keep })
		if !kept && o.seen(c, in).State == stateTerminated {
			return true
		}
	}
	return false
}

func (o tagOps) describeTags(c *wire.Call, in *describeTagsIn) (*describeTagsOut, error) {
	matches, err := tagFilters.matcher(in.Filters)
	if err != nil {
		return nil, err
	}
	ids := tagWays(c, in.Filters).ids
	all, next, err := pageFrom(c, in.paging, 5, func(last string) iter.Seq[tagDescription] {
		first, _, _ := strings.Cut(last, "/")
		return func(yield func(tagDescription) bool) {
			for id := range ids(first) {
				t, found := tagTable.Get(c.Tx, c.Region, c.Account.ID+"/"+id)
				if !found || o.forgot(c, t.Type, id) {
					continue
				}
				for _, k := range slices.Sorted(maps.Keys(t.Tags)) {
					if d := (tagDescription{Key: k, ResourceID: id, ResourceType: t.Type, Value: t.Tags[k]}); matches(d) && !yield(d) {
						return
					}
				}
			}
		}
	}, func(t tagDescription) string { return t.ResourceID + "/" + t.Key })
	return &describeTagsOut{NextToken: next, Tags: all}, err
}

// tagWays is the narrowest way to the resources whose tags pass all filters.
func tagWays(c *wire.Call, asked []filter) way {
	all := way{count: math.MaxInt, ids: func(first string) iter.Seq[string] { return taggedFrom(c, first) }}
	kinds := allKinds()
	for _, f := range asked {
		if f.Name == "resource-type" && !slices.ContainsFunc(f.Values, isPattern) {
			kinds = f.Values
		}
	}
	var ways []way
	for _, f := range asked {
		switch {
		case f.Name == "resource-id" && !slices.ContainsFunc(f.Values, isPattern):
			ways = append(ways, listed(f.Values))
		case f.Name == "key", f.Name == "value", strings.HasPrefix(f.Name, "tag:"):
			if w, few := tagWay(c, f, kinds...); few {
				ways = append(ways, w)
			}
		}
	}
	return narrowest(all, ways...)
}

// taggedFrom yields the ids of all resources that the account has tagged.
func taggedFrom(c *wire.Call, first string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for key := range tagTable.From(c.Tx, c.Region, c.Account.ID+"/"+first) {
			id, own := strings.CutPrefix(key, c.Account.ID+"/")
			if !own || !yield(id) {
				return
			}
		}
	}
}
