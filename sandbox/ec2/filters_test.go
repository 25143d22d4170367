package ec2

import (
	"maps"
	"slices"
	"testing"
)

type thing struct {
	name string
	tags map[string]string
}

func TestFiltersKeep(t *testing.T) {
	f := filters[thing]{
		by:    map[string]func(thing) []string{"name": func(x thing) []string { return []string{x.name} }},
		tags:  func(x thing) map[string]string { return x.tags },
		never: []string{"kernel-id"},
	}
	all := []thing{{"a", map[string]string{"k": "1"}}, {"b", map[string]string{"k": "2", "l": "1"}}, {"c", nil}}
	for name, tc := range map[string]struct {
		asked []filter
		want  []string
	}{
		"no filter":                     {nil, []string{"a", "b", "c"}},
		"values are alternatives":       {[]filter{{"name", []string{"a", "c"}}}, []string{"a", "c"}},
		"filters are conjunctions":      {[]filter{{"name", []string{"a", "b"}}, {"tag:l", []string{"*"}}}, []string{"b"}},
		"the same filter twice":         {[]filter{{"name", []string{"a"}}, {"name", []string{"b"}}}, nil},
		"tag of a value":                {[]filter{{"tag:k", []string{"2"}}}, []string{"b"}},
		"tag value":                     {[]filter{{"tag-value", []string{"1"}}}, []string{"a", "b"}},
		"tag keys and values":           {[]filter{{"tag-key", []string{"k"}}, {"tag-value", []string{"2"}}, {"tag-key", []string{"l"}}, {"tag-value", []string{"1"}}}, []string{"b"}},
		"tag key":                       {[]filter{{"tag-key", []string{"k"}}}, []string{"a", "b"}},
		"a known filter without values": {[]filter{{"kernel-id", []string{"*"}}}, nil},
		"no value matches nothing":      {[]filter{{"name", nil}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := f.keep(slices.Clone(all), tc.asked)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, x := range got {
				names = append(names, x.name)
			}
			if !slices.Equal(names, tc.want) {
				t.Errorf("kept %v, want %v", names, tc.want)
			}
		})
	}
	if _, err := f.keep(all, []filter{{"colour", []string{"red"}}}); err == nil || err.Error() != "InvalidParameterValue: The filter 'colour' is invalid" {
		t.Errorf("an unknown filter: %v", err)
	}
	many := make([]string, maxFilterValues+1)
	if _, err := f.keep(all, []filter{{"name", many}}); err == nil {
		t.Error("201 values are accepted")
	}
}

// Every filter has a meaning or is known to have none: no name is in both.
func TestFilterNamesAreUnique(t *testing.T) {
	check := func(t *testing.T, by []string, never []string) {
		t.Helper()
		for _, n := range never {
			if slices.Contains(by, n) {
				t.Errorf("%s both matches and never matches", n)
			}
		}
	}
	check(t, slices.Collect(maps.Keys(imageFilters.by)), imageFilters.never)
	check(t, slices.Collect(maps.Keys(snapshotFilters.by)), snapshotFilters.never)
	check(t, slices.Collect(maps.Keys(instanceFilters.by)), instanceFilters.never)
	check(t, slices.Collect(maps.Keys(groupFilters.by)), groupFilters.never)
	check(t, slices.Collect(maps.Keys(volumeFilters.by)), volumeFilters.never)
}
