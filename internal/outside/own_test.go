package outside

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/wire"
)

// TestAuditsShareAMIs: the AMIs of a region are read once for many audits; what could not be read
// is read again, and permissions are read by each audit.
func TestAuditsShareAMIs(t *testing.T) {
	p := publish(t)
	reads := func() int { return len(p.box.Calls(t, "DescribeImages")) }
	before := reads()
	p.findings(t)
	alone := reads() - before
	p.audit.Own = &Own{}
	p.box.Meets(t, wire.Fault{Region: home, Action: "DescribeImages", Status: 400, Code: "UnauthorizedOperation", Message: "You may not"})
	if found := p.findings(t); len(found) == 0 {
		t.Error("the AMIs could not be read, and nothing was found")
	}
	p.box.Meets(t)
	if found := p.findings(t); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	_, err := p.owner().ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{
		ImageId: aws.String(p.ami), LaunchPermission: &types.LaunchPermissionModifications{Remove: []types.LaunchPermission{{UserId: aws.String(friend)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	before = reads()
	if found := p.findings(t); len(found) == 0 {
		t.Error("a share is gone, and nothing was found")
	}
	if again := reads() - before; again != alone-1 {
		t.Errorf("%d reads of AMIs, and %d by an audit alone", again, alone)
	}
}
