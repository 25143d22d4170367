package ec2

import (
	"maps"
	"slices"
	"strings"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// filter is one Filter.N of a request.
type filter struct {
	Name   string
	Values []string `wire:"Value"`
}

const maxFilterValues = 200

// filters are the filters of one kind of resource.
type filters[T any] struct {
	by   map[string]func(T) []string
	tags func(T) map[string]string
	// never are names that AWS knows and no resource of the sandbox has a
	// value for: they match nothing.
	never []string
}

// keep returns the items that match every filter. Values of one filter are
// alternatives, with * and ? as wildcards. An unknown filter is an error: what
// was asked is never ignored.
func (f filters[T]) keep(items []T, asked []filter) ([]T, error) {
	matches, err := f.matcher(asked)
	if err != nil || len(asked) == 0 {
		return items, err
	}
	return slices.DeleteFunc(items, func(it T) bool { return !matches(it) }), nil
}

// matcher is keep for one item after the other.
func (f filters[T]) matcher(asked []filter) (func(T) bool, error) {
	tests, err := f.compile(asked)
	return func(it T) bool {
		for _, test := range tests {
			if !test(it) {
				return false
			}
		}
		return true
	}, err
}

func (f filters[T]) compile(asked []filter) ([]func(T) bool, error) {
	var tests []func(T) bool
	total := 0
	for _, a := range asked {
		total += len(a.Values)
		values, known := f.values(a.Name)
		if !known {
			return nil, wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", orNull(a.Name))
		}
		tests = append(tests, func(it T) bool { return anyMatch(a.Values, values(it)) })
	}
	if total > maxFilterValues {
		return nil, wire.Errorf("FilterLimitExceeded", "The maximum number of filter values specified on a single call is %d", maxFilterValues)
	}
	return tests, nil
}

func (f filters[T]) values(name string) (func(T) []string, bool) {
	if get, ok := f.by[name]; ok {
		return get, true
	}
	if slices.Contains(f.never, name) {
		return func(T) []string { return nil }, true
	}
	if f.tags == nil {
		return nil, false
	}
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		return func(it T) []string { return tagValue(f.tags(it), key) }, true
	}
	switch name {
	case "tag-key":
		return func(it T) []string { return slices.Collect(maps.Keys(f.tags(it))) }, true
	case "tag-value": // undocumented, and in use: docs/reference/aws.md#seen-from-other-clients
		return func(it T) []string { return slices.Collect(maps.Values(f.tags(it))) }, true
	}
	return nil, false
}

func tagValue(tags map[string]string, key string) []string {
	if v, ok := tags[key]; ok {
		return []string{v}
	}
	return nil
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return s
}

func anyMatch(patterns, values []string) bool {
	for _, v := range values {
		for _, p := range patterns {
			if cloud.Like(p, v) {
				return true
			}
		}
	}
	return false
}

// one and flag are values of a filter for a plain string and a boolean.
func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func flag(b bool) []string {
	if b {
		return []string{"true"}
	}
	return []string{"false"}
}
