package observe

import (
	"strings"
	"testing"

	"amiship/internal/awsapi"
	"amiship/internal/release"
	"amiship/internal/world"
	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire"
)

// TestABaseThatIsNotAllowed: the account's Allowed AMIs are asked for only where they may be
// why a base is not there; the command that adds its owner keeps the other criteria.
func TestABaseThatIsNotAllowed(t *testing.T) {
	box := sandboxtest.Start(t, `
ec2:
  - {account: customer, region: us-east-1, images: [{name: theirs, created: 31d, public: true}]}
  - {account: customer, region: eu-west-1, images: [{name: theirs, created: 31d, public: true}]}
  - {account: vendor, region: us-east-1, allowed_images: {state: enabled, criteria: [{names: ["x*"], created: {days: 400}}]}}
  - {account: vendor, region: eu-west-1, allowed_images: {state: audit-mode}}
`)
	key := box.Key(t, "vendor")
	clients, err := awsapi.LoadAs(patient(t), home, awsapi.Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	base := func(region, name string) (world.Base, error) {
		v := release.Variant{Image: "p", Arch: "amd64", Build: release.Build{Region: region, Base: release.Base{Owner: "210987654321", Name: name, Arch: "amd64"}}}
		o := &Observer{Clients: clients, Desired: release.Desired{Variants: []release.Variant{v}}}
		return o.base(t.Context(), world.Query{Kind: world.LookBase, Variant: "p/amd64", Region: region})
	}
	hidden, err := base("us-east-1", "theirs")
	if err == nil || !strings.Contains(err.Error(), "Allowed AMIs of the account in us-east-1 hide it") || !hidden.Allowed.Enabled {
		t.Errorf("hidden: %+v, %v", hidden, err)
	}
	const criteria = `[{"CreationDateCondition":{"MaximumDaysSinceCreated":400},"ImageNames":["x*"]},{"ImageProviders":["210987654321"]}]`
	if got := strings.Join(hidden.Allowed.Allow, " "); got != "aws ec2 replace-image-criteria-in-allowed-images-settings --region us-east-1 --image-criteria "+criteria {
		t.Errorf("the command is %s", got)
	}
	if audited, err := base("eu-west-1", "theirs"); err != nil || !audited.Unallowed || audited.Allowed.Enabled {
		t.Errorf("audited: %+v, %v", audited, err)
	}
	if _, err := base("eu-west-1", "none"); err == nil || strings.Contains(err.Error(), "hide it") {
		t.Errorf("not there: %v", err)
	}
	asked := len(box.Calls(t, "GetAllowedImagesSettings"))
	if found, err := base("us-west-2", "theirs"); err == nil || found.Allowed.Enabled {
		t.Errorf("elsewhere: %+v, %v", found, err)
	}
	if n := len(box.Calls(t, "GetAllowedImagesSettings")) - asked; n != 1 {
		t.Errorf("%d calls for a base that is not there", n)
	}
	box.Meets(t, wire.Fault{Service: "ec2", Action: "GetAllowedImagesSettings", Status: 403, Code: "UnauthorizedOperation"})
	if _, err := base("us-east-1", "theirs"); err == nil || !strings.Contains(err.Error(), "no AMI of account 210987654321") || !strings.Contains(err.Error(), "could not be read") {
		t.Errorf("denied: %v", err)
	}
}
