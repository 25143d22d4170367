package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/marketplace"
	"amiship/sandbox/exectest"
)

// TestMarketplaceRoleIsAScript types what the command prints, with an AWS CLI
// that notes its arguments: a document each, as --json has them.
func TestMarketplaceRoleIsAScript(t *testing.T) {
	var text, object, talk bytes.Buffer
	args := []string{"iam", "marketplace-role", "--account", "123456789012", "--name", "ingestion"}
	if code := Main(t.Context(), args, Stdio{Out: &text, Err: &talk}, Version{}); code != 0 {
		t.Fatalf("exit %d: %s", code, &talk)
	}
	if code := Main(t.Context(), append(args, "--json"), Stdio{Out: &object, Err: &talk}, Version{}); code != 0 {
		t.Fatalf("exit %d: %s", code, &talk)
	}
	var want roleAnswer
	if err := json.Unmarshal(object.Bytes(), &want); err != nil {
		t.Fatal(err)
	}
	if want.ARN != "arn:aws:iam::123456789012:role/ingestion" || want.Releaser.Statement[0].Resource != want.ARN {
		t.Errorf("got %s", &object)
	}
	calls := typed(t, text.String())
	if len(calls) != 3 {
		t.Fatalf("%d commands, want three:\n%s", len(calls), &text)
	}
	for i, c := range []struct {
		operation string
		document  marketplace.Policy
	}{
		{"iam create-role --role-name ingestion", want.Trust},
		{"iam put-role-policy --role-name ingestion", want.Permissions},
		{"iam create-policy --policy-name AmishipMarketplace", want.Releaser},
	} {
		call := calls[i]
		if !strings.HasPrefix(strings.Join(call, " "), c.operation) {
			t.Errorf("command %d is %q, want %s", i, call, c.operation)
		}
		var got marketplace.Policy
		if err := json.Unmarshal([]byte(call[len(call)-1]), &got); err != nil {
			t.Fatalf("%v: %s", err, call)
		}
		if diff := cmp.Diff(c.document, got); diff != "" {
			t.Error(diff)
		}
	}
}

// typed runs a script and returns the arguments of each aws in it.
func typed(t *testing.T, script string) [][]string {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	fake := "#!/bin/sh\nprintf '%s\\000' \"$@\" >>'" + log + "'\nprintf '\\001' >>'" + log + "'\n"
	exectest.Write(t, filepath.Join(dir, "aws"), fake)
	cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s\n%s", err, out, script)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var calls [][]string
	for call := range strings.SplitSeq(strings.TrimSuffix(string(text), "\x01"), "\x01") {
		calls = append(calls, strings.Split(strings.TrimSuffix(call, "\x00"), "\x00"))
	}
	return calls
}

func TestMarketplaceRoleRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no account": {nil, "aws sts get-caller-identity"},
		"half one":   {[]string{"--account", "1234"}, "12 digits"},
		"a quote":    {[]string{"--account", "123456789012", "--name", "x'"}, "1 to 64"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, talk bytes.Buffer
			code := Main(t.Context(), append([]string{"iam", "marketplace-role"}, c.args...), Stdio{Out: &out, Err: &talk}, Version{})
			if code != 2 || !strings.Contains(talk.String(), c.want) || out.Len() != 0 {
				t.Errorf("exit %d, want 2 and %q: %s%s", code, c.want, &out, &talk)
			}
		})
	}
}
