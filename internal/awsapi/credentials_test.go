package awsapi

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"golang.org/x/sync/errgroup"

	"amiship/sandbox/admin"
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

// webWorld has a GitLab whose jobs assume a role, and a role that people assume.
const webWorld = `
accounts:
  - name: vendor
    id: "123456789012"
    roles:
      - {name: pipeline, web_identity: [{provider: "https://gitlab.example.com", subjects: ["project_path:group/*"]}]}
      - {name: people, trust: ["123456789012"]}
    oidc_providers: [{url: "https://gitlab.example.com", audiences: ["https://gitlab.example.com"]}]
`

// TestRenewedByTheirSource: sessions that the SDK makes by itself, of a token, a profile's token, a
// profile's role, or one after the other, are renewed in a run of hours, each time by the token that is
// in the file then. Others that need one can ask for it; and no session is said to end soon.
func TestRenewedByTheirSource(t *testing.T) {
	for name, c := range map[string]struct {
		env    map[string]string
		config string
		want   string
	}{
		"web identity": {env: map[string]string{"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pipeline", "AWS_ROLE_SESSION_NAME": "job"}, want: "pipeline/job"},
		"a profile's web identity": {
			config: "[profile p]\nrole_arn = arn:aws:iam::123456789012:role/pipeline\nweb_identity_token_file = TOKEN\nrole_session_name = job\n", want: "pipeline/job",
		},
		"a profile's role": {
			config: "[profile p]\nrole_arn = arn:aws:iam::123456789012:role/people\nsource_profile = keys\nrole_session_name = me\n[profile keys]\naws_access_key_id = KEY\naws_secret_access_key = SECRET\n", want: "people/me",
		},
		"a role by way of web identity": {
			config: "[profile p]\nrole_arn = arn:aws:iam::123456789012:role/people\nsource_profile = job\nrole_session_name = me\n[profile job]\nrole_arn = arn:aws:iam::123456789012:role/pipeline\nweb_identity_token_file = TOKEN\n", want: "people/me",
		},
	} {
		t.Run(name, func(t *testing.T) {
			box := sandboxtest.Start(t, webWorld)
			token, config := filepath.Join(t.TempDir(), "token"), filepath.Join(t.TempDir(), "config")
			issue := func() {
				text, err := box.Token(t.Context(), admin.Token{Subject: "project_path:group/p:ref_type:tag:ref:v1", For: 10 * time.Minute})
				if err := errors.Join(err, os.WriteFile(token, []byte(text), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			key := box.Key(t, "vendor")
			text := strings.NewReplacer("TOKEN", token, "KEY", key.KeyID, "SECRET", key.SecretKey).Replace(c.config)
			if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			env := map[string]string{
				"AWS_ENDPOINT_URL": box.URL, "AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
				"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "p", "AWS_REGION": "us-east-1",
			}
			if c.config == "" {
				env["AWS_PROFILE"], env["AWS_WEB_IDENTITY_TOKEN_FILE"] = "", token
			}
			for _, more := range []map[string]string{env, c.env} {
				for name, value := range more {
					t.Setenv(name, value)
				}
			}
			issue()
			clients, err := Load(t.Context(), "us-east-1")
			if err != nil {
				t.Fatal(err)
			}
			keys := map[string]bool{}
			for hour := range 4 {
				if hour > 0 {
					issue()
				}
				if _, err := clients.EC2("eu-west-1").DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{}); err != nil {
					t.Fatalf("hour %d: %v", hour, err)
				}
				_, arn, err := clients.Identity(t.Context())
				if err != nil || !strings.HasSuffix(arn, ":assumed-role/"+c.want) {
					t.Fatalf("hour %d: the caller is %s (%v)", hour, arn, err)
				}
				lent, err := clients.Session(t.Context())
				if err != nil || lent == nil || keys[lent.AccessKeyID] {
					t.Fatalf("hour %d: others get %+v (%v)", hour, lent, err)
				}
				keys[lent.AccessKeyID] = true
				if end := clients.SessionEnds(t.Context()); !end.IsZero() {
					t.Errorf("the session is said to end at %v", end)
				}
				if _, err := box.Advance(t.Context(), 61*time.Minute); err != nil {
					t.Fatal(err)
				}
			}
			if err := clients.Rejected(); err != nil {
				t.Errorf("the caller is rejected: %v", err)
			}
		})
	}
}

// TestSessionOfOthers: keys, and sessions that AWS's own endpoint makes, are Packer's own matter.
func TestSessionOfOthers(t *testing.T) {
	box := sandboxtest.Start(t, "")
	key := box.Key(t, "vendor")
	clients, err := LoadAs(t.Context(), "us-east-1", Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := clients.Session(t.Context()); got != nil || err != nil {
		t.Errorf("of keys: %+v, %v", got, err)
	}
	t.Setenv("AWS_ENDPOINT_URL", "")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_PROFILE", "")
	t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", os.DevNull)
	t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pipeline")
	if clients, err = Load(t.Context(), "us-east-1"); err != nil {
		t.Fatal(err)
	}
	if got, err := clients.Session(t.Context()); got != nil || err != nil {
		t.Errorf("of AWS: %+v, %v", got, err)
	}
}
