package rehearse

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/sandbox/exectest"
)

var update = flag.Bool("update", false, "write the golden files")

// listed is the step of a listing.
func listed(name string, state plan.State, why string) plan.Step {
	key := release.Key{Image: name, Arch: "amd64", Listing: name}
	return plan.Step{
		Action: plan.Action{ID: plan.ID("changeset/" + name), Target: key, Change: plan.SubmitChangeSet{Image: plan.Image{AMI: "ami-0123456789abcdef0"}, For: plan.ChangeSet, Title: "Product " + name + " 1"}},
		State:  state, Why: why,
	}
}

// TestReportOfListings holds the whole report of a release that a buyer has tried.
func TestReportOfListings(t *testing.T) {
	rel := Release{
		Tag: "v1",
		desired: release.Desired{
			Project: "product", Tag: "v1", Variants: []release.Variant{{Image: "pro", Arch: "amd64"}},
			Targets: []release.Target{{Region: "us-east-1", Required: true}},
		},
		Plan: plan.Plan{Steps: []plan.Step{{
			Action: plan.Action{
				ID: "copy/pro/amd64/us-east-1", Target: release.Key{Image: "pro", Arch: "amd64", Place: release.Place{Region: "us-east-1"}},
				Change: plan.CopyImage{Image: plan.Image{Name: "Product pro 1", AMI: "ami-0123456789abcdef0"}},
			},
			State: plan.Done,
		}}},
		Listings: []plan.Step{listed("pro", plan.Done, ""), listed("old", plan.Skipped, "1.1 is newer, and the listing shows the latest (only: latest-stable)")},
		Phases: []Phase{
			{Name: "release", Result: "public; AMI ids in catalog.json", Took: 195900 * time.Millisecond},
			{Name: "submit", Result: "pro, old; Marketplace takes hours", Took: 100 * time.Millisecond},
			{Name: "poll again", Result: "26h later, without secrets: amiship release --all-open", Took: 200 * time.Millisecond},
			{Name: "find bought", Result: `pro  "Product pro 1" of aws-marketplace: ami-0f00000000000000f`},
			{Name: "try", Result: "pro  i-0123456789abcdef0 at 127.1.2.3 passes 12 checks", Took: 6700 * time.Millisecond},
		},
		Verified: "  listed pro: Product pro 1\nproduct v1: 1 AMI in 1 region and 1 listing are as configured\n",
	}
	var got bytes.Buffer
	Report{Title: "product v1", Releases: []Release{rel}, Total: 240 * time.Second}.Write(&got)
	golden := filepath.Join("testdata", "report.txt")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got); go test -update writes it anew:\n%s", golden, diff)
	}
}

// TestWithoutSecrets: what the catalog has for rehearsals goes, and what this
// process may have under the same names; the rest stays.
func TestWithoutSecrets(t *testing.T) {
	t.Setenv("LICENSE", "real")
	t.Setenv("LICENSE_SERVER", "stays")
	p := props{
		set: map[string]string{"packages": "http://127.0.0.1:1"}, own: map[string]string{"LICENSE": "rehearsed", "TOKEN": "rehearsed"}, work: "work",
		env: append(environ(), "LICENSE=rehearsed", "TOKEN=rehearsed"),
	}
	bare := p.withoutSecrets()
	for _, kv := range bare.env {
		if name, value, _ := strings.Cut(kv, "="); name == "LICENSE" || name == "TOKEN" || value == "rehearsed" {
			t.Errorf("%s is left", kv)
		}
	}
	for _, kv := range []string{"LICENSE_SERVER=stays", "PATH=" + os.Getenv("PATH")} {
		if !slices.Contains(bare.env, kv) {
			t.Errorf("%s is not left", kv)
		}
	}
	if diff := cmp.Diff([]any{p.set, p.work}, []any{bare.set, bare.work}); diff != "" {
		t.Errorf("more is gone than secrets: %s", diff)
	}
	if !slices.Contains(p.env, "LICENSE=rehearsed") {
		t.Error("the others have lost theirs as well")
	}
}

// fakeAmiship writes down what it is called with, with the license that it finds.
// It ends as codes say: by the first argument that one is there for.
func fakeAmiship(t *testing.T, codes, shown string) (program, log string) {
	t.Helper()
	dir := t.TempDir()
	program, log = filepath.Join(dir, "amiship"), filepath.Join(dir, "log")
	script := "#!/bin/sh\necho \"$1 $2 ${LICENSE:-none}\" >>" + log + "\ntimes=$(grep -c '^release --all-open' " + log + ")\n" +
		"case \"$1 $2\" in\nplan*) echo '" + shown + "';;\n" + codes + "\nesac\n"
	exectest.Write(t, program, script)
	return program, log
}

const (
	shownListed = `{"plans": [{"tag": "v1", "steps": [{"id": "changeset/pro", "kind": "changeset", "target": {"listing": "pro"}, "state": "done"}, {"id": "copy", "kind": "copy"}]}]}`
	shownStuck  = `{"plans": [{"tag": "v1", "steps": [{"id": "changeset/pro", "kind": "changeset", "target": {"listing": "pro"}, "state": "waiting", "why": "change set cs-1 is PREPARING"}]}]}`
)

// TestList: submitted with secrets, looked at without, as long as Marketplace
// is not done and no longer than patience lasts.
func TestList(t *testing.T) {
	submit, advance, look := "release v1 rehearsed", "sandbox advance none", "release --all-open none"
	for name, c := range map[string]struct {
		codes, shown string
		want         []string
		code         int
		err          string
		state        plan.State
	}{
		"done at once":        {"", shownListed, []string{submit}, 0, "", plan.Done},
		"done a day later":    {`"release v1") exit 75;;`, shownListed, []string{submit, advance, look}, 0, "", plan.Done},
		"done two days later": {`"release v1") exit 75;; "release --all-open") [ $times = 2 ] || exit 75;;`, shownListed, []string{submit, advance, look, advance, look}, 0, "", plan.Done},
		"stuck": {
			`release*) exit 75;;`, shownStuck,
			[]string{submit, advance, look, advance, look, advance, look, advance, look},
			75,
			"4 polls, each 26h after the one before, and Marketplace is not done: pro: change set cs-1 is PREPARING: ", plan.Waiting,
		},
		"refused at once": {`"release v1") exit 20;;`, shownListed, []string{submit}, 20, "amiship release v1 ended with exit code 20", ""},
		"refused later": {
			`"release v1") exit 75;; "release --all-open") echo '{"plans": [{"tag": "v0"}, {"tag": "v1", "steps": [{"kind": "changeset", "state": "blocked"}, {"kind": "copy"}]}]}'; exit 20;;`,
			shownListed,
			[]string{submit, advance, look},
			20, "amiship release --all-open ended with exit code 20", plan.Blocked,
		},
		"no plan to be read": {"", `{"plans": []}`, []string{submit}, 0, "amiship plan v1 --json: no plan of v1 is in its answer", ""},
	} {
		t.Run(name, func(t *testing.T) {
			program, log := fakeAmiship(t, c.codes, c.shown)
			cmds := commands{
				Rehearsal: Rehearsal{Program: program, Catalog: "amiship.yaml", State: "state", Driver: instant, Log: io.Discard},
				props:     &props{own: map[string]string{"LICENSE": "rehearsed"}, env: append(environ(), "LICENSE=rehearsed")},
			}
			rel := Release{Tag: "v1"}
			err := cmds.list(t.Context(), release.Desired{Tag: "v1", Listings: []release.Listing{{Name: "pro"}}}, &rel)
			ends(t, err, c.code, c.err)
			text, _ := os.ReadFile(log)
			got := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"), func(line string) bool { return strings.HasPrefix(line, "plan") })
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if c.state == "" && len(rel.Listings) != 0 || c.state != "" && (len(rel.Listings) != 1 || rel.Listings[0].State != c.state) {
				t.Errorf("the listings are %+v, want one that is %s", rel.Listings, c.state)
			}
		})
	}
}

// ends compares an error: its text, and the exit code of the command in it.
func ends(t *testing.T, err error, code int, text string) {
	t.Helper()
	var command *CommandError
	got := 0
	if errors.As(err, &command) {
		got = command.Code
	}
	if got != code || (err == nil) != (text == "") || err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("error %v with code %d; want %q with %d", err, got, text, code)
	}
	if err != nil && strings.Contains(err.Error(), "%!") {
		t.Errorf("error %v", err)
	}
}

// TestShows: a buyer searches only for what is listed.
func TestShows(t *testing.T) {
	rel := Release{Listings: []plan.Step{listed("pro", plan.Done, ""), listed("old", plan.Skipped, "older")}}
	for name, want := range map[string]bool{"pro": true, "old": false, "another": false} {
		if got := rel.shows(release.Listing{Name: name}); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
