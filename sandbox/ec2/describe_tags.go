package ec2

import (
	"cmp"
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

// forgotten are the instances that are no longer described, what went with
// terminated ones, and the images and snapshots that a fault has removed.
func (o tagOps) forgotten(c *wire.Call) map[string]bool {
	out := o.wentWith(c)
	for id, in := range Instances.All(c.Tx, c.Region) {
		if !o.shown(in, c.Now) {
			out[id] = true
		}
	}
	for id, im := range Images.All(c.Tx, c.Region) {
		out[id] = passed(im.Gone, c.Now)
	}
	for id, s := range Snapshots.All(c.Tx, c.Region) {
		out[id] = passed(s.Gone, c.Now)
	}
	return out
}

// wentWith are the network interfaces, Spot Instance requests and volumes that went with
// terminated instances, whose tags AWS shows for another hour.
func (o tagOps) wentWith(c *wire.Call) map[string]bool {
	out := map[string]bool{}
	for _, in := range Instances.All(c.Tx, c.Region) {
		if o.seen(c, in).State != stateTerminated {
			continue
		}
		out[in.Interface], out[in.SpotRequest] = true, true
		for _, d := range in.Devices {
			out[d.Volume] = !d.Keep
		}
	}
	return out
}

func (o tagOps) describeTags(c *wire.Call, in *describeTagsIn) (*describeTagsOut, error) {
	var all []tagDescription
	forgotten := o.forgotten(c)
	for key, t := range tagTable.All(c.Tx, c.Region) {
		account, id, _ := strings.Cut(key, "/")
		if account != c.Account.ID || forgotten[id] {
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
