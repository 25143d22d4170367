package ec2

import (
	"cmp"
	"slices"

	"amiship/sandbox/wire"
)

type offeringsIn struct {
	dry
	paging
	LocationType string
	Filters      []filter `wire:"Filter"`
}

type xmlOffering struct {
	InstanceType string `xml:"instanceType"`
	LocationType string `xml:"locationType"`
	Location     string `xml:"location"`
}

type offeringsOut struct {
	Offerings wire.List[xmlOffering] `xml:"instanceTypeOfferingSet"`
	NextToken string                 `xml:"nextToken,omitempty"`
}

var offeringFilters = filters[xmlOffering]{by: map[string]func(xmlOffering) []string{
	"instance-type": func(o xmlOffering) []string { return one(o.InstanceType) },
	"location":      func(o xmlOffering) []string { return one(o.Location) },
}}

// describeOfferings: every type is offered everywhere.
func (o accountOps) describeOfferings(c *wire.Call, in *offeringsIn) (*offeringsOut, error) {
	kind := cmp.Or(in.LocationType, "region")
	places, err := locations(c.Region, kind)
	if err != nil {
		return nil, err
	}
	var all []xmlOffering
	for _, t := range allTypes() {
		for _, p := range places {
			all = append(all, xmlOffering{t.name, kind, p})
		}
	}
	if all, err = offeringFilters.keep(all, in.Filters); err != nil {
		return nil, err
	}
	key := func(o xmlOffering) string { return o.InstanceType + " " + o.Location }
	slices.SortFunc(all, func(a, b xmlOffering) int { return compareIDs(key(a), key(b)) })
	all, next, err := page(c, in.paging, 5, all, key)
	return &offeringsOut{all, next}, err
}

func locations(name, kind string) ([]string, error) {
	r, _ := findRegion(name)
	var out []string
	for _, z := range r.allZones() {
		switch kind {
		case "availability-zone":
			out = append(out, z.name)
		case "availability-zone-id":
			out = append(out, z.id)
		case "region":
			return []string{name}, nil
		default:
			return nil, invalidValue("locationType", kind, "Expected region, availability-zone or availability-zone-id.")
		}
	}
	return out, nil
}
