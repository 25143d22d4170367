package ec2

import (
	"slices"

	"amiship/sandbox/wire"
)

type describeZonesIn struct {
	dry
	ZoneNames            []string `wire:"ZoneName"`
	ZoneIDs              []string `wire:"ZoneId"`
	AllAvailabilityZones bool
	Filters              []filter `wire:"Filter"`
}

type xmlZone struct {
	OptInStatus   string                  `xml:"optInStatus"`
	Messages      wire.List[string]       `xml:"messageSet"`
	RegionName    string                  `xml:"regionName"`
	ZoneName      string                  `xml:"zoneName"`
	ZoneID        string                  `xml:"zoneId"`
	GroupName     string                  `xml:"groupName"`
	BorderGroup   string                  `xml:"networkBorderGroup"`
	ZoneType      string                  `xml:"zoneType"`
	GroupLongName string                  `xml:"groupLongName"`
	Geography     wire.List[xmlGeography] `xml:"geographySet"`
	SubGeography  wire.List[xmlGeography] `xml:"subGeographySet"`
	State         string                  `xml:"zoneState"`
}

type describeZonesOut struct {
	Zones wire.List[xmlZone] `xml:"availabilityZoneInfo"`
}

var zoneFilters = filters[xmlZone]{
	by: map[string]func(xmlZone) []string{
		"group-long-name": func(z xmlZone) []string { return one(z.GroupLongName) },
		"group-name":      func(z xmlZone) []string { return one(z.GroupName) },
		"opt-in-status":   func(z xmlZone) []string { return one(z.OptInStatus) },
		"region-name":     func(z xmlZone) []string { return one(z.RegionName) },
		"state":           func(z xmlZone) []string { return one(z.State) },
		"zone-id":         func(z xmlZone) []string { return one(z.ZoneID) },
		"zone-name":       func(z xmlZone) []string { return one(z.ZoneName) },
		"zone-type":       func(z xmlZone) []string { return one(z.ZoneType) },
	},
	never: []string{"message", "parent-zone-id", "parent-zone-name"},
}

func (o accountOps) describeZones(c *wire.Call, in *describeZonesIn) (*describeZonesOut, error) {
	r, _ := findRegion(c.Region)
	for _, name := range append(slices.Clone(in.ZoneNames), in.ZoneIDs...) {
		if !slices.ContainsFunc(r.allZones(), func(z zone) bool { return z.name == name || z.id == name }) {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid availability zone: [%s]", name)
		}
	}
	var all []xmlZone
	for _, z := range r.allZones() {
		if len(in.ZoneNames) > 0 && !slices.Contains(in.ZoneNames, z.name) {
			continue
		}
		if len(in.ZoneIDs) > 0 && !slices.Contains(in.ZoneIDs, z.id) {
			continue
		}
		all = append(all, zoneView(z))
	}
	all, err := zoneFilters.keep(all, in.Filters)
	return &describeZonesOut{Zones: all}, err
}

func zoneView(z zone) xmlZone {
	return xmlZone{
		OptInStatus: "opt-in-not-required", RegionName: z.region.name, ZoneName: z.name, ZoneID: z.id,
		GroupName: z.region.name + "-zg-1", BorderGroup: z.region.name, ZoneType: "availability-zone",
		GroupLongName: z.region.country + " (" + z.region.place + ") 1", State: "available",
		Geography: wire.List[xmlGeography]{{z.region.country}}, SubGeography: wire.List[xmlGeography]{{z.region.place}},
	}
}
