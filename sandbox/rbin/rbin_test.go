package rbin_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssdk "github.com/aws/aws-sdk-go-v2/service/rbin"
	"github.com/aws/aws-sdk-go-v2/service/rbin/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/rbin"
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"
)

const vendor = "111111111111"

// TestRules: the SDK's own client lists a region's rule, reads it, and finds no other.
func TestRules(t *testing.T) {
	store, err := cloud.Open("", cloud.Clock{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Update(func(tx *cloud.Tx) error { wiretest.Account(tx, vendor, "vendor"); return nil }); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(wire.NewServer(store, false, rbin.Service(func(c *wire.Call) time.Duration {
		return map[string]time.Duration{"us-east-1": 36 * time.Hour}[c.Region]
	})))
	t.Cleanup(srv.Close)
	client := func(region string) *awssdk.Client {
		return awssdk.New(awssdk.Options{
			BaseEndpoint: aws.String(srv.URL), Region: region, RetryMaxAttempts: 1, HTTPClient: wiretest.Eager{},
			Credentials: credentials.NewStaticCredentialsProvider("AKIA"+vendor, wiretest.Secret, ""),
		})
	}
	list := func(region string, kind types.ResourceType) []types.RuleSummary {
		out, err := client(region).ListRules(t.Context(), &awssdk.ListRulesInput{ResourceType: kind})
		if err != nil {
			t.Fatal(err)
		}
		return out.Rules
	}
	rules := list("us-east-1", types.ResourceTypeEc2Image)
	if len(rules) != 1 || *rules[0].RetentionPeriod.RetentionPeriodValue != 2 {
		t.Fatalf("rules %+v, want one of 2 days", rules)
	}
	if n := len(list("us-east-1", types.ResourceTypeEbsSnapshot)) + len(list("eu-west-1", types.ResourceTypeEc2Image)); n != 0 {
		t.Errorf("%d rules of snapshots and of another region", n)
	}
	for state, want := range map[types.LockState]int{types.LockStateUnlocked: 1, types.LockStateLocked: 0} {
		out, err := client("us-east-1").ListRules(t.Context(), &awssdk.ListRulesInput{ResourceType: types.ResourceTypeEc2Image, LockState: state})
		if err != nil || len(out.Rules) != want {
			t.Errorf("%d rules that are %s, want %d: %v", len(out.Rules), state, want, err)
		}
	}
	_, err = client("us-east-1").ListRules(t.Context(), &awssdk.ListRulesInput{ResourceType: types.ResourceTypeEc2Image, NextToken: aws.String("x")})
	wiretest.WantCode(t, err, "ValidationException")
	one, err := client("us-east-1").GetRule(t.Context(), &awssdk.GetRuleInput{Identifier: rules[0].Identifier})
	if err != nil || one.Status != types.RuleStatusAvailable || one.ResourceType != types.ResourceTypeEc2Image || len(one.ResourceTags) != 0 {
		t.Errorf("%+v, %v", one, err)
	}
	_, err = client("eu-west-1").GetRule(t.Context(), &awssdk.GetRuleInput{Identifier: rules[0].Identifier})
	wiretest.WantCode(t, err, "ResourceNotFoundException")
}
