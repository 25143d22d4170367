package awsapi

import (
	"cmp"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire"
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

// TestRejected: where AWS knows no caller, STS tells whether it is the caller, which ends
// every call with one text, or the region.
func TestRejected(t *testing.T) {
	for name, c := range map[string]struct {
		secret string
		faults []wire.Fault
		gone   bool
	}{
		"another secret":       {secret: "wrong", gone: true},
		"a region that is off": {faults: []wire.Fault{{Service: "ec2", Code: "AuthFailure", Status: 401}}},
		"STS is down":          {faults: []wire.Fault{{Service: "ec2", Code: "AuthFailure", Status: 401}, {Service: "sts", Code: "AccessDenied", Status: 403}}},
	} {
		t.Run(name, func(t *testing.T) {
			box := sandboxtest.Start(t, "")
			key := box.Key(t, "vendor")
			box.Meets(t, c.faults...)
			clients, err := LoadAs(t.Context(), "us-east-1", Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: cmp.Or(c.secret, key.SecretKey)})
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				_, err = clients.EC2("eu-west-1").DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
				var gone *CredentialsError
				if errors.As(err, &gone) != c.gone || err == nil || c.gone != strings.HasPrefix(Text(err), "AWS rejected the credentials, invalid or no longer valid: SignatureDoesNotMatch: ") {
					t.Errorf("the call ends with %v", err)
				}
			}
			if asked := box.Calls(t, "GetCallerIdentity"); len(asked) != 1 {
				t.Errorf("STS was asked %d times", len(asked))
			}
		})
	}
}
