package catalog

import (
	"fmt"
	"slices"
	"strings"

	"amiship/internal/release"
)

// Targets returns the regions, sorted.
func (b *Bundle) Targets() []release.Target {
	var out []release.Target
	for _, list := range b.Catalog.Regions.lists() {
		for i, region := range list.regions {
			out = append(out, release.Target{Region: region, Required: list.required, At: list.of(i) + " (" + b.at(list.of(i)) + ")"})
		}
	}
	slices.SortFunc(out, func(a, b release.Target) int { return strings.Compare(a.Region, b.Region) })
	return out
}

// regionList is a field of regions.
type regionList struct {
	field    string
	regions  []string
	required bool
}

// of is the path of a region in the list.
func (l regionList) of(i int) string { return fmt.Sprintf("%s[%d]", l.field, i) }

func (r Regions) lists() []regionList {
	return []regionList{{"regions.required", r.Required, true}, {"regions.best_effort", r.BestEffort, false}}
}

func (b *Bundle) checkRegions() {
	c, seen := b.Catalog, map[string]string{}
	for _, list := range b.Catalog.Regions.lists() {
		for i, region := range list.regions {
			b.form(list.of(i), region, regionName, "region, as us-east-1 is one")
			if before, ok := seen[region]; ok {
				b.places.add(list.of(i), "%s is in %s already", region, before)
			}
			seen[region] = list.field
			b.places.checkPartition(list.of(i), region, c.Build.Region)
		}
	}
	b.form("build.region", c.Build.Region, regionName, "region, as us-east-1 is one")
	if !slices.Contains(c.Regions.Required, c.Build.Region) {
		b.places.add("build.region", "%s must be one of regions.required: every copy comes from there", c.Build.Region)
	}
}

// checkPartition notes a region that no copy can reach, and one that may be mistyped.
func (d *decoder) checkPartition(field, region, build string) {
	if p, home := release.Partition(region), release.Partition(build); p != home {
		d.add(field, "%s is in AWS's partition %s, build.region %s in %s: an account is in one partition, and no AMI is copied to another", region, p, build, home)
		return
	}
	area := areaOf(region)
	if near := Nearest(area, areas()); release.Partition(region) == release.Commercial && !slices.Contains(areas(), area) && near != "" {
		d.note(field, "%s is not a region that this version of Amiship knows; did you mean %s? amiship check asks AWS", region, near+strings.TrimPrefix(region, area))
	}
}

// areaOf is a region without its number: "eu-west".
func areaOf(region string) string {
	return strings.TrimRight(strings.TrimRight(region, "0123456789"), "-")
}

// areas are those of the commercial partition, in November 2026. A new one is only noted.
func areas() []string {
	return []string{
		"af-south", "ap-east", "ap-northeast", "ap-south", "ap-southeast", "ca-central", "ca-west", "eu-central", "eu-north", "eu-south", "eu-west",
		"il-central", "me-central", "me-south", "mx-central", "sa-east", "us-east", "us-west",
	}
}
