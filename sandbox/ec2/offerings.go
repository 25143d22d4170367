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

// describeOfferings: every type is offered in every zone, unless the settings say otherwise;
// in a region, if it is in one of its zones.
func (o accountOps) describeOfferings(c *wire.Call, in *offeringsIn) (*offeringsOut, error) {
	kind := cmp.Or(in.LocationType, "region")
	places, err := locations(c.Region, kind)
	if err != nil {
		return nil, err
	}
	var all []xmlOffering
	for _, t := range typeTable {
		for place, zones := range places {
			if slices.ContainsFunc(zones, func(zone string) bool { return o.set.offers(zone, t.name) }) {
				all = append(all, xmlOffering{t.name, kind, place})
			}
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

// locations are the places of a kind in a region, each with its zones.
func locations(name, kind string) (map[string][]string, error) {
	r, _ := findRegion(name)
	out := map[string][]string{}
	for _, z := range r.allZones() {
		place, known := map[string]string{"availability-zone": z.name, "availability-zone-id": z.id, "region": name}[kind]
		if !known {
			return nil, invalidValue("locationType", kind, "Expected region, availability-zone or availability-zone-id.")
		}
		out[place] = append(out[place], z.name)
	}
	return out, nil
}
