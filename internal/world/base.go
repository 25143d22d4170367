package world

import (
	"maps"
	"regexp"
	"slices"
)

// serial is what tells two AMIs of one family apart: a day, and what counts builds of it.
var serial = regexp.MustCompile(`[0-9]{8}(T?[0-9]{2,6})?([-.][0-9]+)*`)

// Family is the name of a base AMI without what tells its builds apart:
// "debian-12-amd64-20261108-2290" is of "debian-12-amd64-*".
func Family(name string) string { return serial.ReplaceAllString(name, "*") }

// Families are those of all AMIs that fit the pattern of a base, sorted.
func (b Base) Families() []string {
	out := map[string]bool{}
	for _, name := range b.Names {
		out[Family(name)] = true
	}
	return slices.Sorted(maps.Keys(out))
}
