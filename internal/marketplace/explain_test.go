package marketplace

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// documented are the codes of docs/reference/aws.md#change-set-error-codes,
// for the changes that are sent.
func documented() []string {
	return strings.Fields(`
		INVALID_AMI_NAME INVALID_PRODUCT DUPLICATE_VERSION_TITLE INVALID_VERSION_TITLE INVALID_RELEASE_NOTES
		INVALID_USAGE_INSTRUCTIONS RECOMMENDED_INSTANCE_TYPE_NOT_AVAILABLE INVALID_RECOMMENDED_INSTANCE_TYPE
		INVALID_SECURITY_GROUP INVALID_SECURITY_GROUP_PROTOCOL INVALID_CIDR_IP INVALID_ACCESS_ENDPOINT_PORT
		INVALID_ACCESS_ENDPOINT_RELATIVE_PATH INCOMPATIBLE_OPERATING_SYSTEM INCOMPATIBLE_OPERATING_SYSTEM_NAME
		INCOMPATIBLE_OPERATING_SYSTEM_VERSION INVALID_SCANNING_PORT INVALID_AMI_ID EXISTING_AMI_PRODUCT_CODE
		INVALID_AMI_ARCHITECTURE INVALID_AMI_VIRTUALIZATION_TYPE INCOMPATIBLE_AMI ASSET_NOT_FOUND
		ASSET_ACCESS_EXCEPTION SCAN_ERROR MISSING_FPGA_INSTANCE_TYPE
		MISSING_DELIVERY_OPTION_IDS INVALID_DELIVERY_OPTION_IDS INVALID_DELIVERY_OPTIONS
		INVALID_DELIVERY_OPTION ALL_DELIVERY_OPTIONS_RESTRICTED`)
}

// TestEveryCodeIsExplained: the fields are those that a listing has lines of,
// see the catalog's tests.
func TestEveryCodeIsExplained(t *testing.T) {
	fields := strings.Fields(`access_endpoint.port access_endpoint.relative_path access_role_arn image operating_system
		operating_system.name operating_system.version product recommended_instance_type release_notes scanning_port
		security_groups title usage_instructions user_name`)
	for _, code := range documented() {
		a := Explain(code, "").For(Subject{"v1", "premium", "ami-0123abcd", "arn:x"})
		if !a.Known || a.Field == "" && a.Property == "" || !strings.HasSuffix(a.Means, ".") {
			t.Errorf("%s: %+v", code, a)
		}
		if !slices.ContainsFunc([]string{"amiship ", "aws ", "release a new tag", "ask again"}, func(step string) bool { return strings.Contains(a.Do, step) }) {
			t.Errorf("%s: no next step in %q", code, a.Do)
		}
		for _, field := range strings.Fields(a.Field) {
			if !slices.Contains(fields, field) {
				t.Errorf("%s: a listing has no %s", code, field)
			}
		}
		if text := a.Means + a.Property + a.Do; strings.ContainsAny(text, "{}") {
			t.Errorf("%s: a placeholder is left in %q", code, text)
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(documented())), slices.Sorted(maps.Keys(codes()))); diff != "" {
		t.Error(diff)
	}
}

func TestAdvice(t *testing.T) {
	for name, c := range map[string]struct {
		code, message string
		subject       Subject
		want          Advice
	}{
		"a title": {
			"INVALID_VERSION_TITLE", "Remove unsupported characters: [~].",
			Subject{Tag: "v1"},
			Advice{Known: true, Field: "title", Do: "change it in amiship.yaml, then: amiship release v1", Means: "Marketplace does not accept the version's title. " +
				"What is refused are spaces at the beginning or before a trademark sign, some characters, and too many of them."},
		},
		"findings": {
			"SCAN_ERROR", "See https://findings.example.com/a?b=c&d for what was found",
			Subject{},
			Advice{
				Known: true, Field: "user_name scanning_port", Property: "what the AMI's disk holds", Findings: "https://findings.example.com/a?b=c&d",
				Means: "Marketplace's scan found something in the AMI: a login without a key, a key or password left behind, a vulnerability, or no sshd for the user and port that are named.",
				Do: "read the findings; if they are about the user or the port only, change it in amiship.yaml, then: amiship release TAG; " +
					"else correct how the image is built, then release a new tag of it: an AMI cannot be changed",
			},
		},
		"an AMI that is not there": {
			"INVALID_AMI_ID", "",
			Subject{AMI: "ami-0123abcd"},
			Advice{
				Known: true, Property: "the AMI's region and owner", Means: "There is no AMI of this id in us-east-1 that the product's account owns.",
				Do: "aws ec2 describe-images --region us-east-1 --image-ids ami-0123abcd; if it is gone: amiship release TAG copies it anew; else: amiship release TAG --resubmit",
			},
		},
		"a code of tomorrow": {
			"NO_SUCH_CODE", "Something.",
			Subject{Tag: "v1"},
			Advice{Means: "Amiship does not know this code of Marketplace's.", Do: "fix what Marketplace names; then: amiship release v1 if that changes the version, else: amiship release v1 --resubmit"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Explain(c.code, c.message).For(c.subject)); diff != "" {
				t.Error(diff)
			}
		})
	}
	role := Explain("ASSET_ACCESS_EXCEPTION", "").For(Subject{Role: "arn:aws:iam::123456789012:role/x"})
	for _, want := range []string{"arn:aws:iam::123456789012:role/x", "encrypted"} {
		if !strings.Contains(role.Means, want) {
			t.Errorf("no %q in %q", want, role.Means)
		}
	}
	for _, want := range []string{"amiship iam marketplace-role --account 123456789012 ", "EbsEncryptionByDefault"} {
		if !strings.Contains(role.Do, want) {
			t.Errorf("no %q in %q", want, role.Do)
		}
	}
}

// TestWhatIsMendedElsewhere: what Marketplace refused is not offered again while
// the version is the same. Where the cause may be in the product or the role, the
// plain command is not enough.
func TestWhatIsMendedElsewhere(t *testing.T) {
	for _, code := range strings.Fields(`RECOMMENDED_INSTANCE_TYPE_NOT_AVAILABLE INVALID_AMI_ID MISSING_FPGA_INSTANCE_TYPE
		ASSET_NOT_FOUND ASSET_ACCESS_EXCEPTION INVALID_PRODUCT NO_SUCH_CODE`) {
		if do := Explain(code, "").Do; !strings.Contains(do, "amiship release {tag} --resubmit") {
			t.Errorf("%s: only %q", code, do)
		}
	}
}
