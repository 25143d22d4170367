package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amiship/internal/awsapi"
	"amiship/sandbox/exectest"
)

// processed are clients whose credentials come from a credential_process with that text.
func processed(t *testing.T, s *shell, script string) *awsapi.Clients {
	t.Helper()
	dir := t.TempDir()
	process, profiles := filepath.Join(dir, "process"), filepath.Join(dir, "config")
	for name, text := range map[string]string{process: "#!/bin/sh\n" + script, profiles: "[default]\ncredential_process = " + process + "\n"} {
		exectest.Write(t, name, text)
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", profiles)
	clients, err := awsapi.Load(t.Context(), "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := clients.Identity(t.Context()); err != nil {
		t.Fatalf("the process does not work here: %v", err)
	}
	return clients
}

// TestPackersOwnCredentials: what works here may need a variable that Packer does not get.
func TestPackersOwnCredentials(t *testing.T) {
	s := newShell(t, "")
	key := s.box.Key(t, "vendor")
	answer := func(end string) string {
		return fmt.Sprintf(`echo '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s"%s}'`, key.KeyID, key.SecretKey, end)
	}
	t.Setenv("VAULT_TOKEN", "secret")
	for name, c := range map[string]struct{ script, says string }{
		"any environment":   {answer(""), ""},
		"another variable":  {`test -n "$VAULT_TOKEN" || { echo no token >&2; exit 3; }` + "\n" + answer(""), "ends with exit status 3: no token; it may need a variable"},
		"says nothing then": {`test -n "$VAULT_TOKEN" || exit 0` + "\n" + answer(""), "prints no AccessKeyId"},
	} {
		got := packerCaller(t.Context(), processed(t, s, c.script))
		if len(got) != 1 || (got[0].Err == "") != (c.says == "") || !strings.Contains(got[0].Err, c.says) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for name, c := range map[string]struct {
		end  time.Duration
		says string
	}{
		"a long session":  {2 * time.Hour, ""},
		"a short session": {12*time.Minute + 25*time.Second, "ends in 12m0s, and builds may take longer"},
	} {
		end := time.Now().Add(c.end).UTC().Format(time.RFC3339)
		got := sessionFinding(t.Context(), processed(t, s, answer(`, "Expiration": "`+end+`"`)))
		if (len(got) == 0) != (c.says == "") || len(got) > 0 && !strings.Contains(got[0].What, c.says) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
