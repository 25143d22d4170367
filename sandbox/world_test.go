package sandbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"amiship/sandbox/wire/wiretest"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "world.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (p *process) config(region, key, secret, token string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &p.url, Credentials: credentials.NewStaticCredentialsProvider(key, secret, token),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }, HTTPClient: wiretest.Eager{},
	}
}

func TestWorld(t *testing.T) {
	t.Parallel()
	world := write(t, ExampleWorld())
	p := start(t, t.TempDir(), world)
	cfg := p.config("eu-west-1", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "")
	quota, err := servicequotas.NewFromConfig(cfg).GetServiceQuota(t.Context(), &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: aws.String("L-0E3CBAB9")})
	if err != nil || *quota.Quota.Value != 12 {
		t.Errorf("the quota is %+v (%v)", quota, err)
	}
	got, err := ssm.NewFromConfig(cfg).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/images/latest")})
	if err != nil || *got.Parameter.Value != "ami-0123456789abcdef0" {
		t.Errorf("the parameter is %+v (%v)", got, err)
	}
	if err := put(t.Context(), ssm.NewFromConfig(cfg), 1); wiretest.Code(err) != "AccessDeniedException" {
		t.Errorf("what the key lacks: %v", err)
	}
	images, err := ec2.NewFromConfig(cfg).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil || len(images.Images) != 4 {
		t.Fatalf("the images are %+v (%v)", images, err)
	}
	cfg.Region = "ap-northeast-1"
	for n, want := range []string{"InvalidAMIID.NotFound", "Unavailable", "Unavailable", "InvalidAMIID.NotFound"} {
		_, err := ec2.NewFromConfig(cfg).CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("copy"), SourceRegion: aws.String("eu-west-1"), SourceImageId: aws.String("ami-0123456789abcdef0")})
		if wiretest.Code(err) != want {
			t.Errorf("call %d in the failing region: %v, want %s", n+1, err, want)
		}
	}
	role := p.role(t, "arn:aws:iam::111122223333:role/release")
	if _, err := role.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: images.Images[0].ImageId}); wiretest.Code(err) != "UnauthorizedOperation" {
		t.Errorf("what the role lacks: %v", err)
	}
	listings(t, p, cfg)
	before := p.dump()["sandbox"]
	p.kill()
	again := start(t, p.state, write(t, "accounts: [{name: late, id: \"444455556666\"}]"))
	if _, err := again.admin.Account(t.Context(), "late"); err == nil {
		t.Error("a state that exists took another world")
	}
	if string(before[""]["origin"]) != string(again.dump()["sandbox"][""]["origin"]) {
		t.Error("the settings changed over a restart")
	}
}

// listings: the product is there with its versions, and a change set is pending.
func listings(t *testing.T, p *process, cfg aws.Config) {
	t.Helper()
	cfg.Region = "us-east-1"
	c := marketplacecatalog.NewFromConfig(cfg)
	product, err := c.DescribeEntity(t.Context(), &marketplacecatalog.DescribeEntityInput{Catalog: aws.String("AWSMarketplace"), EntityId: aws.String("prod-abcdefghijklm")})
	if err != nil || *product.EntityIdentifier != "prod-abcdefghijklm@5" || !strings.Contains(*product.Details, `"VersionTitle":"1.3"`) {
		t.Errorf("the product is %+v (%v)", product, err)
	}
	sets, err := c.ListChangeSets(t.Context(), &marketplacecatalog.ListChangeSetsInput{Catalog: aws.String("AWSMarketplace")})
	if err != nil || len(sets.ChangeSetSummaryList) != 3 || sets.ChangeSetSummaryList[0].Status != "PREPARING" {
		t.Errorf("the change sets are %+v (%v)", sets, err)
	}
	who, err := p.admin.Account(t.Context(), "customer")
	if err != nil {
		t.Fatal(err)
	}
	images, err := ec2.NewFromConfig(p.config("eu-west-1", who.KeyID, who.SecretKey, "")).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"aws-marketplace"}})
	if err != nil || len(images.Images) != 1 || *images.Images[0].Name != "Builder Pro 2.0-prod-abcdefghijklm" {
		t.Errorf("the buyer finds %+v (%v)", images, err)
	}
}

// role is EC2 as a caller with the role with the vendor's key.
func (p *process) role(t *testing.T, arn string) *ec2.Client {
	t.Helper()
	who, err := p.admin.Account(t.Context(), "vendor")
	if err != nil {
		t.Fatal(err)
	}
	out, err := sts.NewFromConfig(p.config("eu-west-1", who.KeyID, who.SecretKey, "")).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: &arn, RoleSessionName: aws.String("me"), ExternalId: aws.String("shared-word"), DurationSeconds: aws.Int32(7200),
	})
	if err != nil {
		t.Fatal(err)
	}
	k := out.Credentials
	return ec2.NewFromConfig(p.config("eu-west-1", *k.AccessKeyId, *k.SecretAccessKey, *k.SessionToken))
}

// TestParameterOfAnImage: Parameter Store asks EC2 whether the image is there
// for this account.
func TestParameterOfAnImage(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), write(t, `
ec2:
  - {account: vendor, region: eu-west-1, images: [{name: private, created: 1d}, {name: public, public: true, created: 1d}]}
`))
	who, err := p.admin.Account(t.Context(), "vendor")
	if err != nil {
		t.Fatal(err)
	}
	compute := ec2.NewFromConfig(p.config("eu-west-1", who.KeyID, who.SecretKey, ""))
	for name, want := range map[string][2]bool{"private": {true, false}, "public": {true, true}} {
		images, err := compute.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}, Filters: []ec2types.Filter{{Name: aws.String("name"), Values: []string{name}}}})
		if err != nil || len(images.Images) != 1 {
			t.Fatalf("find the image: %v", err)
		}
		for i, account := range []string{"vendor", "customer"} {
			c := p.parameters(account)
			_, err := c.PutParameter(t.Context(), &ssm.PutParameterInput{
				Name: &name, Value: images.Images[0].ImageId, Type: types.ParameterTypeString, DataType: aws.String("aws:ec2:image"),
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.admin.Advance(t.Context(), time.Minute); err != nil {
				t.Fatal(err)
			}
			_, err = c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name})
			if (err == nil) != want[i] {
				t.Errorf("%s image as parameter of the %s: %v, want it there: %v", name, account, err, want[i])
			}
		}
	}
}

func TestWorldIsRefused(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"unknown field":   {"accounts:\n  - name: a\n    id: \"111122223333\"\n    colour: red\n", "[4:5] unknown field \"colour\""},
		"twice":           {"faults: []\nfaults: []\n", "[2:1]"},
		"not a list":      {"accounts: 3\n", "[1:11]"},
		"no name":         {"accounts: [{id: \"111122223333\"}]", "want a name and twelve digits"},
		"short id":        {"accounts: [{name: a, id: \"123\"}]", "want a name and twelve digits"},
		"same id":         {"accounts: [{name: a, id: \"123456789012\"}]", "accounts vendor and a have the same id"},
		"not https":       {"accounts: [{name: a, id: \"111122223333\", oidc_providers: [{url: gitlab.example.com, audiences: [a]}]}]", "a url that begins with https://"},
		"no audience":     {"accounts: [{name: a, id: \"111122223333\", oidc_providers: [{url: \"https://gitlab.example.com\"}]}]", "and audiences"},
		"bad key set":     {"accounts: [{name: a, id: \"111122223333\", oidc_providers: [{url: \"https://gitlab.example.com\", audiences: [a], jwks: \"{}\"}]}]", "without a key"},
		"symmetric key":   {"accounts: [{name: a, id: \"111122223333\", oidc_providers: [{url: \"https://gitlab.example.com\", audiences: [a], jwks: '{\"keys\": [{\"kty\": \"oct\"}]}'}]}]", "there are RSA and EC"},
		"no provider":     {"accounts: [{name: a, id: \"111122223333\", roles: [{name: r, web_identity: [{provider: \"https://gitlab.example.com\"}]}]}]", "which the account does not have"},
		"bad key":         {"accounts: [{name: a, id: \"111122223333\", keys: [{id: mykey}]}]", "no access key id"},
		"bad outcome":     {"quotas: {outcomes: [{end: perhaps}]}", "end \"perhaps\" is none of"},
		"unknown quota":   {"quotas: {values: [{account: vendor, regions: [eu-west-1], service: ec2, code: L-1, value: 1}]}", "quota ec2/L-1"},
		"bad parameter":   {"parameters: [{account: vendor, regions: [eu-west-1], name: \"a b\", value: x}]", "parameter a b"},
		"unknown region":  {"ec2: [{account: vendor, region: mars-1}]", "mars-1"},
		"bad setting":     {"settings: {marketplace: {locks: loose}}", "locks \"loose\": there are strict, fine"},
		"bad product":     {"marketplace: {products: [{id: prod-1, title: It, account: vendor}]}", "product \"It\": the id \"prod-1\""},
		"quota anywhere":  {"quotas: {values: [{account: vendor, regions: [\"*\"], service: ec2, code: L-0E3CBAB9, value: 1}]}", "no region \"*\""},
		"quota nowhere":   {"quotas: {values: [{account: vendor, service: ec2, code: L-0E3CBAB9, value: 1}]}", "names no regions"},
		"quota of none":   {"quotas: {values: [{account: nobody, regions: [eu-west-1], service: ec2, code: L-0E3CBAB9, value: 1}]}", "no account \"nobody\""},
		"idle outcome":    {"quotas: {outcomes: [{region: \"mars-*\", end: deny}]}", "outcome 1: it matches no"},
		"lost parameter":  {"parameters: [{account: vendor, regions: [mars-1], name: a, value: x}]", "no region \"mars-1\""},
		"idle fault":      {"faults: [{region: mars-1, status: 500}]", "no region that matches \"mars-1\""},
		"idle setting":    {"settings: {ec2: {no_capacity: [\"us-east-1a/m99.*\"]}}", "\"us-east-1a/m99.*\" matches no zone"},
		"unknown account": {"ec2: [{account: nobody, region: eu-west-1}]", "nobody"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := open(Config{State: t.TempDir(), Driver: Instant, World: write(t, tt.text)}, discard())
			if s != nil {
				_ = s.close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("answers %v, want %s", err, tt.want)
			}
		})
	}
	if _, err := readWorld(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a world that is not there was read")
	}
}

// TestWrongClock: a world's clock is put back before anything happens, once.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	state, world := t.TempDir(), write(t, "clock: -2h\nec2: [{account: vendor, region: us-east-1, images: [{name: old, created: 1h}]}]\n")
	p := start(t, state, world)
	for range 2 {
		info, err := p.admin.Info(t.Context())
		if behind := time.Until(info.Now); err != nil || behind > -119*time.Minute || behind < -121*time.Minute {
			t.Errorf("its clock is %v ahead of this one (%v), want two hours behind", behind, err)
		}
		_, compute := p.seller(t)
		out, err := compute.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
		if err != nil || len(out.Images) != 1 {
			t.Fatalf("%+v (%v)", out, err)
		}
		if made, _ := time.Parse(time.RFC3339, *out.Images[0].CreationDate); time.Since(made) < 179*time.Minute {
			t.Errorf("what was made an hour before its beginning was made at %v", made)
		}
		p.kill()
		p = start(t, state, world)
	}
}

// TestParametersReferToImages: a parameter of the data type for images is a reference of its
// image, one of text is none.
func TestParametersReferToImages(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), write(t, "settings: {image_check: 1us}\nec2: [{account: vendor, region: eu-west-1, images: [{name: app}]}]"))
	who, err := p.admin.Account(t.Context(), "vendor")
	if err != nil {
		t.Fatal(err)
	}
	cfg := p.config("eu-west-1", who.KeyID, who.SecretKey, "")
	images, err := ec2.NewFromConfig(cfg).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil {
		t.Fatal(err)
	}
	id := images.Images[0].ImageId
	for name, kind := range map[string]string{"/app/latest": "aws:ec2:image", "/app/text": "text"} {
		in := &ssm.PutParameterInput{Name: &name, Value: id, Type: types.ParameterTypeString, DataType: &kind}
		if _, err := ssm.NewFromConfig(cfg).PutParameter(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ec2.NewFromConfig(cfg).DescribeImageReferences(t.Context(), &ec2.DescribeImageReferencesInput{ImageIds: []string{*id}, IncludeAllResourceTypes: aws.Bool(true)})
	if want := "arn:aws:ssm:eu-west-1:123456789012:parameter/app/latest"; err != nil || len(got.ImageReferences) != 1 || *got.ImageReferences[0].Arn != want {
		t.Errorf("the references are %+v (%v), want %s", got, err, want)
	}
}
