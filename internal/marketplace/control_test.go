package marketplace

import (
	"strings"
	"testing"
)

// TestEveryControlHasAdvice: whatever the spelling; what is not known leads to the policies.
func TestEveryControlHasAdvice(t *testing.T) {
	for id, want := range map[string]string{
		"authorized-keys": "authorized_keys", "AuthorizedKeysCheck": "authorized_keys", "HostKeys": "ssh_host_", "host-key": "ssh_host_",
		"password-login": "PasswordAuthentication", "root-login": "PermitRootLogin", "CVE_SCAN": "fixed packages", "EOL": "still support",
		"port": "scanning_port", "user": "user_name", "sshd": "sshd", "credentials": "key or secret", "colour": "security policies",
	} {
		if got := ExplainControl(id); !strings.Contains(got, want) {
			t.Errorf("%s: %s", id, got)
		}
	}
}
