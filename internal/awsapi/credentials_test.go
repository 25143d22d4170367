package awsapi

import (
	"os"
	"testing"
)

// TestNoCredentials: where the SDK finds none, that is what is said of a call, and of each
// that follows.
func TestNoCredentials(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	clients, err := Load(t.Context(), "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := clients.Identity(t.Context()); !IsNoCredentials(err) {
		t.Errorf("a call ends with %v", err)
	}
	if err := clients.Rejected(); !IsNoCredentials(err) {
		t.Errorf("the calls that follow end with %v", err)
	}
}
