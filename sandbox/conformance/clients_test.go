package conformance

import (
	"strings"
	"testing"
)

// TestTagFilters: filter names may repeat, and tag-value is one.
func TestTagFilters(t *testing.T) {
	t.Parallel()
	need(t, "python3", "-c", "import boto3")
	if out := run(t, nil, "python3", "tagfilters.py"); !strings.HasSuffix(out, "found\n") {
		t.Errorf("it did not come to its end:\n%s", out)
	}
}

// TestWhatTheSandboxLacks: an operation or a service that is not there is named, in the
// caller's protocol.
func TestWhatTheSandboxLacks(t *testing.T) {
	t.Parallel()
	need(t, "python3", "-c", "import boto3")
	if out := run(t, nil, "python3", "lacking.py"); !strings.HasSuffix(out, "told\n") {
		t.Errorf("it did not come to its end:\n%s", out)
	}
}

// TestProfilesAndFleets: roles, instance profiles, launch templates and fleets are refused
// by the codes of AWS, and work in the order that AWS wants.
func TestProfilesAndFleets(t *testing.T) {
	t.Parallel()
	need(t, "python3", "-c", "import boto3")
	if out := run(t, nil, "python3", "profiles.py"); !strings.HasSuffix(out, "refused\n") {
		t.Errorf("it did not come to its end:\n%s", out)
	}
}

// TestWebIdentityOfClients: boto3 and the AWS CLI log in with a token by themselves, as in a CI job.
func TestWebIdentityOfClients(t *testing.T) {
	t.Parallel()
	need(t, "python3", "-c", "import boto3")
	need(t, "aws", "--version")
	if out := run(t, nil, "python3", "web_identity.py"); !strings.HasSuffix(out, "logged in\n") {
		t.Errorf("it did not come to its end:\n%s", out)
	}
}
