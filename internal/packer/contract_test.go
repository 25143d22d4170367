package packer

import "testing"

// TestAsksTokens: a template asks for tokens, and for the service, by an argument, not by a comment.
func TestAsksTokens(t *testing.T) {
	for text, want := range map[string]bool{
		"": false,
		"source \"amazon-ebs\" \"x\" {\n  metadata_options {\n    http_endpoint = \"enabled\"\n\thttp_tokens   = \"required\"\n  }\n}": true,
		"  # http_tokens = \"required\"\n":    false,
		"    http_tokens = \"optional\"\n":    false,
		"    no_http_tokens = \"required\"\n": false,
	} {
		if got := AsksTokens([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	for text, want := range map[string]bool{
		"": false,
		"  metadata_options {\n    http_endpoint = \"enabled\"\n  }\n": true,
		"    http_endpoint = \"disabled\"\n":                           false,
		"  # http_endpoint = \"enabled\"\n":                            false,
	} {
		if got := AsksMetadata([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	for version, want := range map[string]bool{"1.6.6": false, "1.5.0": false, "0.12.3": false, "1.7.0": true, "1.14.2": true, "2.0.0": true, "": true} {
		if got := TakesMetadataOptions(version); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}
