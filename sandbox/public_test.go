package sandbox_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire/wiretest"
)

// TestPublicParameters: distributions name their newest images in every account, and a launch
// may name a parameter instead of an image.
func TestPublicParameters(t *testing.T) {
	box := sandboxtest.Start(t, `parameters: [{account: vendor, regions: [eu-west-1], name: /text, value: no image}]`)
	key := box.Key(t, "vendor")
	creds := credentials.NewStaticCredentialsProvider(key.KeyID, key.SecretKey, "")
	store := ssm.New(ssm.Options{BaseEndpoint: &box.URL, Region: "eu-west-1", Credentials: creds, HTTPClient: wiretest.Eager{}})
	compute := ec2.New(ec2.Options{BaseEndpoint: &box.URL, Region: "eu-west-1", Credentials: creds, HTTPClient: wiretest.Eager{}})
	ids := map[string]string{}
	for name, arch := range map[string]string{
		"/aws/service/debian/release/12/latest/amd64":                                        "x86_64",
		"/aws/service/canonical/ubuntu/server/22.04/stable/current/arm64/hvm/ebs-gp2/ami-id": "arm64",
		"/aws/service/canonical/ubuntu/server/noble/stable/current/amd64/hvm/ebs-gp3/ami-id": "x86_64",
	} {
		out, err := store.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(name)})
		if err != nil {
			t.Fatal(name, err)
		}
		if *out.Parameter.ARN != "arn:aws:ssm:eu-west-1::parameter"+name || *out.Parameter.DataType != "aws:ec2:image" {
			t.Errorf("%s is %+v", name, out.Parameter)
		}
		ids[name] = *out.Parameter.Value
		images, err := compute.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{*out.Parameter.Value}})
		if err != nil || string(images.Images[0].Architecture) != arch {
			t.Errorf("%s: %+v, %v", name, images, err)
		}
	}
	many, err := store.GetParametersByPath(t.Context(), &ssm.GetParametersByPathInput{Path: aws.String("/aws/service/debian"), Recursive: aws.Bool(true)})
	if err != nil || len(many.Parameters) < 2 {
		t.Errorf("by path: %+v, %v", many, err)
	}
	own, err := store.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{})
	if err != nil || len(own.Parameters) != 1 {
		t.Errorf("the account's own are %+v, %v", own, err)
	}
	run := func(image, token string) (*ec2.RunInstancesOutput, error) {
		return compute.RunInstances(t.Context(), &ec2.RunInstancesInput{ImageId: &image, InstanceType: "m5.large", MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ClientToken: &token})
	}
	const debian = "/aws/service/debian/release/12/latest/amd64"
	first, err := run("resolve:ssm:"+debian, "one")
	if err != nil || *first.Instances[0].ImageId != ids[debian] {
		t.Fatalf("launched %+v, %v", first, err)
	}
	again, err := run("resolve:ssm:"+debian, "one")
	if err != nil || *again.Instances[0].InstanceId != *first.Instances[0].InstanceId {
		t.Errorf("with the same token: %+v, %v", again, err)
	}
	for _, bad := range []string{"/none", "/text", debian + ":2"} {
		_, err := run("resolve:ssm:"+bad, bad)
		wiretest.WantCode(t, err, "InvalidParameterValue")
	}
}
