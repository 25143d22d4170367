package sts

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskeys "github.com/aws/aws-sdk-go-v2/credentials"
	awssdk "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"
)

func bench(t *testing.T, roles ...Role) *wiretest.Bench {
	b := wiretest.New(t, func(*cloud.Store) []wire.Service { return []wire.Service{Service()} })
	b.Update(func(tx *cloud.Tx) {
		for _, r := range roles {
			PutRole(tx, r)
		}
	})
	return b
}

func client(b *wiretest.Bench, account string) *awssdk.Client {
	key, secret := wiretest.Keys(account)
	return clientOf(b, key, secret, "")
}

func clientOf(b *wiretest.Bench, key, secret, token string) *awssdk.Client {
	return awssdk.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: &b.URL, Credentials: awskeys.NewStaticCredentialsProvider(key, secret, token),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	})
}

func withKeys(b *wiretest.Bench, k *types.Credentials) *awssdk.Client {
	return clientOf(b, *k.AccessKeyId, *k.SecretAccessKey, *k.SessionToken)
}

func TestCallerIdentity(t *testing.T) {
	b := bench(t)
	out, err := client(b, wiretest.Vendor).GetCallerIdentity(t.Context(), &awssdk.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *out.Account != wiretest.Vendor || *out.Arn != "arn:aws:iam::123456789012:user/test" || !strings.HasPrefix(*out.UserId, "AIDA") || len(*out.UserId) != 21 {
		t.Errorf("the caller is %s %s %s", *out.Account, *out.Arn, *out.UserId)
	}
}

func TestAssumedRole(t *testing.T) {
	b := bench(t, Role{Account: wiretest.Customer, Name: "team/guest", Trusted: []string{wiretest.Vendor}, Deny: []string{"sts:GetSessionToken"}})
	out, err := client(b, wiretest.Vendor).AssumeRole(t.Context(), &awssdk.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::210987654321:role/team/guest"), RoleSessionName: aws.String("me"), DurationSeconds: aws.Int32(900),
	})
	if err != nil {
		t.Fatal(err)
	}
	if k := *out.Credentials.AccessKeyId; !strings.HasPrefix(k, "ASIA") || len(k) != 20 {
		t.Errorf("the key is %s", k)
	}
	if d := out.Credentials.Expiration.Sub(b.Store.Now()); d < 14*time.Minute || d > 15*time.Minute {
		t.Errorf("it ends in %v, want 15 minutes", d)
	}
	guest := withKeys(b, out.Credentials)
	who, err := guest.GetCallerIdentity(t.Context(), &awssdk.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Account != wiretest.Customer || *who.Arn != "arn:aws:sts::210987654321:assumed-role/guest/me" || *who.UserId != *out.AssumedRoleUser.AssumedRoleId {
		t.Errorf("the guest is %s %s %s", *who.Account, *who.Arn, *who.UserId)
	}
	if _, err := guest.GetSessionToken(t.Context(), &awssdk.GetSessionTokenInput{}); wiretest.Code(err) != "AccessDenied" {
		t.Errorf("what the role lacks: %v", err)
	}
	b.Advance(15 * time.Minute)
	if _, err := guest.GetCallerIdentity(t.Context(), &awssdk.GetCallerIdentityInput{}); wiretest.Code(err) != "ExpiredToken" {
		t.Errorf("after its end: %v", err)
	}
}

func TestAssumeRoleIsRefused(t *testing.T) {
	b := bench(t,
		Role{Account: wiretest.Customer, Name: "open", Trusted: []string{"*"}},
		Role{Account: wiretest.Customer, Name: "named", Trusted: []string{wiretest.Vendor}, ExternalID: "secret"},
		Role{Account: wiretest.Customer, Name: "own", Trusted: []string{wiretest.Customer}},
		Role{Account: wiretest.Customer, Name: "principal", Trusted: []string{"arn:aws:iam::123456789012:user/test"}, MaxSession: 2 * time.Hour},
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
			_, err := client(b, wiretest.Vendor).AssumeRole(t.Context(), in)
			if got := wiretest.Code(err); got != tt.want {
				t.Errorf("answers %v, want %q", err, tt.want)
			}
		})
	}
}

// TestChain: a role taken with a role's keys lasts at most an hour.
func TestChain(t *testing.T) {
	b := bench(t,
		Role{Account: wiretest.Vendor, Name: "first", Trusted: []string{wiretest.Vendor}},
		Role{Account: wiretest.Customer, Name: "second", Trusted: []string{"arn:aws:sts::123456789012:assumed-role/first/me"}, MaxSession: 12 * time.Hour},
	)
	first, err := client(b, wiretest.Vendor).AssumeRole(t.Context(), &awssdk.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/first"), RoleSessionName: aws.String("me")})
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
	b := bench(t)
	out, err := client(b, wiretest.Vendor).GetSessionToken(t.Context(), &awssdk.GetSessionTokenInput{})
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
