package outside

import (
	"strings"
	"testing"

	"amiship/internal/audit"
	"amiship/internal/release"
)

func TestListed(t *testing.T) {
	type regions = map[string]string
	for name, c := range map[string]struct {
		tag  string
		amis regions
		want string
	}{
		"the same":            {"v1", regions{"a": "ami-1"}, ""},
		"another id":          {"v1", regions{"a": "ami-2"}, "a: ami-1, ami-2"},
		"no id":               {"v1", regions{}, "a: ami-1, no entry"},
		"an id too many":      {"v1", regions{"a": "ami-1", "b": "ami-3"}, "b: no entry, ami-3"},
		"a region too many":   {"v1", regions{"a": "ami-1", "z": "ami-3"}, "z: no entry, ami-3"},
		"what was not read":   {"v1", regions{"a": "ami-1", "c": "ami-3"}, ""},
		"of another release":  {"v2", regions{"a": "ami-1"}, ": p v1, p v2"},
		"of another and none": {"v2", nil, ": p v1, p v2"},
	} {
		t.Run(name, func(t *testing.T) {
			l := Listed{Project: "p", Tag: c.tag, AMIs: map[string]map[string]map[string]string{"ce": {"amd64": c.amis}}}
			seen := []audit.Sight{
				{Region: "a", Image: "ce", Arch: "amd64", AMI: "ami-1"},
				{Region: "b", Image: "ce", Arch: "amd64"},
				{Region: "c", Image: "ce", Arch: "amd64", Unread: true},
			}
			var got []string
			for _, d := range l.compare(release.Desired{Project: "p", Tag: "v1"}, seen) {
				got = append(got, d.Region+": "+d.Want+", "+d.Got)
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
