package awsapi

import (
	"cmp"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"golang.org/x/sync/errgroup"

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

// TestRenewed: a role's session that has ended by AWS's clock is renewed, by this machine's
// clock it is good for an hour; keys that nobody renews are rejected, once and for all.
func TestRenewed(t *testing.T) {
	box := sandboxtest.Start(t, `
accounts:
  - {name: vendor, id: "123456789012"}
  - {name: seller, id: "444455556666", roles: [{name: release, trust: ["123456789012"], external_id: "amiship:1"}]}
`)
	key := box.Key(t, "vendor")
	clients, err := LoadAs(t.Context(), "us-east-1", Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	const role = "arn:aws:iam::444455556666:role/release"
	for _, wrong := range []string{"", "amiship:2"} {
		if _, _, err := clients.As(role, wrong).Identity(t.Context()); err == nil {
			t.Errorf("the role is assumed with the external id %q", wrong)
		}
	}
	other, err := LoadAs(t.Context(), "us-east-1", Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	seller := other.As(role, "amiship:1")
	for n := range 3 {
		account, _, err := seller.Identity(t.Context())
		if err != nil || account != "444455556666" {
			t.Fatalf("hour %d: %s, %v", n, account, err)
		}
		if _, err := box.Advance(t.Context(), 61*time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	var many errgroup.Group
	before := len(box.Calls(t, "AssumeRole"))
	for range 20 {
		many.Go(func() error {
			_, err := seller.EC2("eu-west-1").DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
			return err
		})
	}
	if err := many.Wait(); err != nil {
		t.Errorf("twenty at once: %v", err)
	}
	if n := len(box.Calls(t, "AssumeRole")) - before; n != 1 {
		t.Errorf("twenty at once assume the role %d times", n)
	}
	if err := other.Rejected(); err != nil {
		t.Errorf("the caller is rejected: %v", err)
	}
	box.Meets(t, wire.Fault{Service: "ec2", Code: "ExpiredToken", Status: 400})
	if _, err := other.EC2("eu-west-1").DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{}); !HaveExpired(err) || other.Rejected() == nil {
		t.Errorf("keys that do not change: %v", err)
	}
}
