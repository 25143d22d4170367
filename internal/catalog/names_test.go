package catalog

import (
	"strings"
	"testing"
)

func TestNamesThatAWSRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"an AMI name":               {checkAMIName("Prometheus 2.42.0 (arm64)"), ""},
		"a plus in an AMI name":     {checkAMIName("Prometheus 2.42.0+ds"), `AWS refuses "+"`},
		"an AMI name of two":        {checkAMIName("ab"), "has 2 characters, AWS accepts 3 to 128"},
		"an AMI name of 129":        {checkAMIName(strings.Repeat("a", 129)), "has 129 characters"},
		"a tag":                     {checkTag("Type", "CE"), ""},
		"a tag of AWS":              {checkTag("AWS:x", ""), "AWS keeps keys"},
		"a tag of ours":             {checkTag("amiship:x", ""), "Amiship writes"},
		"a long value":              {checkTag("k", strings.Repeat("ä", 257)), "has 257 characters"},
		"a description":             {checkDescription("Prometheus (amd64)"), ""},
		"a description with umlaut": {checkDescription("für alle"), "refuses 'ü'"},
		"a long description":        {checkDescription(strings.Repeat("a", 256)), "has 256 characters, AWS accepts 255"},
		"a parameter":               {checkParameterName("/prometheus/2.42.0/ami"), ""},
		"a parameter of AWS":        {checkParameterName("/aws/x"), "keeps names"},
		"a parameter with a plus":   {checkParameterName("/prometheus/2+ds"), "accepts letters"},
		"a parameter too deep":      {checkParameterName(strings.Repeat("/a", 16)), "at most 15 levels"},
	} {
		if c.want == "" && c.err != nil || c.want != "" && (c.err == nil || !strings.Contains(c.err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, c.err, c.want)
		}
	}
}
