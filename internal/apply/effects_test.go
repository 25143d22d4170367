package apply

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/awsapi"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/world"
	"amiship/sandbox/wire"
)

// TestCopyOnce: a copy is begun once. What another run has begun, or this one with
// the answer lost, is not begun again; what can't be read is not either.
func TestCopyOnce(t *testing.T) {
	f := newFixture(t, oneImage)
	f.Desired = buildsIn("")
	act := f.step(t, plan.Copy, "ours")
	copying := plan.CopyImage{
		Image: plan.Image{Name: "P 1.0.0"}, From: plan.Source{Region: home, AMI: act.Image().AMI}, Token: "t",
		Tags: plan.Tags{record.TagTag: "1:v1.0.0"},
	}
	act.Change, act.Target = copying, at("eu-west-1")

	f.box.Meets(t, refuses("DescribeImages", "UnauthorizedOperation"))
	if _, err := f.Do(t.Context(), act); awsapi.Code(err) != "UnauthorizedOperation" || len(f.changed(t)) > 0 {
		t.Errorf("unread: %v, after %v", err, f.changed(t))
	}
	f.box.Meets(t, wire.Fault{Action: "CopyImage", Status: 400, Code: "InternalFailure", After: true, Times: 1}, wire.Fault{Action: "DescribeImages", Lag: time.Hour})
	if _, err := f.Do(t.Context(), act); awsapi.Code(err) != "InternalFailure" {
		t.Errorf("lost: %v", err)
	}
	first, err := f.Do(t.Context(), act)
	if err != nil || first.Made == "" {
		t.Fatal(first, err)
	}
	f.box.Meets(t)
	if copies := f.images(t, "eu-west-1"); len(copies) != 1 || copies[0].ID != first.Made {
		t.Errorf("made %s, and there is %v", first.Made, copies)
	}
	again := act
	copying.Token = "another"
	again.Change = copying
	if _, err := f.Do(t.Context(), again); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), "another run was faster") {
		t.Errorf("another run's: %v", err)
	}
	f.box.Meets(t, refuses("CopyImage", "UnauthorizedOperation"))
	copying.Name = "P 1.0.1"
	again.Change = copying
	if _, err := f.Do(t.Context(), again); awsapi.Code(err) != "UnauthorizedOperation" || !strings.Contains(err.Error(), "to eu-west-1") {
		t.Errorf("refused: %v", err)
	}
}

// TestParameterIsNotOverwritten: a parameter that has another value than the plan
// saw is left, and one that is right already is not put again.
func TestParameterIsNotOverwritten(t *testing.T) {
	const name = "/p/latest"
	for title, c := range map[string]struct {
		now   string // its value; empty: there is none
		seen  string
		fault *wire.Fault
		want  string // what it is afterwards: old, new, theirs
		puts  bool
		says  string
	}{
		"is new":           {want: "new", puts: true},
		"as seen":          {now: "old", seen: "old", want: "new", puts: true},
		"theirs since":     {now: "theirs", seen: "old", want: "theirs", says: "changed since"},
		"gone since":       {seen: "old", says: "changed since"},
		"new already":      {now: "new", seen: "old", want: "new"},
		"made by another":  {now: "theirs", want: "theirs", puts: true}, // SSM refuses, and the plan looks again
		"can't be read":    {now: "old", seen: "old", fault: fault(refuses("GetParameters", "AccessDeniedException")), want: "old", says: "read parameter"},
		"may not be put":   {now: "old", seen: "old", fault: fault(refuses("PutParameter", "AccessDeniedException")), want: "old", puts: true, says: "put parameter"},
		"may not be there": {fault: fault(refuses("PutParameter", "AccessDeniedException")), puts: true, says: "put parameter"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, `ec2: [{account: vendor, region: us-east-1, images: [{name: old}, {name: new}, {name: theirs}]}]`)
			id := map[string]string{"old": f.image(t, "old").ID, "new": f.image(t, "new").ID, "theirs": f.image(t, "theirs").ID}
			f.Desired.Control.Override = true // a pause is read by the call that is refused here
			client := f.Clients.SSM(home)
			if c.now != "" {
				if _, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String(name), Value: aws.String(id[c.now]), Type: ssmtypes.ParameterTypeString}); err != nil {
					t.Fatal(err)
				}
			}
			if c.fault != nil {
				f.box.Meets(t, *c.fault)
			}
			before := len(f.box.Calls(t, "PutParameter"))
			_, err := f.Do(t.Context(), plan.Action{Target: at(home), Guard: plan.Guard{Parameter: id[c.seen]}, Change: plan.PutParameter{Name: name, Value: id["new"]}})
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) || errors.Is(err, ErrChanged) != (c.says == "changed since") {
				t.Errorf("got %v, want %q", err, c.says)
			}
			if puts := len(f.box.Calls(t, "PutParameter")) > before; puts != c.puts {
				t.Errorf("put: %v, want %v", puts, c.puts)
			}
			f.box.Meets(t)
			if got := f.parameterValue(t, name); got != id[c.want] {
				t.Errorf("it is %q, want %q", got, id[c.want])
			}
		})
	}
}

// parameterValue reads a parameter a minute later: SSM first looks whether there is
// such an image.
func (f *fixture) parameterValue(t *testing.T, name string) string {
	t.Helper()
	f.later(t, time.Minute)
	out, err := f.Clients.SSM(home).GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Parameters) == 0 {
		return ""
	}
	return aws.ToString(out.Parameters[0].Value)
}

func (f *fixture) later(t *testing.T, d time.Duration) {
	t.Helper()
	if _, err := f.box.Advance(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

// TestRaise: there is one open request for a quota; a second one is no trouble, a
// refusal is.
func TestRaise(t *testing.T) {
	f := newFixture(t, `quotas: {outcomes: [{account: vendor, end: never}]}`)
	act := plan.Action{Target: at(home), Change: plan.RaiseQuota{Quota: world.QuotaPublicAMIs, Limit: 30}}
	first, err := f.Do(t.Context(), act)
	if err != nil || first.Made == "" {
		t.Fatal(first, err)
	}
	if second, err := f.Do(t.Context(), act); err != nil || second.Made != "" {
		t.Errorf("while it is open: %v, %v", second, err)
	}
	open, err := f.Clients.Quotas(home).ListRequestedServiceQuotaChangeHistory(t.Context(), &servicequotas.ListRequestedServiceQuotaChangeHistoryInput{})
	if err != nil || len(open.RequestedQuotas) != 1 || aws.ToFloat64(open.RequestedQuotas[0].DesiredValue) != 30 {
		t.Errorf("%d requests, %v", len(open.RequestedQuotas), err)
	}
	f.box.Meets(t, refuses("RequestServiceQuotaIncrease", "AccessDeniedException"))
	if _, err := f.Do(t.Context(), act); awsapi.Code(err) != "AccessDeniedException" || !strings.Contains(err.Error(), "ask for 30 of quota "+world.QuotaPublicAMIs+" in us-east-1") {
		t.Errorf("refused: %v", err)
	}
}

// TestAllow: block public access is off afterwards, or the error says where it is not.
func TestAllow(t *testing.T) {
	f := newFixture(t, "ec2: [{account: vendor, region: us-east-1, block_public_access: true, images: [{name: ours}]}]")
	act := plan.Action{Target: at(home), Change: plan.AllowPublic{}}
	f.box.Meets(t, refuses("DisableImageBlockPublicAccess", "UnauthorizedOperation"))
	if _, err := f.Do(t.Context(), act); awsapi.Code(err) != "UnauthorizedOperation" || !strings.Contains(err.Error(), home) {
		t.Errorf("refused: %v", err)
	}
	f.box.Meets(t)
	if _, err := f.Do(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	f.later(t, 11*time.Minute)
	if _, err := f.Do(t.Context(), f.step(t, plan.Publish, "ours")); err != nil || !f.image(t, "ours").Public {
		t.Errorf("and then: %v", err)
	}
}

// TestPublicSnapshots: the snapshots of an AMI are public afterwards, once no block is in the
// way, and the AMI is as it was; each refusal names the snapshot and the region.
func TestPublicSnapshots(t *testing.T) {
	f := newFixture(t, "ec2: [{account: vendor, region: us-east-1, snapshot_block_public_access: block-all-sharing, images: [{name: ours}]}]")
	public := f.step(t, plan.PublishSnapshot, "ours")
	snapshot := public.Image().Snapshots[0]
	if _, err := f.Do(t.Context(), public); awsapi.Code(err) != "OperationNotPermitted" || !strings.Contains(err.Error(), snapshot+" in us-east-1") {
		t.Errorf("blocked: %v", err)
	}
	allow := plan.Action{Target: at(home), Change: plan.UnblockSnapshots{}}
	f.box.Meets(t, refuses("DisableSnapshotBlockPublicAccess", "UnauthorizedOperation"))
	if _, err := f.Do(t.Context(), allow); awsapi.Code(err) != "UnauthorizedOperation" || !strings.Contains(err.Error(), home) {
		t.Errorf("refused: %v", err)
	}
	f.box.Meets(t)
	for _, act := range []plan.Action{allow, public, public} { // a step that is repeated changes nothing more
		if _, err := f.Do(t.Context(), act); err != nil {
			t.Fatal(err)
		}
	}
	permissions, err := observe.VolumePermissions(t.Context(), f.Clients.EC2(home), home, snapshot)
	if err != nil || !slices.Equal(observe.Restorers(permissions), []string{record.Everybody}) || f.image(t, "ours").Public {
		t.Errorf("%v: %+v", err, permissions)
	}
}

// TestShareWithOrganizations: they may launch the AMI, and what they can't have is not asked
// for; revoked, none of it is left.
func TestShareWithOrganizations(t *testing.T) {
	organizations := []string{"arn:aws:organizations::123456789012:organization/o-a1b2c3d4e5", "arn:aws:organizations::123456789012:ou/o-a1b2c3d4e5/ou-ab12-11111111"}
	f := newFixture(t, "ec2: [{account: vendor, region: us-east-1, images: [{name: ours}]}]")
	act := f.step(t, plan.Share, "ours")
	plan.Edit(&act, func(c *plan.ShareImage) { c.Organizations = organizations })
	if _, err := f.Do(t.Context(), act); err != nil || slices.Contains(f.changed(t), "ModifySnapshotAttribute") {
		t.Fatal(err, f.changed(t))
	}
	launchers := func() []string {
		permissions, err := observe.LaunchPermissions(t.Context(), f.Clients.EC2(home), home, act.Image().AMI)
		if err != nil {
			t.Fatal(err)
		}
		return observe.Launchers(permissions)
	}
	if got := launchers(); !slices.Equal(got, organizations) {
		t.Errorf("%v", got)
	}
	if _, err := f.Do(t.Context(), f.step(t, plan.Close, "ours")); err != nil || len(launchers()) > 0 {
		t.Errorf("%v: %v", err, launchers())
	}
}
