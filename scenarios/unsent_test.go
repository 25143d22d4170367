package scenarios

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// unsent are the codes, and the forms without a code, that Amiship sees before
// it sends anything. The value is a line of a listing that has it.
var unsent = map[string]string{
	"INVALID_VERSION_TITLE":                 `title: "Shelf {version} ` + strings.Repeat("x", 60) + `"`,
	"INVALID_RELEASE_NOTES":                 `release_notes: " {version} is new."`,
	"INVALID_USAGE_INSTRUCTIONS":            "usage_instructions: " + strings.Repeat("x", 4001),
	"INVALID_RECOMMENDED_INSTANCE_TYPE":     "recommended_instance_type: c7g.metal-48xl",
	"INVALID_SECURITY_GROUP":                `security_groups: [{protocol: tcp, from_port: 443, to_port: 80, ip_ranges: ["0.0.0.0/0"]}]`,
	"INVALID_SECURITY_GROUP_PROTOCOL":       `security_groups: [{protocol: icmp, from_port: 1, ip_ranges: ["0.0.0.0/0"]}]`,
	"INVALID_CIDR_IP":                       `security_groups: [{protocol: tcp, from_port: 80, ip_ranges: [everybody]}]`,
	"INVALID_ACCESS_ENDPOINT_PORT":          "access_endpoint: {protocol: http, port: 65536}",
	"INVALID_ACCESS_ENDPOINT_RELATIVE_PATH": "access_endpoint: {protocol: http, port: 80, relative_path: /login}",
	"INCOMPATIBLE_OPERATING_SYSTEM_NAME":    `operating_system: {name: "", version: "22.04"}`,
	"INVALID_SCANNING_PORT":                 "product: prod-goodxxxxxxxxx\n    scanning_port: 65536",
	"a role that is none":                   "access_role_arn: arn:aws:iam::123456789012:user/Ingestion",
	"a product that is none":                "product: Shelf",
}

// TestRefusedBeforeSending: what Marketplace would refuse hours later, for its
// form or its length, Amiship refuses at once, at its line.
func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	original, world := shelf(t)
	one(t, original)
	b := startAt(t, "--world", world)
	env := b.env(t, "vendor", "")
	for code, line := range unsent {
		t.Run(code, func(t *testing.T) {
			file := copyOf(t, original)
			fix(t, file, "good", line)
			field, _, _ := strings.Cut(line[strings.LastIndex(line, "\n")+1:], ":")
			field = strings.TrimSpace(field)
			at := lineOf(t, file, "good", field) + ":"
			for _, args := range [][]string{{"check", "v2.42.0"}, {"release", "v2.42.0"}} {
				got, out := amiship(t, env, append(args, "--file", file)...)
				if got != 10 || !strings.Contains(out, at) || !strings.Contains(out, "listings.good."+field) {
					t.Errorf("%v: exit %d, want 10 with %q:\n%s", args, got, at, out)
				}
			}
		})
	}
	if n := len(b.calls(t, 0)); n > 0 {
		t.Errorf("AWS was asked %d times", n)
	}
}

func copyOf(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(file))); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, filepath.Base(file))
}

// TestUnfitIsNotSent: AMIs that Marketplace can't take are not offered to it, or
// not even built.
func TestUnfitIsNotSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, with string // in the world
		code      int
		says      []string
	}{
		"encrypted by the account's default": {
			"    region: us-east-1\n", "    region: us-east-1\n    encryption_by_default: true\n", 20,
			[]string{"BLOCKED  encryption/us-east-1", "can be neither shared nor public, nor listed", "aws ec2 disable-ebs-encryption-by-default --region us-east-1"},
		},
		"paravirtual": {
			"{name: base plain amd64}", "{name: base plain amd64, paravirtual: true}", 1,
			[]string{"FAILED   build plain/amd64 in us-east-1", "virtualization type of 'paravirtual'"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, world := shelf(t)
			one(t, file)
			b := startAt(t, "--world", worldWith(t, world, c.old, c.with))
			code, out := amiship(t, b.env(t, "vendor", ""), "release", "v2.42.0", "--file", file, "--poll", "300ms")
			wantAll(t, out, c.says)
			if code != c.code || t.Failed() {
				t.Errorf("exit %d, want %d:\n%s", code, c.code, out)
			}
			if n := started(t, b); n != 0 {
				t.Errorf("%d change sets were begun", n)
			}
		})
	}
}

// TestTitleTakenMeanwhile: another user publishes a version of our title after we
// have looked, just before we submit. Ours is refused, and not sent again.
func TestTitleTakenMeanwhile(t *testing.T) {
	t.Parallel()
	file, world := shelf(t)
	one(t, file)
	b := startAt(t, "--world", world)
	_, via := newCounter(t, b.url, handsIn, func(c *counter, w http.ResponseWriter, r *http.Request, body []byte) {
		if !c.again() {
			publishShelf(t, b)
		}
		c.hand(w, r, body)
	})
	code, out := amiship(t, b.env(t, "vendor", via), "release", "v2.42.0", "--file", file, "--poll", "300ms")
	text := blocked(out, "title/good")
	if code != 20 || !strings.Contains(text, `has a version "Shelf 2.42.0" already`) || !strings.Contains(text, lineOf(t, file, "good", "title")) {
		t.Errorf("exit %d\n%s", code, out)
	}
	if n := started(t, b); n != 2 {
		t.Errorf("StartChangeSet came %d times, want theirs and one of ours", n)
	}
	fix(t, file, "good", `title: "Shelf {version} by us"`)
	if code, out := amiship(t, b.env(t, "vendor", ""), "release", "v2.42.0", "--file", file, "--poll", "300ms"); code != 0 {
		t.Errorf("with another title: exit %d\n%s", code, out)
	}
}

// publishShelf publishes a version of the candidate, and waits for it.
func publishShelf(t *testing.T, b *box) {
	script := `set -e
image=$(aws ec2 describe-images --owners self --filters 'Name=name,Values=amiship-shelf-plain-*' --query 'Images[0].ImageId' --output text)
details=$(sed "s/AMI/$image/" <<'END'
{"Version": {"VersionTitle": "Shelf 2.42.0", "ReleaseNotes": "x"}, "DeliveryOptions": [{"Details": {"AmiDeliveryOptionDetails": {
 "AmiSource": {"AmiId": "AMI", "AccessRoleArn": "arn:aws:iam::123456789012:role/Ingestion", "UserName": "ubuntu",
  "OperatingSystemName": "UBUNTU", "OperatingSystemVersion": "22.04"}, "UsageInstructions": "x", "RecommendedInstanceType": "m7i.large",
 "SecurityGroups": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": ["0.0.0.0/0"]}]}}}]}
END
)
aws marketplace-catalog start-change-set --catalog AWSMarketplace --query ChangeSetId --output text \
 --change-set "$(jq -n --arg d "$details" '[{ChangeType: "AddDeliveryOptions", Entity: {Type: "AmiProduct@1.0", Identifier: "prod-goodxxxxxxxxx"}, Details: $d}]')"`
	cmd := exec.Command("bash", "-c", script)
	cmd.Env = append(b.env(t, "vendor", ""), "PATH="+filepath.Dir(awsShim(t))+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	b.advance(t, time.Hour)
}
