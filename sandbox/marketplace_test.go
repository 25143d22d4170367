package sandbox

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/document"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"
)

const shop = `
accounts: [{name: vendor, id: "123456789012", roles: [{name: ingestion, trust: [assets.marketplace.amazonaws.com]}]}]
ec2: [{account: vendor, region: us-east-1, images: [{name: release, created: 1d}]}]
marketplace: {products: [{id: prod-abcdefghijklm, title: It, account: vendor, regions: [eu-west-1], subscribers: [customer]}]}
`

// seller is the vendor at the Marketplace.
func (p *process) seller(t *testing.T) (*marketplacecatalog.Client, *ec2.Client) {
	t.Helper()
	who, err := p.admin.Account(t.Context(), "vendor")
	if err != nil {
		t.Fatal(err)
	}
	cfg := p.config("us-east-1", who.KeyID, who.SecretKey, "")
	return marketplacecatalog.NewFromConfig(cfg), ec2.NewFromConfig(cfg)
}

// offer starts a change set with a version of the vendor's image.
func offer(t *testing.T, c *marketplacecatalog.Client, compute *ec2.Client) string {
	t.Helper()
	images, err := compute.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil || len(images.Images) != 1 {
		t.Fatalf("find the image: %v", err)
	}
	type object = map[string]any
	details := object{"Version": object{"VersionTitle": "1.0", "ReleaseNotes": "First."}, "DeliveryOptions": []object{{"Details": object{"AmiDeliveryOptionDetails": object{
		"AmiSource": object{
			"AmiId": *images.Images[0].ImageId, "AccessRoleArn": "arn:aws:iam::123456789012:role/ingestion", "UserName": "ubuntu",
			"OperatingSystemName": "UBUNTU", "OperatingSystemVersion": "22.04",
		},
		"UsageInstructions": "Log in.", "RecommendedInstanceType": "m5.large",
		"SecurityGroups": []object{{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": []string{"0.0.0.0/0"}}},
	}}}}}
	out, err := c.StartChangeSet(t.Context(), &marketplacecatalog.StartChangeSetInput{Catalog: aws.String("AWSMarketplace"), ChangeSet: []types.Change{{
		ChangeType: aws.String("AddDeliveryOptions"), DetailsDocument: document.NewLazyDocument(details),
		Entity: &types.Entity{Type: aws.String("AmiProduct@1.0"), Identifier: aws.String("prod-abcdefghijklm")},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return *out.ChangeSetId
}

func changeSet(t *testing.T, c *marketplacecatalog.Client, id string) *marketplacecatalog.DescribeChangeSetOutput {
	t.Helper()
	out, err := c.DescribeChangeSet(t.Context(), &marketplacecatalog.DescribeChangeSetInput{Catalog: aws.String("AWSMarketplace"), ChangeSetId: &id})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestChangeSetSurvivesKill: it goes on while the sandbox is dead, and the
// buyer of what it brings needs no earlier read.
func TestChangeSetSurvivesKill(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), write(t, shop))
	c, compute := p.seller(t)
	id := offer(t, c, compute)
	p.kill()
	p = start(t, p.state, "")
	c, _ = p.seller(t)
	if got := changeSet(t, c, id).Status; got != "PREPARING" {
		t.Fatalf("after kill -9 it is %s", got)
	}
	if _, err := p.admin.Advance(t.Context(), 26*time.Hour); err != nil {
		t.Fatal(err)
	}
	p.kill()
	p = start(t, p.state, "")
	who, err := p.admin.Account(t.Context(), "customer")
	if err != nil {
		t.Fatal(err)
	}
	found, err := ec2.NewFromConfig(p.config("eu-west-1", who.KeyID, who.SecretKey, "")).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"aws-marketplace"}})
	if err != nil || len(found.Images) != 1 {
		t.Errorf("the buyer finds %+v (%v)", found, err)
	}
	c, _ = p.seller(t)
	if got := changeSet(t, c, id).Status; got != "SUCCEEDED" {
		t.Errorf("a day later it is %s", got)
	}
}

// TestFindingsAreServed: what a scan has found is at the endpoint, for
// everybody who has the URL. The disks of this driver are empty: there is no
// sshd on them.
func TestFindingsAreServed(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), write(t, shop+"settings: {marketplace: {scan: disk}}\n"))
	c, compute := p.seller(t)
	id := offer(t, c, compute)
	if _, err := p.admin.Advance(t.Context(), 26*time.Hour); err != nil {
		t.Fatal(err)
	}
	problems := changeSet(t, c, id).ChangeSet[0].ErrorDetailList
	if len(problems) != 1 || *problems[0].ErrorCode != "SCAN_ERROR" {
		t.Fatalf("the problems are %+v", problems)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, *problems[0].ErrorMessage, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(text), `"rule":"sshd"`) {
		t.Errorf("%s answers %d %s (%v)", *problems[0].ErrorMessage, resp.StatusCode, text, err)
	}
}
