package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// otherCodes are those that Marketplace documents for new versions and that a
// release cannot cause here: its form is checked before it is sent, or it is of
// what Amiship never sends. The value is the field whose line is named, and
// what to do.
var otherCodes = map[string][2]string{
	"DUPLICATE_VERSION_TITLE":               {"title", "another title, then: amiship release v2.42.0"}, // seen before it is sent
	"INVALID_VERSION_TITLE":                 {"title", changed},
	"INVALID_RELEASE_NOTES":                 {"release_notes", changed},
	"INVALID_USAGE_INSTRUCTIONS":            {"usage_instructions", changed},
	"INVALID_RECOMMENDED_INSTANCE_TYPE":     {"recommended_instance_type", changed},
	"INVALID_SECURITY_GROUP":                {"security_groups", changed},
	"INVALID_SECURITY_GROUP_PROTOCOL":       {"security_groups", changed},
	"INVALID_ACCESS_ENDPOINT_PORT":          {"access_endpoint.port", changed},
	"INVALID_ACCESS_ENDPOINT_RELATIVE_PATH": {"access_endpoint.relative_path", changed},
	"INVALID_SCANNING_PORT":                 {"scanning_port", changed},
	"INVALID_AMI_ID":                        {"", "amiship release v2.42.0 --resubmit"},                          // AWS's own ids have the form
	"INVALID_AMI_VIRTUALIZATION_TYPE":       {"", "then release a new tag"},                                      // nothing runs it, so nothing is built
	"EXISTING_AMI_PRODUCT_CODE":             {"image", "then release a new tag of it"},                           // such a base is seen before the build
	"MISSING_FPGA_INSTANCE_TYPE":            {"recommended_instance_type", "amiship release v2.42.0 --resubmit"}, // no AFI is sent
}

// TestOtherCodes: the world has Marketplace refuse each listing with one of them.
func TestOtherCodes(t *testing.T) {
	t.Parallel()
	file, world := shelf(t)
	one(t, file)
	var listings, products, outcomes strings.Builder
	for code := range otherCodes {
		name, product := nameOf(code)
		fmt.Fprintf(&listings, "  %s:\n    <<: *good\n    product: %s\n", name, product)
		fmt.Fprintf(&products, "    - {id: %s, title: X, account: vendor, architecture: amd64}\n", product)
		fmt.Fprintf(&outcomes, "    - {product: %s, status: FAILED, errors: [{code: %s, message: It is wrong.}]}\n", product, code)
	}
	appendTo(t, file, "\n"+listings.String())
	b := startAt(t, "--world", worldWith(t, world, "  outcomes:\n", products.String()+"  outcomes:\n"+outcomes.String()))
	code, out := amiship(t, b.env(t, "vendor", ""), "release", "v2.42.0", "--file", file, "--poll", "300ms")
	if code != 20 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	for code, want := range otherCodes {
		name, _ := nameOf(code)
		r := refusal{code: code, field: want[0], next: want[1], says: []string{"Marketplace says: It is wrong."}}
		t.Run(code, func(t *testing.T) { r.check(t, file, name, blocked(out, "changeset/"+name)) })
	}
}

// nameOf makes a listing's name and a product's id of a code.
func nameOf(code string) (listing, product string) {
	listing = strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(code, "INVALID_")), "_", "-")
	letters := strings.ReplaceAll(listing, "-", "") + strings.Repeat("x", 25)
	return listing, "prod-" + letters[:25]
}

// TestNoCodeIsLeftOut: whatever Marketplace documents for new versions is here.
func TestNoCodeIsLeftOut(t *testing.T) {
	var have []string
	for code := range otherCodes {
		have = append(have, code)
	}
	for code := range unsent {
		have = append(have, code)
	}
	for _, r := range refusals {
		have = append(have, r.code)
	}
	for _, code := range strings.Fields(`
		INVALID_AMI_NAME INVALID_PRODUCT DUPLICATE_VERSION_TITLE INVALID_VERSION_TITLE INVALID_RELEASE_NOTES
		INVALID_USAGE_INSTRUCTIONS RECOMMENDED_INSTANCE_TYPE_NOT_AVAILABLE INVALID_RECOMMENDED_INSTANCE_TYPE
		INVALID_SECURITY_GROUP INVALID_SECURITY_GROUP_PROTOCOL INVALID_CIDR_IP INVALID_ACCESS_ENDPOINT_PORT
		INVALID_ACCESS_ENDPOINT_RELATIVE_PATH INCOMPATIBLE_OPERATING_SYSTEM INCOMPATIBLE_OPERATING_SYSTEM_NAME
		INCOMPATIBLE_OPERATING_SYSTEM_VERSION INVALID_SCANNING_PORT INVALID_AMI_ID EXISTING_AMI_PRODUCT_CODE
		INVALID_AMI_ARCHITECTURE INVALID_AMI_VIRTUALIZATION_TYPE INCOMPATIBLE_AMI ASSET_NOT_FOUND
		ASSET_ACCESS_EXCEPTION SCAN_ERROR MISSING_FPGA_INSTANCE_TYPE`) {
		if !slices.Contains(have, code) {
			t.Errorf("%s is tried nowhere", code)
		}
	}
}
