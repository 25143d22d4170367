package probe

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"amiship/internal/awsapi"
	"amiship/sandbox/sandboxtest"
)

// world is one in which every statement can be asked: from eu-west-1, where publishing is
// blocked, to us-east-1. Its settings are those of the sandbox, but for durations.
const world = `
accounts:
  - name: vendor
    id: "123456789012"
    roles: [{name: ingestion, trust: [assets.marketplace.amazonaws.com]}]
ec2:
  - {account: vendor, region: eu-west-1, block_public_access: true, snapshot_block_public_access: block-new-sharing}
marketplace:
  products:
    - {id: prod-aaaaaaaaaaaaa, title: Shown Thing, account: vendor, versions: [{title: "1.0", created: 9d}]}
settings:
  marketplace: {preparing: 10h%s}
  ec2: {copy_image: 20m, copy_snapshot: 20m%s}
%s
`

// clients are those of one of the sandbox's accounts.
func clients(t *testing.T, box *sandboxtest.Box, endpoint string) *awsapi.Clients {
	t.Helper()
	who := box.Key(t, "vendor")
	c, err := awsapi.LoadAs(t.Context(), "eu-west-1", awsapi.Caller{Endpoint: endpoint, KeyID: who.KeyID, Secret: who.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// everything asks all statements of a sandbox.
func everything(c *awsapi.Clients) Config {
	return Config{
		Clients: c, Region: "eu-west-1", To: "us-east-1", Write: true, Launch: true, Product: "prod-aaaaaaaaaaaaa", AccessRole: "arn:aws:iam::123456789012:role/ingestion",
		Wait: 30 * time.Second, Settle: 300 * time.Millisecond,
	}
}

// TestTheSandboxAnswersAsStated: each statement holds in the sandbox, and asking them leaves
// nothing behind. The IAM actions that a probe names are those that it takes.
func TestTheSandboxAnswersAsStated(t *testing.T) {
	t.Parallel()
	box := sandboxtest.Start(t, fmt.Sprintf(world, "", "", ""))
	cfg := everything(clients(t, box, box.URL))
	got, err := Run(t.Context(), nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Answers) != len(Statements()) || !got.Sandbox {
		t.Errorf("%d statements were asked of %d; of a sandbox: %v", len(got.Answers), len(Statements()), got.Sandbox)
	}
	for _, a := range got.Answers {
		if !a.Same() {
			t.Errorf("%d %s: the sandbox answers %q (%s%s), want %q", a.Number, a.Name, a.Got, a.Message, a.Problem, a.Want)
		}
	}
	left, err := Leftovers(t.Context(), cfg.Clients, []string{"eu-west-1", "us-east-1"}, Sweep{Listings: true})
	if err != nil || len(left) > 0 {
		t.Errorf("left are %v (%v)", left, err)
	}
	named := ScopeOf(Statements()).Actions
	called := map[string]bool{}
	for _, action := range box.Calls(t) {
		called[action] = true
		if !slices.ContainsFunc(named, func(n string) bool { return strings.HasSuffix(n, ":"+action) }) {
			t.Errorf("it calls %s and does not name it", action)
		}
	}
	for _, n := range named {
		_, action, _ := strings.Cut(n, ":")
		if implied := []string{"CreateTags", "AddTagsToResource", "PassRole"}; !called[action] && !slices.Contains(implied, action) {
			t.Errorf("it names %s and does not call it", n)
		}
	}
}

var nameForm = regexp.MustCompile(`^[a-z][a-z-]+[a-z]$`)

// TestEachAlone: each statement holds if it is asked alone.
func TestEachAlone(t *testing.T) {
	t.Parallel()
	box := sandboxtest.Start(t, strings.Replace(fmt.Sprintf(world, "", "", ""), "copy_image: 20m, copy_snapshot: 20m", "copy_image: 8m, copy_snapshot: 50m", 1))
	for _, s := range Statements() {
		if s.Group == Reads || strings.HasPrefix(s.Name, "claim-") {
			continue
		}
		cfg := everything(clients(t, box, box.URL))
		cfg.Only = []string{s.Name}
		got, err := Run(t.Context(), nil, cfg)
		if err != nil || len(got.Answers) != 1 || !got.Answers[0].Same() {
			t.Errorf("%d %s: %+v (%v)", s.Number, s.Name, got.Answers, err)
		}
	}
}

var making = regexp.MustCompile(`:(Create[A-SU-Z]|Copy|Put|Run|Start)`)

func TestStatements(t *testing.T) {
	all := Statements()
	seen := map[string]bool{}
	for i, s := range all {
		if i > 0 && all[i-1].Number >= s.Number || seen[s.Name] || !nameForm.MatchString(s.Name) || len(s.Name) > 24 || len(s.Want) > 28 {
			t.Errorf("%d %s: number, name or answer do not fit the table", s.Number, s.Name)
		}
		seen[s.Name] = true
		if !strings.HasSuffix(s.Does, ".") || s.Want == "" || len(s.Actions) == 0 || !slices.Contains([]Group{Reads, Writes, Validates, Launches}, s.Group) {
			t.Errorf("%d %s says not all: %+v", s.Number, s.Name, s)
		}
		if !slices.Contains([]Mark{Verified, Documented, Seen, Unknown}, s.Mark) || s.Mark == Unknown && s.Setting == "" {
			t.Errorf("%d %s: mark %q, setting %q: what is unknown is a setting", s.Number, s.Name, s.Mark, s.Setting)
		}
		made := slices.ContainsFunc(s.Actions, making.MatchString)
		if made && s.Makes == "" && s.Group != Reads {
			t.Errorf("%d %s makes something and does not say what", s.Number, s.Name)
		}
		if s.Group == Reads && (s.Cents > 0 || len(s.Needs) > 0) {
			t.Errorf("%d %s only reads, and costs something", s.Number, s.Name)
		}
	}
	if cents := ScopeOf(all).Cents; cents <= 0 || cents > 50 {
		t.Errorf("all of it costs up to %v cents", cents)
	}
}
