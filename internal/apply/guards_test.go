package apply

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
	"amiship/internal/record"
)

// onImages are the steps that rest on an image as the plan saw it, with what they
// are told beside it.
func onImages() map[plan.Kind]plan.Change {
	stage := plan.Tags{record.TagStage: "1:demoted"}
	return map[plan.Kind]plan.Change{
		plan.Publish:         plan.PublishImage{},
		plan.PublishSnapshot: plan.PublishSnapshots{},
		plan.IMDS:            plan.RequireIMDS{Support: "v2.0"},
		plan.Demote:          plan.DemoteImage{Tags: stage},
		plan.Deprecate:       plan.DeprecateImage{Tags: stage, At: time.Now().Add(time.Hour).UTC()},
		plan.Disable:         plan.DisableImage{Tags: stage},
		plan.Remove:          plan.RemoveImage{},
		plan.Discard:         plan.DiscardImage{},
		plan.Adopt:           plan.AdoptImage{Tags: plan.Tags{record.TagProject: "1:p"}},
		plan.Withdraw:        plan.WithdrawImage{Tags: stage},
		plan.Close:           plan.CloseImage{},
		plan.Waive:           plan.RecordWaiver{Tags: plan.Tags{record.TagWaived: "1:"}},
	}
}

const oneImage = `ec2: [{account: vendor, region: us-east-1, images: [{name: ours, created: 31d, public: true, tags: {"amiship:project": "1:p"}}]}]`

// TestStepsReadAgain: no step changes an AMI that is not as it was shown, that is
// gone, or that can't be read.
func TestStepsReadAgain(t *testing.T) {
	for kind, change := range onImages() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, oneImage)
			act := f.step(t, kind, "ours")
			act.Change = about(change, act.Image())
			refused := func(why, says string, changed bool) {
				t.Helper()
				before := len(f.changed(t))
				_, err := f.Do(t.Context(), act)
				if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), act.Image().AMI) || errors.Is(err, ErrChanged) != changed {
					t.Errorf("%s: got %v; ErrChanged: %v", why, err, errors.Is(err, ErrChanged))
				}
				if did := f.changed(t)[before:]; len(did) > 0 {
					t.Errorf("%s: it called %v", why, did)
				}
			}
			f.box.Meets(t, refuses("DescribeImages", "UnauthorizedOperation"))
			refused("can't be read", "UnauthorizedOperation", false)
			f.box.Meets(t)
			f.tag(t, act.Image().AMI, "Keep", "yes")
			refused("is tagged since", home, true)
			act.Change = about(change, plan.Image{AMI: "ami-00000000000000000"})
			refused("is gone", "it is gone", true)
		})
	}
}

// TestStepsAreRefused: what AWS refuses is an error with the AMI, the region and
// AWS's code, and no kind of "done".
func TestStepsAreRefused(t *testing.T) {
	calls := map[plan.Kind]string{
		plan.PublishSnapshot: "ModifySnapshotAttribute", plan.Publish: "ModifyImageAttribute", plan.IMDS: "ModifyImageAttribute", plan.Demote: "ModifyImageAttribute",
		plan.Deprecate: "EnableImageDeprecation", plan.Disable: "DisableImage", plan.Remove: "DeregisterImage", plan.Discard: "DeregisterImage",
		plan.Adopt: "CreateTags", plan.Withdraw: "CreateTags", plan.Close: "ModifyImageAttribute", plan.Waive: "CreateTags",
	}
	for kind, change := range onImages() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, oneImage)
			act := f.step(t, kind, "ours")
			act.Change = about(change, act.Image())
			f.box.Meets(t, refuses(calls[kind], "UnauthorizedOperation"))
			res, err := f.Do(t.Context(), act)
			if awsapi.Code(err) != "UnauthorizedOperation" || errors.Is(err, ErrChanged) || res != (Result{}) {
				t.Fatalf("made %q, %v", res.Made, err)
			}
			if !strings.Contains(err.Error(), act.Image().AMI) || strings.Contains(err.Error(), "%!") {
				t.Errorf("%v does not name %s", err, act.Image().AMI)
			}
			f.box.Meets(t)
			if kind != plan.Demote && kind != plan.Deprecate && kind != plan.Disable { // these write their stage first
				if now := f.image(t, "ours"); plan.Seen(now) != act.Guard.Image {
					t.Errorf("it is %+v now", now)
				}
			}
		})
	}
}

func (f *fixture) tag(t *testing.T, id, key, value string) {
	t.Helper()
	_, err := f.Clients.EC2(home).CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: aws.String(key), Value: aws.String(value)}}})
	if err != nil {
		t.Fatal(err)
	}
}

type dance struct{}

func (dance) Kind() plan.Kind { return "dance" }

// TestUnknownStep: there is a way to do each kind of step, and an error for others.
func TestUnknownStep(t *testing.T) {
	_, err := newFixture(t, "").Do(t.Context(), plan.Action{ID: "dance/p", Change: dance{}})
	if err == nil || !strings.Contains(err.Error(), "dance/p") {
		t.Errorf("got %v", err)
	}
}

// TestNotHeld: nothing long is begun without its claim.
func TestNotHeld(t *testing.T) {
	for _, kind := range []plan.Kind{plan.Build, plan.Test} {
		f := newFixture(t, "")
		f.Desired = buildsIn("")
		_, err := f.Do(t.Context(), plan.Action{Target: at(home), Change: kind.Change()})
		if !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), "is not held") || len(f.changed(t)) > 0 {
			t.Errorf("%s: %v, after %v", kind, err, f.changed(t))
		}
	}
}

// TestNotOfThisRelease: steps of a variant that the release lacks do nothing.
func TestNotOfThisRelease(t *testing.T) {
	for _, kind := range []plan.Kind{plan.Claim, plan.Build, plan.Test, plan.Copy} {
		f := newFixture(t, "")
		_, err := f.Do(t.Context(), plan.Action{Target: at(home), Change: kind.Change()})
		if err == nil || !strings.Contains(err.Error(), "no variant p/amd64") || len(f.changed(t)) > 0 {
			t.Errorf("%s: %v, after %v", kind, err, f.changed(t))
		}
	}
}
