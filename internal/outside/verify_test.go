package outside

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/awsapi"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire"
)

const (
	home   = "us-east-1"
	friend = "444455556666" // whom it is shared with
	param  = "/product/latest"
)

// published is a release of one AMI in one region that is as its catalog says.
type published struct {
	box      *sandboxtest.Box
	audit    Audit
	ami      string
	snapshot string
}

func publish(t *testing.T, ask ...func(*release.Variant)) *published {
	t.Helper()
	d, v := ce(t)
	v.Arch, v.Share, v.Parameters = "amd64", []string{friend}, []release.Parameter{{Name: param, Latest: true}}
	v.Build.DiskGiB, v.Build.DiskType, v.Build.IMDSSupport = 8, "gp3", ""
	for _, change := range ask {
		change(&v)
	}
	d.Untested, d.Variants, d.Targets = true, []release.Variant{v}, []release.Target{{Region: home, Required: true}}
	tags := d.OwnTags(v, record.StageRelease)
	tags["Type"] = "CE"
	for _, key := range []string{record.TagInputs, record.TagPackage, record.TagBase} {
		tags[key] = record.TagValue(strings.Repeat("ab", 32))
	}
	var text []string
	for key, value := range tags {
		text = append(text, fmt.Sprintf("%q: %q", key, value))
	}
	p := &published{box: sandboxtest.Start(t, fmt.Sprintf(
		`ec2: [{account: vendor, region: %s, images: [{name: %q, description: %q, created: 10d, public: true, shared_with: [%q], tags: {%s}}, {name: other, created: 9d}]}]`,
		home, v.Name, v.Description, friend, strings.Join(text, ", ")))}
	clients := func(account string) *awsapi.Clients {
		key := p.box.Key(t, account)
		c, err := awsapi.LoadAs(patient(t), home, awsapi.Caller{Endpoint: p.box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	p.audit = Audit{Owner: clients("vendor"), Customer: clients("customer"), Desired: d}
	for _, i := range p.images(t) {
		if aws.ToString(i.Name) == v.Name {
			p.ami, p.snapshot = aws.ToString(i.ImageId), aws.ToString(i.BlockDeviceMappings[0].Ebs.SnapshotId)
		}
	}
	p.point(t, p.ami)
	return p
}

func (p *published) owner() *ec2.Client { return p.audit.Owner.EC2(home) }

func (p *published) images(t *testing.T) []types.Image {
	t.Helper()
	out, err := p.owner().DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Images
}

// point sets the parameter.
func (p *published) point(t *testing.T, ami string) {
	t.Helper()
	_, err := p.audit.Owner.SSM(home).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String(param), Value: aws.String(ami), Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// findings are what a look finds, a line each.
func (p *published) findings(t *testing.T) []string {
	t.Helper()
	seen, err := p.audit.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range seen.Findings {
		out = append(out, fmt.Sprintf("%+v", f))
	}
	return out
}

// TestVerify: of a release that is as its catalog says nothing is found; each thing
// that another user changes is.
func TestVerify(t *testing.T) {
	permission := func(change types.LaunchPermissionModifications) func(*testing.T, *published) error {
		return func(t *testing.T, p *published) error {
			_, err := p.owner().ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{ImageId: aws.String(p.ami), LaunchPermission: &change})
			return err
		}
	}
	volume := func(change types.CreateVolumePermissionModifications) func(*testing.T, *published) error {
		return func(t *testing.T, p *published) error {
			_, err := p.owner().ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
				SnapshotId: aws.String(p.snapshot), Attribute: types.SnapshotAttributeNameCreateVolumePermission, CreateVolumePermission: &change,
			})
			return err
		}
	}
	tag := func(key, value string) func(*testing.T, *published) error {
		return func(t *testing.T, p *published) error {
			_, err := p.owner().CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{p.ami}, Tags: []types.Tag{{Key: aws.String(key), Value: aws.String(value)}}})
			return err
		}
	}
	untag := func(key string) func(*testing.T, *published) error {
		return func(t *testing.T, p *published) error {
			_, err := p.owner().DeleteTags(t.Context(), &ec2.DeleteTagsInput{Resources: []string{p.ami}, Tags: []types.Tag{{Key: aws.String(key)}}})
			return err
		}
	}
	for name, c := range map[string]struct {
		change func(*testing.T, *published) error
		want   string
	}{
		"nothing":                  {func(*testing.T, *published) error { return nil }, ""},
		"it is private":            {permission(types.LaunchPermissionModifications{Remove: []types.LaunchPermission{{Group: types.PermissionGroupAll}}}), "public"},
		"a share is gone":          {permission(types.LaunchPermissionModifications{Remove: []types.LaunchPermission{{UserId: aws.String(friend)}}}), friend},
		"one more may launch it":   {permission(types.LaunchPermissionModifications{Add: []types.LaunchPermission{{UserId: aws.String("777788889999")}}}), "777788889999"},
		"no one may restore it":    {volume(types.CreateVolumePermissionModifications{Remove: []types.CreateVolumePermission{{UserId: aws.String(friend)}}}), friend},
		"everybody may restore it": {volume(types.CreateVolumePermissionModifications{Add: []types.CreateVolumePermission{{Group: types.PermissionGroupAll}}}), "all"},
		"a tag is another":         {tag("Type", "EE"), "Type"},
		"a tag is gone":            {untag("Type"), "Type"},
		"its origin is gone":       {untag(record.TagPackage), record.TagPackage},
		"its stage is unknown":     {tag(record.TagStage, "1:releesed"), "missing"},
		"it was disabled": {func(t *testing.T, p *published) error {
			_, err := p.owner().DisableImage(t.Context(), &ec2.DisableImageInput{ImageId: aws.String(p.ami)})
			return err
		}, "What:state Want:available Got:disabled"},
		"it is gone": {func(t *testing.T, p *published) error {
			_, err := p.owner().DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String(p.ami)})
			return err
		}, "missing"},
		"the parameter names another": {func(t *testing.T, p *published) error {
			n := slices.IndexFunc(p.images(t), func(i types.Image) bool { return aws.ToString(i.Name) == "other" })
			p.point(t, aws.ToString(p.images(t)[n].ImageId))
			return nil
		}, param},
		"the parameter is gone": {func(t *testing.T, p *published) error {
			_, err := p.audit.Owner.SSM(home).DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: aws.String(param)})
			return err
		}, param},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := publish(t)
			if err := c.change(t, p); err != nil {
				t.Fatal(err)
			}
			found := p.findings(t)
			if c.want == "" && len(found) > 0 || c.want != "" && !strings.Contains(strings.Join(found, "\n"), c.want) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

// TestVerifyOrganizations: an organization that lost its share is found; that a customer, who
// may belong to it, sees a private AMI is not.
func TestVerifyOrganizations(t *testing.T) {
	const organization = "arn:aws:organizations::123456789012:organization/o-a1b2c3d4e5"
	for name, c := range map[string]struct {
		shared bool
		want   string
	}{"shared": {true, ""}, "not shared": {false, organization}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := publish(t, func(v *release.Variant) { v.Organizations = []string{organization} })
			if c.shared {
				_, err := p.owner().ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{ImageId: aws.String(p.ami), LaunchPermission: &types.LaunchPermissionModifications{
					Add: []types.LaunchPermission{{OrganizationArn: aws.String(organization)}},
				}})
				if err != nil {
					t.Fatal(err)
				}
			}
			found := strings.Join(p.findings(t), "\n")
			if (found == "") != (c.want == "") || !strings.Contains(found, c.want) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

// TestVerifyPublicSnapshots: a snapshot that no other account sees is found, by its
// permissions and, where these are as they must be, by what the customer sees.
func TestVerifyPublicSnapshots(t *testing.T) {
	public := types.CreateVolumePermission{Group: types.PermissionGroupAll}
	block := func(t *testing.T, p *published) {
		_, err := p.owner().EnableSnapshotBlockPublicAccess(t.Context(), &ec2.EnableSnapshotBlockPublicAccessInput{State: types.SnapshotBlockPublicAccessStateBlockAllSharing})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		shared bool
		change func(*testing.T, *published)
		want   []string
	}{
		"public":             {true, nil, nil},
		"private":            {false, nil, []string{"What:snapshot permission Want:444455556666 all", "What:snapshot's public view"}},
		"public, and hidden": {true, block, []string{"What:snapshot's public view", "disable-snapshot-block-public-access --region us-east-1"}},
		"the customer is mute": {true, func(t *testing.T, p *published) {
			p.box.Meets(t, wire.Fault{Action: "DescribeSnapshots", Account: "210987654321", Status: 400, Code: "UnauthorizedOperation"})
		}, []string{"Want:which snapshots a customer sees Got:describe snapshots: UnauthorizedOperation"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := publish(t, func(v *release.Variant) { v.PublicSnapshot = true })
			if c.shared {
				_, err := p.owner().ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
					SnapshotId: aws.String(p.snapshot), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
					CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: []types.CreateVolumePermission{public}},
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if c.change != nil {
				c.change(t, p)
			}
			found := strings.Join(p.findings(t), "\n")
			if c.want == nil && found != "" {
				t.Errorf("found %s", found)
			}
			for _, want := range c.want {
				if !strings.Contains(found, want) {
					t.Errorf("found %s, want %q", found, want)
				}
			}
		})
	}
}

// TestWhatCannotBeVerified: what one of the two may not read is a finding: no one can
// say that it is right.
func TestWhatCannotBeVerified(t *testing.T) {
	for name, f := range map[string]wire.Fault{
		"the owner's images":       {Action: "DescribeImages"},
		"who may launch":           {Action: "DescribeImageAttribute"},
		"who may restore":          {Action: "DescribeSnapshotAttribute"},
		"the parameters":           {Action: "GetParameters"},
		"what a customer finds":    {Action: "DescribeImages", Account: "210987654321"},
		"what the owner has there": {Action: "DescribeImages", Account: "123456789012"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := publish(t)
			f.Status, f.Code = 400, "UnauthorizedOperation"
			p.box.Meets(t, f)
			if found := strings.Join(p.findings(t), "\n"); !strings.Contains(found, "UnauthorizedOperation") {
				t.Errorf("found %q", found)
			}
		})
	}
}

// TestVerifyAsTheOwner: the owner is no customer.
func TestVerifyAsTheOwner(t *testing.T) {
	p := publish(t)
	p.audit.Customer = p.audit.Owner
	if seen, err := p.audit.Run(t.Context()); err == nil || len(seen.AMIs) > 0 {
		t.Errorf("%v, %+v", err, seen)
	}
}

// patient waits for the sandbox for as long as it takes: on a machine that is busy an
// answer may come later than AWS's does, and the call would be repeated.
func patient(t *testing.T) context.Context {
	return awsapi.WithPatience(t.Context(), awsapi.Patience{Call: time.Hour, Read: time.Hour})
}
