package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	catalogtypes "github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire/wiretest"
)

// caller has the clients of one key.
type caller struct {
	ec2     *ec2.Client
	ssm     *ssm.Client
	sts     *sts.Client
	quotas  *servicequotas.Client
	catalog *marketplacecatalog.Client
}

func callerOf(box *sandboxtest.Box, id, secret, token string) caller {
	c := credentials.NewStaticCredentialsProvider(id, secret, token)
	region, h := "us-east-1", wiretest.Eager{}
	return caller{
		ec2:     ec2.New(ec2.Options{BaseEndpoint: &box.URL, Region: region, Credentials: c, HTTPClient: h}),
		ssm:     ssm.New(ssm.Options{BaseEndpoint: &box.URL, Region: region, Credentials: c, HTTPClient: h}),
		sts:     sts.New(sts.Options{BaseEndpoint: &box.URL, Region: region, Credentials: c, HTTPClient: h}),
		quotas:  servicequotas.New(servicequotas.Options{BaseEndpoint: &box.URL, Region: region, Credentials: c, HTTPClient: h}),
		catalog: marketplacecatalog.New(marketplacecatalog.Options{BaseEndpoint: &box.URL, Region: region, Credentials: c, HTTPClient: h}),
	}
}

const (
	limitedKey    = "AKIALIMITED000000000"
	limitedSecret = "limitedlimitedlimitedlimitedlimitedlimit"
)

// limited starts a sandbox in which one key has policies; "" is none at all. The vendor's own
// key may do everything.
func limited(t *testing.T, policies string) (box *sandboxtest.Box, all, some caller) {
	t.Helper()
	if policies != "" {
		policies = ", policies: " + policies
	}
	box = sandboxtest.Start(t, fmt.Sprintf(`
accounts:
  - name: vendor
    id: "123456789012"
    keys: [{}, {id: %s, secret: %s, user: limited%s}]
    roles:
      - {name: anyone, trust: [vendor]}
      - {name: reader, trust: [vendor], policies: [{Version: "2012-10-17", Statement: {Effect: Allow, Action: ["ec2:Describe*", "ssm:*"], Resource: "*"}}]}
ec2:
  - {account: vendor, region: us-east-1, images: [{name: ours, tags: {project: p}, created: 1d}, {name: other, tags: {project: q}, created: 1d}]}
marketplace:
  products: [{id: prod-aaaaaaaaaaaaa, title: Thing, account: vendor, versions: [{title: "1.0", created: 9d}]}]
`, limitedKey, limitedSecret, policies))
	key := box.Key(t, "vendor")
	return box, callerOf(box, key.KeyID, key.SecretKey, ""), callerOf(box, limitedKey, limitedSecret, "")
}

// launch asks whether a launch is allowed, with tags for the instance.
func launch(ctx context.Context, c caller, image string, tags ...types.Tag) error {
	in := &ec2.RunInstancesInput{ImageId: &image, InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1), DryRun: aws.Bool(true)}
	if len(tags) > 0 {
		in.TagSpecifications = []types.TagSpecification{{ResourceType: "instance", Tags: tags}}
	}
	_, err := c.ec2.RunInstances(ctx, in)
	return err
}

func images(t *testing.T, c caller) map[string]string {
	t.Helper()
	out, err := c.ec2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, i := range out.Images {
		ids[*i.Name] = *i.ImageId
	}
	return ids
}

func statement(effect, actions, more string) string {
	return fmt.Sprintf(`{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "ec2:Describe*", Resource: "*"}, {Effect: %s, Action: "%s", %s}]}`, effect, actions, more)
}

// TestPolicies: a key may do what its policies allow, on the resources and under the conditions
// that they name.
func TestPolicies(t *testing.T) {
	t.Parallel()
	p := types.Tag{Key: aws.String("project"), Value: aws.String("p")}
	const own = `"arn:aws:ec2:*:*:*/*", "arn:aws:ec2:*::image/*"`
	for name, c := range map[string]struct {
		policies string
		ask      func(context.Context, caller, map[string]string) error
		want     string // in the refusal; empty: it is allowed
	}{
		"without policies": {"", func(ctx context.Context, c caller, ids map[string]string) error { return launch(ctx, c, ids["ours"]) }, ""},
		"no policy": {
			"[]", func(ctx context.Context, c caller, ids map[string]string) error { return launch(ctx, c, ids["ours"]) },
			"on resource: arn:aws:ec2:us-east-1::image/ami-X because no identity-based policy allows the ec2:RunInstances action. Encoded authorization failure message: ",
		},
		"allowed": {
			"[" + statement("Allow", "ec2:RunInstances", `Resource: "*"`) + "]",
			func(ctx context.Context, c caller, ids map[string]string) error { return launch(ctx, c, ids["ours"]) }, "",
		},
		"all resources but one": {
			"[" + statement("Allow", "ec2:RunInstances", `NotResource: "arn:aws:ec2:*:*:volume/*"`) + "]",
			func(ctx context.Context, c caller, ids map[string]string) error { return launch(ctx, c, ids["ours"]) }, "on resource: arn:aws:ec2:us-east-1:123456789012:volume/*",
		},
		"our images alone": {
			"[" + statement("Allow", "ec2:RunInstances", `Resource: "*", Condition: {StringEqualsIfExists: {"ec2:Owner": "210987654321"}}`) + "]",
			func(ctx context.Context, c caller, ids map[string]string) error { return launch(ctx, c, ids["ours"]) }, "image/ami-X because no identity-based",
		},
		"denied": {
			"[" + statement("Allow", "ec2:*", `Resource: "*"`) + ", " + statement("Deny", "ec2:RunInstances", `Resource: "*", Condition: {StringEquals: {"ec2:Region": us-east-1}}`) + "]",
			func(ctx context.Context, c caller, ids map[string]string) error { return launch(ctx, c, ids["ours"]) }, "with an explicit deny in an identity-based policy",
		},
		"without the tag that is required": {
			"[" + statement("Allow", "ec2:RunInstances", `Resource: [`+own+`], Condition: {StringEqualsIfExists: {"aws:RequestTag/project": p}, "Null": {"aws:RequestTag/project": "false"}}`) + ", " +
				statement("Allow", "ec2:RunInstances", `NotResource: "arn:aws:ec2:*:*:instance/*"`) + "]",
			func(ctx context.Context, c caller, ids map[string]string) error { return launch(ctx, c, ids["ours"]) }, "on resource: arn:aws:ec2:us-east-1:123456789012:instance/*",
		},
		"with it, and without CreateTags": {
			"[" + statement("Allow", "ec2:RunInstances", `Resource: "*"`) + "]",
			func(ctx context.Context, c caller, ids map[string]string) error {
				return launch(ctx, c, ids["ours"], p)
			},
			"not authorized to perform: ec2:CreateTags on resource: arn:aws:ec2:us-east-1:123456789012:instance/*",
		},
		"with CreateTags at a launch": {
			"[" + statement("Allow", "ec2:RunInstances", `Resource: "*"`) + ", " + statement("Allow", "ec2:CreateTags", `Resource: "*", Condition: {StringEquals: {"ec2:CreateAction": RunInstances}}`) + "]",
			func(ctx context.Context, c caller, ids map[string]string) error {
				return launch(ctx, c, ids["ours"], p)
			}, "",
		},
		"which is no CreateTags of itself": {
			"[" + statement("Allow", "ec2:CreateTags", `Resource: "*", Condition: {StringEquals: {"ec2:CreateAction": RunInstances}}`) + "]",
			func(ctx context.Context, c caller, ids map[string]string) error {
				_, err := c.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{ids["ours"]}, Tags: []types.Tag{p}})
				return err
			}, "ec2:CreateTags on resource: arn:aws:ec2:us-east-1::image/ami-X",
		},
		"by the tags of a resource": {
			"[" + statement("Allow", "ec2:DeregisterImage", `Resource: "*", Condition: {StringEquals: {"aws:ResourceTag/project": p}}`) + "]",
			func(ctx context.Context, c caller, ids map[string]string) error {
				_, err := c.ec2.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: aws.String(ids["ours"])})
				return err
			}, "",
		},
		"by another's tags": {
			"[" + statement("Allow", "ec2:DeregisterImage", `Resource: "*", Condition: {StringEquals: {"ec2:ResourceTag/project": p}}`) + "]",
			func(ctx context.Context, c caller, ids map[string]string) error {
				_, err := c.ec2.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: aws.String(ids["other"])})
				return err
			}, "ec2:DeregisterImage on resource",
		},
		"keys of tags that are deleted": {
			"[" + statement("Allow", "ec2:DeleteTags", `Resource: "*", Condition: {"ForAllValues:StringEquals": {"aws:TagKeys": [state]}}`) + "]",
			func(ctx context.Context, c caller, ids map[string]string) error {
				_, err := c.ec2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{ids["ours"]}, Tags: []types.Tag{{Key: aws.String("project")}}})
				return err
			}, "ec2:DeleteTags",
		},
		"a parameter by its path": {
			"[" + statement("Allow", "ssm:PutParameter", `Resource: "arn:aws:ssm:*:*:parameter/p/*", Condition: {Bool: {"ssm:Overwrite": "false"}}`) + "]",
			func(ctx context.Context, c caller, _ map[string]string) error {
				_, err := c.ssm.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("/p/x"), Value: aws.String("1"), Type: "String"})
				return err
			}, "",
		},
		"a parameter by its ARN": {
			"[" + statement("Allow", "ssm:GetParameterHistory", `Resource: "arn:aws:ssm:us-east-1:123456789012:parameter/p/x"`) + "]",
			func(ctx context.Context, c caller, _ map[string]string) error {
				_, err := c.ssm.GetParameterHistory(ctx, &ssm.GetParameterHistoryInput{Name: aws.String("arn:aws:ssm:us-east-1:123456789012:parameter/p/x")})
				return err
			}, "ParameterNotFound",
		},
		"a parameter elsewhere": {
			"[" + statement("Allow", "ssm:PutParameter", `Resource: "arn:aws:ssm:*:*:parameter/p/*"`) + "]",
			func(ctx context.Context, c caller, _ map[string]string) error {
				_, err := c.ssm.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("q"), Value: aws.String("1"), Type: "String"})
				return err
			}, "ssm:PutParameter on resource: arn:aws:ssm:us-east-1:123456789012:parameter/q because no identity-based policy allows the ssm:PutParameter action",
		},
		"a parameter that would be overwritten": {
			"[" + statement("Allow", "ssm:PutParameter", `Resource: "*", Condition: {Bool: {"ssm:Overwrite": "false"}}`) + "]",
			func(ctx context.Context, c caller, _ map[string]string) error {
				_, err := c.ssm.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("q"), Value: aws.String("1"), Type: "String", Overwrite: aws.Bool(true)})
				return err
			}, "ssm:PutParameter",
		},
		"a quota": {
			"[" + statement("Allow", "servicequotas:RequestServiceQuotaIncrease", `Resource: "arn:aws:servicequotas:*:*:ec2/L-0E3CBAB9"`) + "]",
			func(ctx context.Context, c caller, _ map[string]string) error {
				_, err := c.quotas.RequestServiceQuotaIncrease(ctx, &servicequotas.RequestServiceQuotaIncreaseInput{ServiceCode: aws.String("ec2"), QuotaCode: aws.String("L-0E3CBAB9"), DesiredValue: aws.Float64(50)})
				return err
			}, "",
		},
		"a change of a kind that is allowed": {
			"[" + statement("Allow", "aws-marketplace:StartChangeSet", `Resource: "arn:aws:aws-marketplace:us-east-1:123456789012:AWSMarketplace/AmiProduct/prod-aaaaaaaaaaaaa", Condition: {StringEquals: {"catalog:ChangeType": UpdateInformation}}`) + "]",
			func(ctx context.Context, c caller, _ map[string]string) error {
				return change(ctx, c, "UpdateInformation")
			}, "",
		},
		"a change of another kind": {
			"[" + statement("Allow", "aws-marketplace:StartChangeSet", `Resource: "*", Condition: {StringEquals: {"catalog:ChangeType": UpdateInformation}}`) + "]",
			func(ctx context.Context, c caller, _ map[string]string) error {
				return change(ctx, c, "RestrictDeliveryOptions")
			},
			"aws-marketplace:StartChangeSet on resource: arn:aws:aws-marketplace:us-east-1:123456789012:AWSMarketplace/AmiProduct/prod-aaaaaaaaaaaaa",
		},
		"a role": {
			"[" + statement("Allow", "sts:AssumeRole", `Resource: "arn:aws:iam::*:role/reader"`) + "]",
			func(ctx context.Context, c caller, _ map[string]string) error {
				_, err := c.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/anyone"), RoleSessionName: aws.String("run")})
				return err
			}, "sts:AssumeRole on resource: arn:aws:iam::123456789012:role/anyone",
		},
		"who one is": {"[]", func(ctx context.Context, c caller, _ map[string]string) error {
			_, err := c.sts.GetCallerIdentity(ctx, nil)
			return err
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, all, some := limited(t, c.policies)
			err := c.ask(t.Context(), some, images(t, all))
			var api smithy.APIError
			if errors.As(err, &api) && api.ErrorCode() == "DryRunOperation" {
				err = nil
			}
			if c.want == "" && err != nil {
				t.Fatal(err)
			}
			got := regexp.MustCompile(`ami-[0-9a-f]+`).ReplaceAllString(fmt.Sprint(err), "ami-X")
			if !strings.Contains(got, c.want) {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

func change(ctx context.Context, c caller, kind string) error {
	details := map[string]string{"UpdateInformation": `{"ProductTitle": "Other"}`, "RestrictDeliveryOptions": `{"DeliveryOptionIds": ["do-aaaaaaaaaaaaa"]}`}[kind]
	_, err := c.catalog.StartChangeSet(ctx, &marketplacecatalog.StartChangeSetInput{
		Catalog:   aws.String("AWSMarketplace"),
		ChangeSet: []catalogtypes.Change{{ChangeType: aws.String(kind), Details: aws.String(details), Entity: &catalogtypes.Entity{Type: aws.String("AmiProduct@1.0"), Identifier: aws.String("prod-aaaaaaaaaaaaa")}}},
	})
	return err
}

// TestPoliciesOfSessions: a session may do what its role may, and what its own policy allows
// besides; the message of a refusal can be decoded.
func TestPoliciesOfSessions(t *testing.T) {
	t.Parallel()
	box, all, _ := limited(t, "")
	ids := images(t, all)
	assume := func(limits string) caller {
		in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/reader"), RoleSessionName: aws.String("run")}
		if limits != "" {
			in.Policy = &limits
		}
		out, err := all.sts.AssumeRole(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return callerOf(box, *out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	}
	reader := assume("")
	if len(images(t, reader)) != len(ids) {
		t.Error("the reader does not read")
	}
	err := launch(t.Context(), reader, ids["ours"])
	wiretest.WantCode(t, err, "UnauthorizedOperation")
	_, message, _ := strings.Cut(fmt.Sprint(err), "failure message: ")
	decoded, err := all.sts.DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String(strings.TrimSpace(message))})
	if err != nil || !strings.Contains(*decoded.DecodedMessage, `"action":"ec2:RunInstances"`) || !strings.Contains(*decoded.DecodedMessage, `"explicitDeny":false`) {
		t.Errorf("%+v, %v", decoded, err)
	}
	_, err = reader.sts.DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String(message)})
	wiretest.WantCode(t, err, "AccessDenied")
	_, err = all.sts.DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("x")})
	wiretest.WantCode(t, err, "InvalidAuthorizationMessageException")

	narrow := assume(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["ec2:*"], "Resource": "*"}}`)
	if len(images(t, narrow)) != len(ids) {
		t.Error("the session does not read")
	}
	_, err = narrow.ssm.GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{"/x"}})
	if !strings.Contains(fmt.Sprint(err), "because no session policy allows the ssm:GetParameters action") {
		t.Error(err)
	}
	if err := launch(t.Context(), narrow, ids["ours"]); !strings.Contains(fmt.Sprint(err), "no identity-based policy allows") {
		t.Error(err)
	}
	for _, wrong := range []string{"{", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}}`} {
		_, err := all.sts.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/reader"), RoleSessionName: aws.String("run"), Policy: &wrong})
		wiretest.WantCode(t, err, "MalformedPolicyDocument")
	}
}
