package observe

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
	"amiship/internal/release"
	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire"
)

// TestTokensThatCannotBeRead: a caller who may not read the defaults can build all the same.
func TestTokensThatCannotBeRead(t *testing.T) {
	o, box := observing(t)
	for code, how := range map[string]string{"UnauthorizedOperation": audit.Unknown, "InternalError": audit.Proven} {
		box.Meets(t, wire.Fault{Service: "ec2", Action: "GetInstanceMetadataDefaults", Status: 400, Code: code})
		got := o.metadataFinding(t.Context(), release.Variant{Image: "p", Arch: "arm64", Build: release.Build{Region: home}})
		if got.How != how || (got.Err != "") != (how == audit.Proven) {
			t.Errorf("%s: %+v", code, got)
		}
	}
}

// TestPreflightBuilds: what an image can't be built from, or can't run on, is said before
// anything is.
func TestPreflightBuilds(t *testing.T) {
	box := sandboxtest.Start(t, `
settings:
  ec2: {not_offered: ["us-east-1?/m6i.large", "eu-central-1?/m7i.large"]}
ec2:
  - account: vendor
    region: us-east-1
    images:
      - {name: plain, created: 31d}
      - {name: sold, created: 31d, product_code: 0123456789abcdefghijklmno}
  - {account: vendor, region: eu-west-1, private_subnets: true, images: [{name: plain, created: 31d}]}
  - {account: vendor, region: eu-west-2, no_default_vpc: true, images: [{name: plain, created: 31d}]}
  - {account: vendor, region: eu-west-3, images: [{name: plain, created: 31d}]}
  - {account: vendor, region: us-west-2, http_tokens_enforced: true, images: [{name: plain, created: 31d}]}
`)
	key := box.Key(t, "vendor")
	clients, err := awsapi.LoadAs(patient(t), home, awsapi.Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	subnets, err := clients.EC2(home).DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if err != nil {
		t.Fatal(err)
	}
	off := &ec2.ModifyInstanceMetadataDefaultsInput{HttpEndpoint: types.DefaultInstanceMetadataEndpointStateDisabled}
	if _, err := clients.EC2("eu-west-3").ModifyInstanceMetadataDefaults(t.Context(), off); err != nil {
		t.Fatal(err)
	}
	account, _, err := clients.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*release.Desired)
		want   string // of one finding; empty: none has an error
	}{
		"all is there":                        {func(*release.Desired) {}, ""},
		"in a subnet":                         {func(d *release.Desired) { d.Variants[0].Build.Subnet = aws.ToString(subnets.Subnets[0].SubnetId) }, ""},
		"in a subnet that does not exist":     {func(d *release.Desired) { d.Variants[0].Build.Subnet = "subnet-00000000000000000" }, "the account has no subnet subnet-00000000000000000 in us-east-1: see build.subnet in amiship.yaml"},
		"in subnets without public addresses": {func(d *release.Desired) { d.Variants[0].Build.Region = "eu-west-1" }, "instances in the default subnets of eu-west-1 get no public address"},
		"which are reached from inside": {func(d *release.Desired) {
			d.Variants[0].Build.Region, d.Variants[0].Build.AccessFrom = "eu-west-1", []string{release.AccessVPC}
		}, ""},
		"without a default VPC":              {func(d *release.Desired) { d.Variants[0].Build.Region = "eu-west-2" }, "there is no default VPC in eu-west-2, and build.subnet names no subnet"},
		"no base":                            {func(d *release.Desired) { d.Variants[0].Build.Base.Name = "none *" }, "no AMI of account " + account + " named none *"},
		"a base that is sold":                {func(d *release.Desired) { d.Variants[0].Build.Base.Name = "sold" }, "can be neither public nor listed"},
		"a base that is sold, for a listing": {func(d *release.Desired) { d.Variants[0].Build.Base.Name, d.Variants[0].Public = "sold", false }, "can be neither public nor listed"},
		"a base that is sold, for private images": {func(d *release.Desired) {
			d.Variants[0].Build.Base.Name, d.Variants[0].Public, d.Listings = "sold", false, nil
		}, ""},
		"a type of the other architecture": {func(d *release.Desired) { d.Variants[0].Build.InstanceType = "m7g.large" }, "m7g.large runs arm64 only, not amd64: see build.instance in amiship.yaml"},
		"a type that does not exist":       {func(d *release.Desired) { d.Variants[0].Build.InstanceType = "x99.large" }, "us-east-1 has no instance type x99.large: see build.instance"},
		"a listing recommends another's":   {func(d *release.Desired) { d.Listings[0].Version.InstanceType = "m7g.large" }, "m7g.large runs arm64 only, not amd64: see amiship.yaml:7"},
		"a listing recommends what is not": {func(d *release.Desired) { d.Listings[0].Version.InstanceType = "x99.large" }, "has no instance type x99.large: see amiship.yaml:7"},
		"an account that enforces IMDSv2":  {func(d *release.Desired) { d.Variants[0].Build.Region = "us-west-2" }, "the account enforces IMDSv2 in us-west-2"},
		"which the template asks for": {func(d *release.Desired) {
			d.Variants[0].Build.Region, d.Variants[0].Build.Tokens = "us-west-2", true
		}, ""},
		"an account without metadata services": {func(d *release.Desired) { d.Variants[0].Build.Region = "eu-west-3" }, "the account switches the metadata service of new instances off in eu-west-3"},
		"which the template switches on": {func(d *release.Desired) {
			d.Variants[0].Build.Region, d.Variants[0].Build.Metadata = "eu-west-3", true
		}, ""},
		"a type that the subnet's zone does not offer": {func(d *release.Desired) {
			d.Variants[0].Build.Subnet, d.Variants[0].Build.InstanceType = aws.ToString(subnets.Subnets[0].SubnetId), "m6i.large"
		}, "m6i.large is not offered in us-east-1"},
		"a type that no zone offers":          {func(d *release.Desired) { d.Variants[0].Build.InstanceType = "m6i.large" }, "m6i.large is not offered in us-east-1: see build.instance"},
		"no region answers":                   {func(d *release.Desired) { d.Variants[0].Build.Region = "xx-none-1" }, "xx-none-1"},
		"the listing's image on another arch": {func(d *release.Desired) { d.Listings[0].Arch = "arm64" }, "m7i.large runs amd64 only, not arm64"},
	} {
		t.Run(name, func(t *testing.T) {
			d := release.Desired{
				Project: "p", Tag: "v1",
				Variants: []release.Variant{{Image: "p", Arch: "amd64", Public: true, Build: release.Build{
					Region: home, InstanceType: "m7i.large", Base: release.Base{Owner: account, Name: "plain", Arch: "amd64"},
				}}},
				Listings: []release.Listing{{
					Name: "pro", Image: "p", Arch: "amd64", Version: marketplace.Version{InstanceType: "m7i.large"},
					Lines: map[string]string{"recommended_instance_type": "amiship.yaml:7"},
				}},
			}
			c.change(&d)
			var wrong []string
			for _, f := range PreflightBuilds(t.Context(), clients, []release.Desired{d, d}) {
				if f.Err != "" {
					wrong = append(wrong, f.Err)
				}
			}
			if c.want == "" && len(wrong) > 0 || c.want != "" && !slices.ContainsFunc(wrong, func(e string) bool { return strings.Contains(e, c.want) }) {
				t.Errorf("found %q, want %q", wrong, c.want)
			}
			if name != "no region answers" && len(wrong) > 1 {
				t.Errorf("it is said more than once: %q", wrong)
			}
		})
	}
}
