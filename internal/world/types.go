package world

import (
	"fmt"
	"slices"
	"strings"

	"amiship/internal/release"
)

// InstanceType is what EC2 says of an instance type in a region.
type InstanceType struct {
	Archs []string // that it runs: amd64, arm64
	Zones []string // in which it is offered
}

// LacksType says why instances of an architecture can't be launched as a type in a region; "": they
// can. It rests on Types.
func (r Region) LacksType(region, name, arch string) string {
	t, found := r.Types.Val[name]
	switch {
	case !found:
		return region + " has no instance type " + name
	case !slices.Contains(t.Archs, arch):
		return fmt.Sprintf("%s runs %s only, not %s", name, strings.Join(t.Archs, " and "), arch)
	case len(t.Zones) == 0:
		return name + " is not offered in " + region
	}
	return ""
}

// Unlaunchable says why neither builders nor the instances of boot tests can be launched, and
// otherwise which of their launch targets are passed over. It rests on Types and Network.
func (r Region) Unlaunchable(b release.Build, arch string) (why string, passed []string) {
	targets := b.LaunchTargets()
	for _, t := range targets {
		if unfit := r.LacksType(b.Region, t.InstanceType, arch); unfit != "" {
			return unfit, nil
		}
	}
	for _, t := range targets {
		zones := r.Network.Val[t.Subnet].Zones
		offers := func(zone string) bool { return slices.Contains(r.Types.Val[t.InstanceType].Zones, zone) }
		if len(zones) > 0 && !slices.ContainsFunc(zones, offers) {
			passed = append(passed, fmt.Sprintf("%s is not offered in %s, where %s", t.InstanceType, strings.Join(zones, ", "), subnets(t.Subnet)))
		}
	}
	if len(passed) == len(targets) {
		return passed[0], nil
	}
	return "", passed
}

func subnets(id string) string {
	if id == "" {
		return "the default subnets are"
	}
	return "the subnet " + id + " is"
}
