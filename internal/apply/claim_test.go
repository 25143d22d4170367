package apply

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/sandbox/wire"
)

// buildsIn is a release of one variant that is built in a subnet.
func buildsIn(subnet string) release.Desired {
	return release.Desired{Project: "p", Variants: []release.Variant{{
		Image: "p", Arch: "amd64", Build: release.Build{Region: home, Subnet: subnet, InstanceType: "t3.micro", SSHUser: "ubuntu", AccessFrom: []string{release.AccessAuto}},
	}}}
}

func claiming(name string) plan.Action {
	return plan.Action{ID: "claim/p", Target: at(home), Change: plan.TakeClaim{Claim: name, Tags: map[string]string{record.TagProject: "1:p"}}}
}

// subnets are those of the region's default VPC.
func (f *fixture) subnets(t *testing.T) []types.Subnet {
	t.Helper()
	out, err := f.Clients.EC2(home).DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if err != nil || len(out.Subnets) == 0 {
		t.Fatalf("%d subnets, %v", len(out.Subnets), err)
	}
	return out.Subnets
}

// groups are the security groups whose names begin as claims' do.
func (f *fixture) groups(t *testing.T) []types.SecurityGroup {
	t.Helper()
	out, err := f.Clients.EC2(home).DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{
		Filters: []types.Filter{{Name: aws.String("group-name"), Values: []string{"amiship-*"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.SecurityGroups
}

func (f *fixture) keyPairs(t *testing.T) int {
	t.Helper()
	out, err := f.Clients.EC2(home).DescribeKeyPairs(t.Context(), &ec2.DescribeKeyPairsInput{})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.KeyPairs)
}

// TestClaim: a claim is a group in the VPC of the subnet that the catalog names,
// with a key pair, or it is nothing.
func TestClaim(t *testing.T) {
	for name, c := range map[string]struct {
		subnet  string // "its" stands for one that exists
		taken   bool   // by another run
		fault   *wire.Fault
		says    []string // none: it is claimed
		claimed bool     // ErrClaimed
	}{
		"the default VPC":       {},
		"a subnet's VPC":        {subnet: "its"},
		"no such subnet":        {subnet: "subnet-00000000000000000", says: []string{"find subnet subnet-00000000000000000 in us-east-1", "InvalidSubnetID.NotFound"}},
		"may not read subnets":  {subnet: "its", fault: fault(refuses("DescribeSubnets", "UnauthorizedOperation")), says: []string{"find subnet subnet-", "UnauthorizedOperation"}},
		"another run has it":    {taken: true, says: []string{"another run was faster"}, claimed: true},
		"may not make groups":   {fault: fault(refuses("CreateSecurityGroup", "UnauthorizedOperation")), says: []string{"claim amiship-p in us-east-1", "UnauthorizedOperation"}},
		"may not open ports":    {fault: fault(refuses("AuthorizeSecurityGroupIngress", "UnauthorizedOperation")), says: []string{"UnauthorizedOperation"}},
		"may not make keys":     {fault: fault(refuses("CreateKeyPair", "UnauthorizedOperation")), says: []string{"create key pair amiship-p", "UnauthorizedOperation"}},
		"a key of that name is": {fault: fault(refuses("CreateKeyPair", "InvalidKeyPair.Duplicate")), says: []string{"create key pair amiship-p", "InvalidKeyPair.Duplicate"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			subnet := f.subnets(t)[0]
			f.Desired = buildsIn(strings.Replace(c.subnet, "its", aws.ToString(subnet.SubnetId), 1))
			if c.taken {
				other := newApplierBeside(f)
				if _, err := other.Do(t.Context(), claiming("amiship-p")); err != nil {
					t.Fatal(err)
				}
				defer other.Close()
			}
			if c.fault != nil {
				f.box.Meets(t, *c.fault)
			}
			res, err := f.Do(t.Context(), claiming("amiship-p"))
			f.box.Meets(t)
			if (err == nil) != (len(c.says) == 0) || errors.Is(err, ErrClaimed) != c.claimed {
				t.Fatalf("got %v; ErrClaimed: %v", err, errors.Is(err, ErrClaimed))
			}
			for _, text := range c.says {
				if !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "%!") {
					t.Errorf("%q does not say %q", err, text)
				}
			}
			groups, keys := f.groups(t), f.keyPairs(t)
			want := 1
			if err != nil && !c.taken {
				want = 0
			}
			if len(groups) != want || keys != want {
				t.Fatalf("%d groups and %d key pairs, want %d", len(groups), keys, want)
			}
			if err == nil && (res.Made != aws.ToString(groups[0].GroupId) || aws.ToString(groups[0].VpcId) != aws.ToString(subnet.VpcId)) {
				t.Errorf("made %s; there is %s in %s", res.Made, aws.ToString(groups[0].GroupId), aws.ToString(groups[0].VpcId))
			}
			if claim, held := f.heartbeats.held("amiship-p"); held != (err == nil) || held && len(claim.key) == 0 {
				t.Errorf("held: %v, with a key of %d bytes", held, len(claim.key))
			}
		})
	}
}

// newApplierBeside is the applier of another run in the same account.
func newApplierBeside(f *fixture) *Applier {
	return &Applier{Clients: f.Clients, Desired: f.Desired, RunID: "run-2", Log: f.Log, Poll: f.Poll}
}

// TestNoSubnetIsNamed: an answer without the subnet is an error that a person can
// read.
func TestNoSubnetIsNamed(t *testing.T) {
	a := against(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<DescribeSubnetsResponse><subnetSet/></DescribeSubnetsResponse>"))
	}))
	a.Desired = buildsIn("subnet-1")
	_, err := a.Do(t.Context(), claiming("amiship-p"))
	if want := "find subnet subnet-1 in us-east-1: there is none, see build.subnet in amiship.yaml"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestClaimThatCannotBeGivenBack: both troubles are told, and the group stays, which
// says that there is something to clean up.
func TestClaimThatCannotBeGivenBack(t *testing.T) {
	f := newFixture(t, "")
	f.Desired = buildsIn("")
	f.box.Meets(t, refuses("CreateKeyPair", "UnauthorizedOperation"), refuses("DeleteKeyPair", "InvalidParameterValue"))
	name := f.Desired.Owner(f.Desired.Variants[0]).Name()
	_, err := f.Do(t.Context(), claiming(name))
	f.box.Meets(t)
	for _, text := range []string{"create key pair " + name, "UnauthorizedOperation", "delete key pair " + name, "InvalidParameterValue"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v does not say %q", err, text)
		}
	}
	if n := len(f.groups(t)); n != 1 {
		t.Errorf("%d groups, want 1", n)
	}
}

// TestUnclaim: what hangs on a claim goes first, and the group last; what is gone
// already is no trouble.
func TestUnclaim(t *testing.T) {
	const group = "the group"
	for name, c := range map[string]struct {
		fault *wire.Fault
		gone  bool // the key pair was deleted by another user
		says  string
		left  []string
	}{
		"all of it":                {},
		"without a key pair":       {gone: true},
		"instances are not read":   {fault: fault(refuses("DescribeInstances", "UnauthorizedOperation")), says: "end the builders of amiship-p", left: []string{group, "a key", "an instance"}},
		"instances do not end":     {fault: fault(refuses("TerminateInstances", "UnauthorizedOperation")), says: "end the builders of amiship-p", left: []string{group, "a key", "an instance"}},
		"the key is not deleted":   {fault: fault(refuses("DeleteKeyPair", "UnauthorizedOperation")), says: "delete key pair amiship-p", left: []string{group, "a key"}},
		"the group is not deleted": {fault: fault(refuses("DeleteSecurityGroup", "DependencyViolation")), says: "delete security group amiship-p", left: []string{group}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "ec2: [{account: vendor, region: us-east-1, images: [{name: base}]}]")
			f.Desired = buildsIn("")
			res, err := f.Do(t.Context(), claiming("amiship-p"))
			if err != nil {
				t.Fatal(err)
			}
			client := f.Clients.EC2(home)
			if _, err := client.RunInstances(t.Context(), &ec2.RunInstancesInput{
				ImageId: aws.String(f.image(t, "base").ID), InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
				SecurityGroupIds: []string{res.Made}, KeyName: aws.String("amiship-p"),
			}); err != nil {
				t.Fatal(err)
			}
			if c.gone {
				if _, err := client.DeleteKeyPair(t.Context(), &ec2.DeleteKeyPairInput{KeyName: aws.String("amiship-p")}); err != nil {
					t.Fatal(err)
				}
			}
			if c.fault != nil {
				f.box.Meets(t, *c.fault)
			}
			_, err = f.Do(t.Context(), plan.Action{Target: at(home), Change: plan.EndClaim{Claim: "amiship-p", Group: res.Made}})
			if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || awsapi.Code(err) != c.fault.Code) {
				t.Errorf("got %v, want %q", err, c.says)
			}
			f.box.Meets(t)
			var left []string
			if len(f.groups(t)) > 0 {
				left = append(left, group)
			}
			if f.keyPairs(t) > 0 {
				left = append(left, "a key")
			}
			if ids, _, err := builders(t.Context(), client, res.Made); err != nil || len(ids) > 0 {
				left = append(left, "an instance")
			}
			if !slices.Equal(left, c.left) {
				t.Errorf("left: %q, want %q", left, c.left)
			}
		})
	}
}

// TestWhatWasWaitedFor: who gives up waiting for instances to end is told which.
func TestWhatWasWaitedFor(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	a := against(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte("<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-0ab</instanceId>" +
			"<instanceState><name>shutting-down</name></instanceState></item></instancesSet></item></reservationSet></DescribeInstancesResponse>"))
		if asked == 3 {
			cancel()
		}
	}))
	a.Poll = 1
	_, err := a.Do(ctx, plan.Action{Target: at(home), Change: plan.EndClaim{Claim: "amiship-p", Group: "sg-1"}})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "end the builders of amiship-p: i-0ab not terminated after ") {
		t.Errorf("got %v", err)
	}
}
