package ec2

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// region is one of AWS's.
type region struct {
	name, short, country, place string
	zones                       string // letters of its availability zones
	optIn                       bool   // off until an account switches it on
}

// regionList has the commercial partition first. A new account has the first 17 of it; in
// the sandbox the others are switched on too, unless a world says otherwise. Of the other
// partitions some ids of zones are not documented [?].
var regionList = []region{
	{"us-east-1", "use1", "United States of America", "N. Virginia", "abcdef", false},
	{"us-east-2", "use2", "United States of America", "Ohio", "abc", false},
	{"us-west-1", "usw1", "United States of America", "N. California", "ac", false},
	{"us-west-2", "usw2", "United States of America", "Oregon", "abcd", false},
	{"ap-south-1", "aps1", "India", "Mumbai", "abc", false},
	{"ap-northeast-1", "apne1", "Japan", "Tokyo", "acd", false},
	{"ap-northeast-2", "apne2", "South Korea", "Seoul", "abcd", false},
	{"ap-northeast-3", "apne3", "Japan", "Osaka", "abc", false},
	{"ap-southeast-1", "apse1", "Singapore", "Singapore", "abc", false},
	{"ap-southeast-2", "apse2", "Australia", "Sydney", "abc", false},
	{"ca-central-1", "cac1", "Canada", "Central", "abd", false},
	{"eu-central-1", "euc1", "Germany", "Frankfurt", "abc", false},
	{"eu-west-1", "euw1", "Ireland", "Ireland", "abc", false},
	{"eu-west-2", "euw2", "United Kingdom", "London", "abc", false},
	{"eu-west-3", "euw3", "France", "Paris", "abc", false},
	{"eu-north-1", "eun1", "Sweden", "Stockholm", "abc", false},
	{"sa-east-1", "sae1", "Brazil", "Sao Paulo", "abc", false},
	{"af-south-1", "afs1", "South Africa", "Cape Town", "abc", true},
	{"ap-east-1", "ape1", "China", "Hong Kong", "abc", true},
	{"ap-east-2", "ape2", "Taiwan", "Taipei", "abc", true},
	{"ap-south-2", "aps2", "India", "Hyderabad", "abc", true},
	{"ap-southeast-3", "apse3", "Indonesia", "Jakarta", "abc", true},
	{"ap-southeast-4", "apse4", "Australia", "Melbourne", "abc", true},
	{"ap-southeast-5", "apse5", "Malaysia", "Kuala Lumpur", "abc", true},
	{"ap-southeast-6", "apse6", "New Zealand", "New Zealand", "abc", true},
	{"ap-southeast-7", "apse7", "Thailand", "Bangkok", "abc", true},
	{"ca-west-1", "caw1", "Canada", "Calgary", "abc", true},
	{"eu-central-2", "euc2", "Switzerland", "Zurich", "abc", true},
	{"eu-south-1", "eus1", "Italy", "Milan", "abc", true},
	{"eu-south-2", "eus2", "Spain", "Spain", "abc", true},
	{"il-central-1", "ilc1", "Israel", "Tel Aviv", "abc", true},
	{"me-central-1", "mec1", "United Arab Emirates", "UAE", "abc", true},
	{"me-south-1", "mes1", "Bahrain", "Bahrain", "abc", true},
	{"mx-central-1", "mxc1", "Mexico", "Queretaro", "abc", true},

	{"us-gov-west-1", "usgw1", "United States of America", "GovCloud (US-West)", "abc", false},
	{"us-gov-east-1", "usge1", "United States of America", "GovCloud (US-East)", "abc", false},
	{"cn-north-1", "cnn1", "China", "Beijing", "abd", false},
	{"cn-northwest-1", "cnnw1", "China", "Ningxia", "abc", false},
	{"eusc-de-east-1", "euscde1", "Germany", "Brandenburg", "ab", false},
}

// AllRegions are the names of all regions, in AWS's usual order.
func AllRegions() []string {
	out := make([]string, len(regionList))
	for i, r := range regionList {
		out[i] = r.name
	}
	return out
}

// Regions are the names of a partition's regions.
func Regions(p cloud.Partition) []string {
	return slices.DeleteFunc(AllRegions(), func(name string) bool { return cloud.PartitionOf(name) != p })
}

func regionsOf(p cloud.Partition) []region {
	return slices.DeleteFunc(slices.Clone(regionList), func(r region) bool { return cloud.PartitionOf(r.name) != p })
}

// arn names a resource of a region.
func arn(service, region, account, resource string) string {
	return cloud.PartitionOf(region).ARN(service, region, account, resource)
}

// reachable reports whether there is a region with the name in the caller's partition.
func reachable(c *wire.Call, name string) bool {
	_, known := findRegion(name)
	return known && cloud.PartitionOf(name) == c.Account.Partition
}

func findRegion(name string) (region, bool) {
	i := slices.IndexFunc(regionList, func(r region) bool { return r.name == name })
	if i < 0 {
		return region{}, false
	}
	return regionList[i], true
}

func (r region) zone(letter rune) zone {
	n := strings.IndexRune(r.zones, letter)
	return zone{region: r, name: r.name + string(letter), id: r.short + "-az" + strconv.Itoa(n+1), index: n}
}

func (r region) allZones() []zone {
	var out []zone
	for _, l := range r.zones {
		out = append(out, r.zone(l))
	}
	return out
}

// zone is an availability zone; index counts from 0 within its region.
type zone struct {
	region   region
	name, id string
	index    int
}

// regionState is what an account has set in a region.
type regionState struct {
	Disabled     bool `json:",omitempty"` // not opted in
	NoDefaultVPC bool `json:",omitempty"` // its VPC is there but is not the default
	BlockPublic  bool `json:",omitempty"`
	// SnapshotBlock is blockAllSharing or blockNewSharing; empty: snapshots may be public.
	SnapshotBlock string `json:",omitempty"`
	Encrypt       bool   `json:",omitempty"` // EBS encryption by default
	KMSKey        string `json:",omitempty"`
	RecycleBin    Age    `json:",omitempty"` // how long deregistered images are kept in it
	// PrivateSubnets are those that map no public address to new instances.
	PrivateSubnets []string `json:",omitempty"`
	Keys           []string `json:",omitempty"` // KMS keys, by id or alias
	// Allowed are the images of others that the account may find and use.
	Allowed AllowedImages `json:",omitzero"`
	// Metadata is what new instances get.
	Metadata metadataDefaults `json:",omitzero"`
}

// regionStates by account, in partition region.
var regionStates = cloud.NewTable[regionState]("ec2.regions")

func stateOf(c *wire.Call) regionState {
	s, _ := regionStates.Get(c.Tx, c.Region, c.Account.ID)
	return s
}

// enter refuses calls into regions that do not exist or are not enabled, as
// AWS's sign-in does: the keys are not valid there.
func enter(c *wire.Call) error {
	if _, known := findRegion(c.Region); !known {
		return &wire.Error{Code: "AuthFailure", Message: "Credential should be scoped to a valid region.", Status: http.StatusForbidden}
	}
	if stateOf(c).Disabled {
		return &wire.Error{Code: "AuthFailure", Message: "AWS was not able to validate the provided access credentials", Status: http.StatusUnauthorized}
	}
	return nil
}

type describeRegionsIn struct {
	dry
	RegionNames []string `wire:"RegionName"`
	AllRegions  bool
	Filters     []filter `wire:"Filter"`
}

type xmlGeography struct {
	Name string `xml:"name"`
}

type xmlRegion struct {
	OptInStatus string                  `xml:"optInStatus"`
	Geography   wire.List[xmlGeography] `xml:"geographySet"`
	RegionName  string                  `xml:"regionName"`
	Endpoint    string                  `xml:"regionEndpoint"`
}

type describeRegionsOut struct {
	Regions wire.List[xmlRegion] `xml:"regionInfo"`
}

var regionFilters = filters[xmlRegion]{by: map[string]func(xmlRegion) []string{
	"endpoint":      func(r xmlRegion) []string { return one(r.Endpoint) },
	"opt-in-status": func(r xmlRegion) []string { return one(r.OptInStatus) },
	"region-name":   func(r xmlRegion) []string { return one(r.RegionName) },
}}

func (o accountOps) describeRegions(c *wire.Call, in *describeRegionsIn) (*describeRegionsOut, error) {
	for _, name := range in.RegionNames {
		if !reachable(c, name) {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid region '%s'", name)
		}
	}
	var all []xmlRegion
	for _, r := range regionsOf(c.Account.Partition) {
		if len(in.RegionNames) > 0 && !slices.Contains(in.RegionNames, r.name) {
			continue
		}
		s, _ := regionStates.Get(c.Tx, r.name, c.Account.ID)
		if s.Disabled && !in.AllRegions {
			continue
		}
		all = append(all, regionView(r, s))
	}
	all, err := regionFilters.keep(all, in.Filters)
	return &describeRegionsOut{Regions: all}, err
}

func regionView(r region, s regionState) xmlRegion {
	status := "opt-in-not-required"
	switch {
	case s.Disabled:
		status = "not-opted-in"
	case r.optIn:
		status = "opted-in"
	}
	return xmlRegion{
		OptInStatus: status, Geography: wire.List[xmlGeography]{{r.country}},
		RegionName: r.name, Endpoint: "ec2." + r.name + "." + cloud.PartitionOf(r.name).Domain(),
	}
}
