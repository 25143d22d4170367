package scenarios

import (
	"fmt"
	"strings"
	"testing"
)

// meek adds keys to the vendor, each of which lacks one permission, and an
// account whose product and role the vendor has nothing of.
func meek(t *testing.T, world string) string {
	t.Helper()
	keys := "    keys:\n      - {}\n"
	for key, action := range lacking {
		keys += fmt.Sprintf("      - {id: %s, secret: secret, user: meek, deny: [%q]}\n", key, action)
	}
	path := worldWith(t, world, "    id: \"123456789012\"\n", "    id: \"123456789012\"\n"+keys)
	replaceIn(t, path, "ec2:\n", "  - {name: other, id: \"444455556666\", roles: [{name: Seller, trust: [\"210987654321\"]}]}\nec2:\n")
	replaceIn(t, path, "  outcomes:\n", `    - {id: prod-theirsxxxxxxx, title: Theirs, account: other, architecture: amd64}
    - {id: prod-armxxxxxxxxxx, title: Arm, account: vendor, versions: [{title: "Arm 1", image: base plain arm64}]}
    - {id: prod-fullxxxxxxxxx, title: Full, account: vendor, architecture: amd64, versions: [{title: "Full 1.{n}", count: 2}]}
  change_sets:
    - {product: prod-fullxxxxxxxxx, name: another user's, status: APPLYING, stuck: true, started: 5h}
  outcomes:
`)
	return path
}

// lacking are the keys, and what each may not do.
var lacking = map[string]string{
	"AKIANOSUBMIT0000": "aws-marketplace:StartChangeSet",
	"AKIANOPASS000000": "iam:PassRole",
	"AKIANOREAD000000": "aws-marketplace:DescribeEntity",
	"AKIANOLIST000000": "aws-marketplace:ListChangeSets",
}

// withKey is the environment with another key.
func withKey(env []string, key string) []string {
	if key == "" {
		return env
	}
	return append(env[:len(env):len(env)], "AWS_ACCESS_KEY_ID="+key, "AWS_SECRET_ACCESS_KEY=secret")
}

// TestRefusedAtOnce: what the Catalog says no to when it is asked. The message
// names the action or the line, and what to do.
func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	original, world := shelf(t)
	one(t, original)
	b := startAt(t, "--world", meek(t, world))
	env := b.env(t, "vendor", "")
	if code, out := amiship(t, env, "release", "v2.42.0", "--file", original, "--poll", "300ms", "--until", "public"); code != 0 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	for name, c := range map[string]struct {
		key, fix string
		code     int
		blocker  string // none: the step fails
		field    string // whose line is named
		says     []string
	}{
		"it may not submit": {key: "AKIANOSUBMIT0000", code: 1, says: []string{
			"FAILED   changeset of listing good: submit to good: AccessDeniedException", "aws-marketplace:StartChangeSet", "hint: add the action that is named above to the IAM policy",
		}},
		"it may not pass the role": {key: "AKIANOPASS000000", code: 1, says: []string{
			"iam:PassRole on resource: arn:aws:iam::123456789012:role/Ingestion", "hint: add the action that is named above to the IAM policy",
		}},
		"it may not read the product": {key: "AKIANOREAD000000", code: 20, blocker: "listing/good", field: "product", says: []string{
			"AccessDeniedException", "aws-marketplace:DescribeEntity", "amiship release v2.42.0",
		}},
		"it may not list change sets": {key: "AKIANOLIST000000", code: 20, blocker: "listing/good", field: "product", says: []string{
			"AccessDeniedException", "aws-marketplace:ListChangeSets",
		}},
		"there is no such product": {fix: "product: prod-nosuchxxxxxxx", code: 20, blocker: "listing/good", field: "product", says: []string{
			"ResourceNotFoundException", "aws marketplace-catalog list-entities --region us-east-1 --catalog AWSMarketplace --entity-type AmiProduct",
		}},
		"another account has it": {fix: "product: prod-theirsxxxxxxx", code: 20, blocker: "listing/good", field: "product", says: []string{
			"ResourceNotFoundException", "name a role of the account that has it: account.role_arn",
		}},
		"its account's role trusts others": {
			fix: "product: prod-theirsxxxxxxx\n    account: {role_arn: \"arn:aws:iam::444455556666:role/Seller\"}", code: 20,
			blocker: "listing/good", field: "account", says: []string{"AccessDenied", "sts:AssumeRole", "correct account.role_arn"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := copyOf(t, original)
			if c.fix != "" {
				fix(t, file, "good", c.fix)
			}
			code, out := amiship(t, withKey(env, c.key), "release", "v2.42.0", "--file", file, "--poll", "300ms", "--wait", "5s")
			if c.field != "" {
				c.says = append(c.says, "("+lineOf(t, file, "good", c.field)+")")
			}
			text := out
			if c.blocker != "" {
				text = blocked(out, c.blocker)
			}
			wantAll(t, text, c.says)
			if code != c.code || t.Failed() {
				t.Errorf("exit %d, want %d:\n%s", code, c.code, out)
			}
		})
	}
	list := strings.Fields("marketplace-catalog list-entities --region us-east-1 --catalog AWSMarketplace --entity-type AmiProduct --query EntitySummaryList[].EntityId")
	if out := awsCLI(t, env, list...); !strings.Contains(out, "prod-goodxxxxxxxxx") || strings.Contains(out, "theirs") {
		t.Errorf("the command that is named lists %s", out)
	}
}

func wantAll(t *testing.T, text string, wants []string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

// TestCheckOfListings: `amiship check` finds most of this before anything is built.
func TestCheckOfListings(t *testing.T) {
	t.Parallel()
	original, world := shelf(t)
	one(t, original)
	b := startAt(t, "--world", meek(t, world))
	env := b.env(t, "vendor", "")
	for name, c := range map[string]struct {
		key, fix string
		code     int
		says     []string
	}{
		"all is well":                   {says: []string{"Good, Public, 0 of 100 versions", "no change set pending"}},
		"the product is not read":       {key: "AKIANOREAD000000", code: 1, says: []string{"MISSING  good", "prod-goodxxxxxxxxx", "AccessDeniedException", "aws-marketplace:DescribeEntity"}},
		"the sets are not listed":       {key: "AKIANOLIST000000", code: 1, says: []string{"MISSING  good", "aws-marketplace:ListChangeSets", "AccessDeniedException"}},
		"there is no such product":      {fix: "product: prod-nosuchxxxxxxx", code: 1, says: []string{"MISSING  good", "ResourceNotFoundException"}},
		"it is restricted":              {fix: "product: prod-restrictedxxx", code: 1, says: []string{"Restricted, Restricted, 0 of 100 versions", "a restricted product gets no versions"}},
		"it is arm64":                   {fix: "product: prod-armxxxxxxxxxx", code: 1, says: []string{"Arm, Public, 1 of 100 versions", `"Arm 1" is arm64, the listing's image amd64`}},
		"several things at once":        {fix: "product: prod-armxxxxxxxxxx\n    version_limit: 1", code: 1, says: []string{"a product shows one architecture; no version quota left"}},
		"it is full":                    {fix: "product: prod-fullxxxxxxxxx\n    version_limit: 2", code: 1, says: []string{"Full, Public, 2 of 2 versions", "no version quota left"}},
		"another change set is pending": {fix: "product: prod-fullxxxxxxxxx", says: []string{"Full, Public, 2 of 100 versions", "pending, APPLYING since"}},
		"its account's role trusts others": {
			fix: "product: prod-theirsxxxxxxx\n    account: {role_arn: \"arn:aws:iam::444455556666:role/Seller\"}", code: 1,
			says: []string{"MISSING  good", "prod-theirsxxxxxxx", "sts:AssumeRole"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := copyOf(t, original)
			if c.fix != "" {
				fix(t, file, "good", c.fix)
			}
			code, out := amiship(t, withKey(env, c.key), "check", "v2.42.0", "--file", file)
			wantAll(t, out, c.says)
			if code != c.code || t.Failed() {
				t.Errorf("exit %d, want %d:\n%s", code, c.code, out)
			}
		})
	}
}
