package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/view"
	"amiship/sandbox/wire"
)

// usedUp is a world in which the quota of a region is used up.
const usedUp = shipped + `
  - account: vendor
    region: eu-west-1
    images:
      - {name: "Old {n}", count: 5, public: true, created: 400d}
`

// answered is what is typed of a command that has --json.
type answered struct {
	name, args string
	alone      bool // it reads no AWS
}

// answeredIn are all, in the order in which they are run on one sandbox.
func answeredIn(dir string) []answered {
	return []answered{
		{"version", "", true},
		{"init", dir, true},
		{"pipeline gitlab", "--output " + filepath.Join(dir, "ci.yml"), true},
		{"iam marketplace-role", "--account 123456789012", true},
		{"rehearse", "1.4.0", true}, // no tag of a release: a rehearsal starts this program
		{"sandbox calls", "--state " + dir, true},
		{"check", "", false},
		{"status", "", false},
		{"status", "v1.2.0", false},
		{"plan", "v1.4.0", false},
		{"explain", "v1.4.0", false},
		{"explain", "gate --tag v1.4.0", false},
		{"blockers", "", false},
		{"listings", "", true},
		{"history", "v1.2.0", false},
		{"verify", "v1.2.0 --as customer", true},
		{"report", "--html " + filepath.Join(dir, "pages"), false},
		{"retire", "--plan", false},
		{"repair", "v1.2.0 --yes", false},
		{"unblock", "quota/eu-west-1 raise --yes", false},
		{"pause", "--reason x", false},
		{"resume", "", false},
		{"waive", "eu-west-1 --reason x --until 2099-01-01", false},
		{"withdraw", "v1.1.0 --reason x --yes", false},
		{"adopt", "--yes", false},
		{"sweep", "--yes", false},
		{"release", "v1.4.0 --wait 0s", false},
		{"probe", "--only no-such-statement", true},
	}
}

// answeringCommands are the names of the commands that have --json.
func answeringCommands(cmd *cobra.Command) (names []string) {
	if takesJSON(cmd) {
		names = append(names, strings.TrimPrefix(cmd.CommandPath(), "amiship "))
	}
	for _, sub := range cmd.Commands() {
		names = append(names, answeringCommands(sub)...)
	}
	return names
}

// TestAnswersHaveOneForm runs each command that has --json: its answer is one object in
// snake_case with the header of all, whatever the command has ended in.
func TestAnswersHaveOneForm(t *testing.T) {
	s := newShell(t, usedUp)
	t.Chdir(filepath.Dir(s.file))
	s.file = "amiship.yaml"
	all := answeredIn(t.TempDir())
	for _, name := range answeringCommands((&app{answering: &answering{}}).root()) {
		if !slices.ContainsFunc(all, func(a answered) bool { return a.name == name }) {
			t.Errorf("amiship %s has --json, and is not tried here", name)
		}
	}
	for _, of := range all {
		t.Run(of.name+" "+of.args, func(t *testing.T) {
			code, out, said := s.run(t, append(strings.Fields(of.name+" "+of.args), "--json")...)
			h := answerOf(t, out)
			if (code != 0 && code != codeBlocked && code != codeWaiting) != (len(h.Errors) > 0) && of.name != "check" {
				t.Errorf("exit %d with errors %q: %s", code, h.Errors, said)
			}
			if of.alone {
				return
			}
			who := view.AWS{Account: "123456789012", Alias: "vendor", Caller: "arn:aws:iam::123456789012:user/vendor", Partition: "aws", Endpoint: s.box.URL, Sandbox: true}
			if h.AWS != who || h.Read.Calls == 0 || h.Read.Seconds <= 0 || time.Since(h.Read.At).Abs() > 24*time.Hour {
				t.Errorf("header %+v: %s", h, said)
			}
		})
		t.Run(of.name+" "+of.args+", wrongly", func(t *testing.T) {
			code, out, _ := s.run(t, append(strings.Fields(of.name+" "+of.args), "--dance", "--json")...)
			if h := answerOf(t, out); code != codeUsage || len(h.Errors) != 1 || !strings.Contains(h.Errors[0], "--dance") || !strings.Contains(h.Errors[0], "--help explains") {
				t.Errorf("exit %d with errors %q", code, h.Errors)
			}
		})
	}
}

// TestAnswersOfFailures: what AWS refuses is in the answer, with what to type.
func TestAnswersOfFailures(t *testing.T) {
	s := newShell(t, shipped)
	s.box.Meets(t, wire.Fault{Status: 403, Code: "InvalidClientTokenId", Message: "no such key"})
	for _, of := range answeredIn(t.TempDir()) {
		if of.alone || of.name == "check" {
			continue
		}
		code, out, _ := s.run(t, append(strings.Fields(of.name+" "+of.args), "--json")...)
		h := answerOf(t, out)
		if code != codeCredentials || !strings.Contains(strings.Join(h.Errors, "\n"), "AWS_ACCESS_KEY_ID") || h.AWS.Endpoint != s.box.URL || h.AWS.Account != "" {
			t.Errorf("amiship %s %s: exit %d, %+v", of.name, of.args, code, h)
		}
	}
	s.file = "none.yaml"
	code, out, _ := s.run(t, "status", "--json")
	if h := answerOf(t, out); code != codeCatalog || len(h.Errors) != 1 || !strings.Contains(h.Errors[0], "no none.yaml here. Amiship init writes one") {
		t.Errorf("exit %d: %q", code, h.Errors)
	}
}

// TestErrorTexts: each failure of several, and those alone that were not shown otherwise.
func TestErrorTexts(t *testing.T) {
	err := errors.Join(silent(codeBlocked), errors.New("a"), withHint(errors.New("b"), "type c"))
	if got := errorTexts(err); !slices.Equal(got, view.Errors{"a", "b. Type c"}) {
		t.Errorf("got %q", got)
	}
}

var snake = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// answerOf reads an answer: one object, and nothing behind it.
func answerOf(t *testing.T, out string) view.Header {
	t.Helper()
	var whole map[string]any
	var h view.Header
	r := json.NewDecoder(strings.NewReader(out))
	if err := errors.Join(r.Decode(&whole), json.Unmarshal([]byte(out), &h)); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := r.Token(); !errors.Is(err, io.EOF) {
		t.Errorf("behind the answer: %v", err)
	}
	if _, there := whole["read"]; !there || h.Schema != view.Schema || h.Tool.Version != "v1.2.3" {
		t.Errorf("header %+v", h)
	}
	checkNames(t, "", whole)
	if bytes.Contains([]byte(out), []byte(`"0001-01-01T00:00:00Z"`)) {
		t.Errorf("a time that is not known: %s", out)
	}
	return h
}

// checkNames: names are ours in snake_case, unless they are data: tags, places, and what IAM
// spells.
func checkNames(t *testing.T, path string, value any) {
	t.Helper()
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			checkNames(t, path, one)
		}
	case map[string]any:
		for name, one := range value {
			switch name {
			case "tags", "regions", "amis", "public_amis", "trust", "permissions", "releaser":
				if _, data := one.(map[string]any); data {
					continue
				}
			}
			if !snake.MatchString(name) {
				t.Errorf("%s.%s is not in snake_case", path, name)
			}
			checkNames(t, path+"."+name, one)
		}
	}
}
