package catalog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAccess: who reaches builders is what is written, or auto.
func TestAccess(t *testing.T) {
	for name, c := range map[string]struct {
		field string
		want  AccessFrom
		wrong string
	}{
		"nothing":        {"", AccessFrom{"auto"}, ""},
		"auto":           {"access_from: auto", AccessFrom{"auto"}, ""},
		"vpc":            {"access_from: vpc", AccessFrom{"vpc"}, ""},
		"one range":      {"access_from: 203.0.113.0/24", AccessFrom{"203.0.113.0/24"}, ""},
		"ranges":         {"access_from: [203.0.113.0/24, \"2001:db8::/32\"]", AccessFrom{"203.0.113.0/24", "2001:db8::/32"}, ""},
		"an address":     {"access_from: 203.0.113.7", nil, "build.access_from: \"203.0.113.7\" is neither"},
		"bits beyond":    {"access_from: [203.0.113.7/24]", nil, "the range is 203.0.113.0/24"},
		"a word between": {"access_from: [203.0.113.0/24, auto]", nil, "build.access_from[1]: auto must be the only entry"},
		"a mapping":      {"access_from: {a: b}", nil, "build.access_from"},
		"http":           {"address_url: http://example.com", nil, "build.address_url: \"http://example.com\" is no https address"},
	} {
		t.Run(name, func(t *testing.T) {
			field := "image.pkr.hcl}"
			if c.field != "" {
				field = "image.pkr.hcl, " + c.field + "}"
			}
			b, err := Load(write(t, replace(t, minimal, "image.pkr.hcl}", field)), nil)
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Errorf("got %v, want %q", err, c.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, b.Catalog.Build.AccessFrom); diff != "" {
				t.Error(diff)
			}
			if b.Catalog.Build.AddressURL != "https://checkip.amazonaws.com" {
				t.Errorf("asks %s", b.Catalog.Build.AddressURL)
			}
		})
	}
}
