package conformance

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/sts"
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"
)

func stsBench(t *testing.T, roles ...sts.Role) *bench {
	b := newBench(t, func(*cloud.Store) []wire.Service { return []wire.Service{sts.Service()} })
	b.update(func(tx *cloud.Tx) {
		for _, r := range roles {
			sts.PutRole(tx, r)
		}
	})
	return b
}

func stsClient(b *bench, account string) *awssdk.Client {
	return awssdk.NewFromConfig(b.config(account, "us-east-1"))
}

func withKeys(b *bench, k *types.Credentials) *awssdk.Client {
	return awssdk.NewFromConfig(b.with("us-east-1", *k.AccessKeyId, *k.SecretAccessKey, *k.SessionToken))
}

func TestCallerIdentity(t *testing.T) {
	b := stsBench(t)
	out, err := stsClient(b, vendor).GetCallerIdentity(t.Context(), &awssdk.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *out.Account != vendor || *out.Arn != "arn:aws:iam::123456789012:user/test" || !strings.HasPrefix(*out.UserId, "AIDA") || len(*out.UserId) != 21 {
		t.Errorf("the caller is %s %s %s", *out.Account, *out.Arn, *out.UserId)
	}
}

func TestAssumedRole(t *testing.T) {
	b := stsBench(t, sts.Role{Account: customer, Name: "team/guest", Trusted: []string{vendor}, Deny: []string{"sts:GetSessionToken"}})
	out, err := stsClient(b, vendor).AssumeRole(t.Context(), &awssdk.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::210987654321:role/team/guest"), RoleSessionName: aws.String("me"), DurationSeconds: aws.Int32(900),
	})
	if err != nil {
		t.Fatal(err)
	}
	if k := *out.Credentials.AccessKeyId; !strings.HasPrefix(k, "ASIA") || len(k) != 20 {
		t.Errorf("the key is %s", k)
	}
	if d := out.Credentials.Expiration.Sub(b.store.Now()); d < 14*time.Minute || d > 15*time.Minute {
		t.Errorf("it ends in %v, want 15 minutes", d)
	}
	guest := withKeys(b, out.Credentials)
	who, err := guest.GetCallerIdentity(t.Context(), &awssdk.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Account != customer || *who.Arn != "arn:aws:sts::210987654321:assumed-role/guest/me" || *who.UserId != *out.AssumedRoleUser.AssumedRoleId {
		t.Errorf("the guest is %s %s %s", *who.Account, *who.Arn, *who.UserId)
	}
	if _, err := guest.GetSessionToken(t.Context(), &awssdk.GetSessionTokenInput{}); wiretest.Code(err) != "AccessDenied" {
		t.Errorf("what the role lacks: %v", err)
	}
	b.advance(15 * time.Minute)
	if _, err := guest.GetCallerIdentity(t.Context(), &awssdk.GetCallerIdentityInput{}); wiretest.Code(err) != "ExpiredToken" {
		t.Errorf("after its end: %v", err)
	}
}

func TestAssumeRoleIsRefused(t *testing.T) {
	b := stsBench(t,
		sts.Role{Account: customer, Name: "open", Trusted: []string{"*"}},
		sts.Role{Account: customer, Name: "named", Trusted: []string{vendor}, ExternalID: "secret"},
		sts.Role{Account: customer, Name: "own", Trusted: []string{customer}},
		sts.Role{Account: customer, Name: "principal", Trusted: []string{"arn:aws:iam::123456789012:user/test"}, MaxSession: 2 * time.Hour},
	)
	tests := map[string]struct {
		role, session, external string
		seconds                 int32
		want                    string
	}{
		"anybody":              {"open", "me", "", 0, ""},
		"principal":            {"principal", "me", "", 7200, ""},
		"external id":          {"named", "me", "secret", 0, ""},
		"without external id":  {"named", "me", "", 0, "AccessDenied"},
		"wrong external id":    {"named", "me", "guess", 0, "AccessDenied"},
		"not trusted":          {"own", "me", "", 0, "AccessDenied"},
		"no such role":         {"none", "me", "", 0, "AccessDenied"},
		"longer than the role": {"open", "me", "", 3601, "ValidationError"},
		"too short":            {"open", "me", "", 899, "ValidationError"},
		"too long":             {"principal", "me", "", 43201, "ValidationError"},
		"name of the session":  {"open", "no spaces", "", 0, "ValidationError"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := &awssdk.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::210987654321:role/" + tt.role), RoleSessionName: &tt.session}
			if tt.external != "" {
				in.ExternalId = &tt.external
			}
			if tt.seconds != 0 {
				in.DurationSeconds = &tt.seconds
			}
			_, err := stsClient(b, vendor).AssumeRole(t.Context(), in)
			if got := wiretest.Code(err); got != tt.want {
				t.Errorf("answers %v, want %q", err, tt.want)
			}
		})
	}
}

// TestChain: a role taken with a role's keys lasts at most an hour.
func TestChain(t *testing.T) {
	b := stsBench(t,
		sts.Role{Account: vendor, Name: "first", Trusted: []string{vendor}},
		sts.Role{Account: customer, Name: "second", Trusted: []string{"arn:aws:sts::123456789012:assumed-role/first/me"}, MaxSession: 12 * time.Hour},
	)
	first, err := stsClient(b, vendor).AssumeRole(t.Context(), &awssdk.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/first"), RoleSessionName: aws.String("me")})
	if err != nil {
		t.Fatal(err)
	}
	for seconds, want := range map[int32]string{3600: "", 3601: "ValidationError"} {
		_, err := withKeys(b, first.Credentials).AssumeRole(t.Context(), &awssdk.AssumeRoleInput{
			RoleArn: aws.String("arn:aws:iam::210987654321:role/second"), RoleSessionName: aws.String("me"), DurationSeconds: &seconds,
		})
		if got := wiretest.Code(err); got != want {
			t.Errorf("for %d seconds: %v, want %q", seconds, err, want)
		}
	}
}

func TestSessionToken(t *testing.T) {
	b := stsBench(t)
	out, err := stsClient(b, vendor).GetSessionToken(t.Context(), &awssdk.GetSessionTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	session := withKeys(b, out.Credentials)
	who, err := session.GetCallerIdentity(t.Context(), &awssdk.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:iam::123456789012:user/test" {
		t.Errorf("the session is %+v (%v)", who, err)
	}
	if _, err := session.GetSessionToken(t.Context(), &awssdk.GetSessionTokenInput{}); wiretest.Code(err) != "AccessDenied" {
		t.Errorf("a session of a session: %v", err)
	}
}

// TestSessionTags: tags of a session follow AWS's rules, and need a permission of their own.
func TestSessionTags(t *testing.T) {
	b := stsBench(t, sts.Role{Account: customer, Name: "open", Trusted: []string{"*"}})
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	for name, c := range map[string]struct {
		tags       []types.Tag
		transitive []string
		want       string
	}{
		"some":                {[]types.Tag{tag("project", "p"), tag("stage", "")}, []string{"Project"}, ""},
		"twice":               {[]types.Tag{tag("project", "p"), tag("Project", "q")}, nil, "InvalidParameterValue"},
		"reserved":            {[]types.Tag{tag("aws:x", "p")}, nil, "InvalidParameterValue"},
		"a long value":        {[]types.Tag{tag("project", strings.Repeat("x", 257))}, nil, "ValidationError"},
		"transitive and none": {[]types.Tag{tag("project", "p")}, []string{"stage"}, "InvalidParameterValue"},
		"too many":            {slices.Repeat([]types.Tag{tag("a", "b")}, 51), nil, "ValidationError"},
	} {
		_, err := stsClient(b, vendor).AssumeRole(t.Context(), &awssdk.AssumeRoleInput{
			RoleArn: aws.String("arn:aws:iam::210987654321:role/open"), RoleSessionName: aws.String("me"), Tags: c.tags, TransitiveTagKeys: c.transitive,
		})
		if got := wiretest.Code(err); got != c.want {
			t.Errorf("%s: answers %v, want %q", name, err, c.want)
		}
	}
}
