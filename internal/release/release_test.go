package release

import (
	"testing"

	"amiship/internal/record"
)

func TestParseVersion(t *testing.T) {
	for _, c := range []struct {
		text                string
		major, minor, patch uint64
		ok                  bool
	}{
		{"2.42.0", 2, 42, 0, true},
		{"2.42", 2, 42, 0, true},
		{"17.5.0-rc1", 17, 5, 0, true},
		{"2.42.0+ds-5+deb12u1", 2, 42, 0, true},
		{"2.42.0~rc1", 2, 42, 0, true},
		{"latest", 0, 0, 0, false},
		{"", 0, 0, 0, false},
		{"1.2.3.4", 0, 0, 0, false},
	} {
		v, err := ParseVersion(c.text)
		if (err == nil) != c.ok || v.Major != c.major || v.Minor != c.minor || v.Patch != c.patch {
			t.Errorf("%q: got %+v, %v", c.text, v, err)
		}
	}
}

func TestCompare(t *testing.T) {
	order := []string{"1.9.0", "1.10.0-rc1", "1.10.0~rc2", "1.10.0", "2.0.0"}
	for i, lower := range order {
		for j, higher := range order {
			a, _ := ParseVersion(lower)
			b, _ := ParseVersion(higher)
			if got := a.Compare(b); got != sign(i-j) {
				t.Errorf("%s against %s: %d", lower, higher, got)
			}
		}
	}
	if (Version{}).Compare(Version{}) != 0 {
		t.Error("no version differs from no version")
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func TestTagValues(t *testing.T) {
	for _, value := range []string{"prometheus", "v1:2", ""} {
		if got, schema := record.ReadTag(record.TagValue(value)); got != value || schema != record.Schema {
			t.Errorf("got %q, schema %d", got, schema)
		}
	}
	if got, schema := record.ReadTag("another user's"); got != "another user's" || schema != 0 {
		t.Errorf("got %q, schema %d", got, schema)
	}
}
