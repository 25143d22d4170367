package release

import (
	"strings"
	"testing"
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

func TestNamesThatAWSRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"an AMI name":               {CheckAMIName("Prometheus 2.42.0 (arm64)"), ""},
		"a plus in an AMI name":     {CheckAMIName("Prometheus 2.42.0+ds"), `AWS refuses "+"`},
		"an AMI name of two":        {CheckAMIName("ab"), "has 2 characters, AWS takes 3 to 128"},
		"an AMI name of 129":        {CheckAMIName(strings.Repeat("a", 129)), "has 129 characters"},
		"a tag":                     {CheckTag("Type", "CE"), ""},
		"a tag of AWS":              {CheckTag("AWS:x", ""), "AWS keeps keys"},
		"a tag of ours":             {CheckTag("amiship:x", ""), "Amiship writes"},
		"a long value":              {CheckTag("k", strings.Repeat("ä", 257)), "has 257 characters"},
		"a description":             {CheckDescription("Prometheus (amd64)"), ""},
		"a description with umlaut": {CheckDescription("für alle"), "refuses 'ü'"},
		"a long description":        {CheckDescription(strings.Repeat("a", 256)), "has 256 characters, AWS takes 255"},
		"a parameter":               {CheckParameterName("/prometheus/2.42.0/ami"), ""},
		"a parameter of AWS":        {CheckParameterName("/aws/x"), "keeps names"},
		"a parameter with a plus":   {CheckParameterName("/prometheus/2+ds"), "takes letters"},
		"a parameter too deep":      {CheckParameterName(strings.Repeat("/a", 16)), "at most 15 levels"},
	} {
		if c.want == "" && c.err != nil || c.want != "" && (c.err == nil || !strings.Contains(c.err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, c.err, c.want)
		}
	}
}

func TestTagValues(t *testing.T) {
	for _, value := range []string{"prometheus", "v1:2", ""} {
		if got, schema := ReadTag(TagValue(value)); got != value || schema != Schema {
			t.Errorf("got %q, schema %d", got, schema)
		}
	}
	if got, schema := ReadTag("somebody else's"); got != "somebody else's" || schema != 0 {
		t.Errorf("got %q, schema %d", got, schema)
	}
}

func TestCandidatesHaveNamesThatAWSTakes(t *testing.T) {
	d := Desired{Project: "gitlab", Tag: "17.5.0+ee.0"}
	name := d.CandidateName(Variant{Image: "premium", Arch: "arm64"}, strings.Repeat("ab", 32))
	if name != "amiship-gitlab-premium-arm64-17.5.0.ee.0-abababababab" || CheckAMIName(name) != nil {
		t.Errorf("got %q", name)
	}
}
