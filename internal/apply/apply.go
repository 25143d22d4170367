// Package apply does the steps of a plan: one file for each kind, each safe to
// repeat.
//
// What a newcomer would get wrong: a step that cannot be undone reads its
// target again just before it acts, and refuses (ErrChanged) if the facts it
// rests on are no longer those that the plan saw.
package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/observe"
	"amiship/internal/packer"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// ErrChanged says that AWS is no longer as the plan saw it: look again.
var ErrChanged = errors.New("changed since it was looked at")

// Applier does steps for one run of one release.
type Applier struct {
	Clients *awsapi.Clients
	Desired release.Desired
	Packer  packer.Runner
	RunID   string // ours, on claims
	Secret  func(context.Context, release.Secret) ([]byte, error)
	Log     *slog.Logger
	Poll    time.Duration // between two looks at machines that start, answer or end
	Logs    string        // directory for what machines of failed boot tests have written

	hearts hearts
}

// Result is what a step made.
type Result struct{ Made string } // an AMI, a claim's group, or a change set

// Do does one step.
func (a *Applier) Do(ctx context.Context, act plan.Action) (Result, error) {
	steps := map[plan.Kind]func(context.Context, plan.Action) (Result, error){
		plan.Claim: a.claim, plan.Build: a.build, plan.Adopt: a.adopt, plan.Unclaim: a.unclaim,
		plan.Copy: a.copyImage, plan.Share: a.share, plan.Publish: a.publish, plan.Parameter: a.parameter,
		plan.IMDS: a.imds, plan.Test: a.test, plan.Demote: a.demote, plan.Remove: a.remove, plan.Discard: a.remove,
		plan.Deprecate: a.deprecate, plan.Disable: a.disable,
		plan.Raise: a.raise, plan.Allow: a.allow,
		plan.Validate: a.submit, plan.ChangeSet: a.submit, plan.Restrict: a.submit, plan.Cancel: a.cancel,
		plan.Withdraw: a.withdraw, plan.Close: a.closeImage, plan.Waive: a.waive,
	}
	do, ok := steps[act.Kind]
	if !ok {
		return Result{}, fmt.Errorf("no way to do %s", act.ID)
	}
	res, err := do(ctx, act)
	attrs := []any{"step", act.ID, "made", res.Made}
	if err != nil {
		attrs = append(attrs, "error", err)
	}
	a.Log.Info("done", attrs...)
	return res, err
}

// Close ends what only this process keeps alive: the renewal of its claims.
func (a *Applier) Close() { a.hearts.stopAll() }

// Touches names the facts that a step may have changed; they are read again
// when it has ended.
func Touches(act plan.Action, d release.Desired) []world.Query {
	region := act.Target.Region
	if act.Target.Account != "" {
		return []world.Query{{Kind: world.LookAbroad, Region: region, Account: act.Target.Account}}
	}
	switch act.Kind {
	case plan.Claim:
		// And what another run made before it gave the claim back: who holds
		// the claim sees it.
		out := []world.Query{{Kind: world.LookClaims, Region: region}, {Kind: world.LookImages, Region: region}}
		for _, t := range d.Targets {
			if t.Region != region {
				out = append(out, world.Query{Kind: world.LookImages, Region: t.Region})
			}
		}
		return out
	case plan.Raise, plan.Allow:
		return []world.Query{{Kind: world.LookLimits, Region: region}}
	case plan.Unclaim:
		return []world.Query{{Kind: world.LookClaims, Region: region}}
	case plan.Validate, plan.ChangeSet, plan.Restrict, plan.Cancel:
		return []world.Query{{Kind: world.LookListing, Listing: act.Target.Listing}}
	case plan.Parameter:
		return []world.Query{{Kind: world.LookParams, Region: region}}
	case plan.Close:
		out := []world.Query{{Kind: world.LookImages, Region: region}}
		for _, account := range act.Accounts {
			out = append(out, world.Query{Kind: world.LookGrants, Region: region, Account: account})
		}
		return out
	case plan.Share:
		var out []world.Query
		for _, account := range d.SharedIn(region) {
			out = append(out, world.Query{Kind: world.LookGrants, Region: region, Account: account})
		}
		return out
	default:
		return []world.Query{{Kind: world.LookImages, Region: region}}
	}
}

// again reads an image and refuses to go on if it is not as the plan saw it.
func (a *Applier) again(ctx context.Context, act plan.Action) (world.Image, error) {
	out, err := a.ec2(act.Target).DescribeImages(ctx, &ec2.DescribeImagesInput{
		ImageIds: []string{act.AMI}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	if awsapi.IsNotFound(err) || err == nil && len(out.Images) == 0 {
		return world.Image{}, fmt.Errorf("%s in %s: %w: it is gone", act.AMI, act.Target.Region, ErrChanged)
	}
	if err != nil {
		return world.Image{}, fmt.Errorf("read %s in %s again: %w", act.AMI, act.Target.Region, err)
	}
	image := observe.Image(out.Images[0])
	if plan.Seen(image) != act.Seen {
		return image, fmt.Errorf("%s in %s: %w", act.AMI, act.Target.Region, ErrChanged)
	}
	return image, nil
}

// ec2 is the client of the place of a step: of our account, or of the one that a
// listing belongs to.
func (a *Applier) ec2(k release.Key) *ec2.Client {
	role := ""
	for _, l := range a.Desired.Listings {
		if k.Account != "" && l.Account == k.Account {
			role = l.Role
		}
	}
	return a.Clients.As(role).EC2(k.Region)
}

func (a *Applier) variant(k release.Key) (release.Variant, error) {
	i := slices.IndexFunc(a.Desired.Variants, func(v release.Variant) bool { return v.Image == k.Image && v.Arch == k.Arch })
	if i < 0 {
		return release.Variant{}, fmt.Errorf("no variant %s in this release", k.Variant())
	}
	return a.Desired.Variants[i], nil
}

// tagList spells tags for EC2, sorted so that equal requests are equal.
func tagList(tags map[string]string) []types.Tag {
	out := make([]types.Tag, 0, len(tags))
	for k, v := range tags {
		out = append(out, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	slices.SortFunc(out, func(x, y types.Tag) int {
		if *x.Key < *y.Key {
			return -1
		}
		return 1
	})
	return out
}

func specification(resource types.ResourceType, tags map[string]string) types.TagSpecification {
	return types.TagSpecification{ResourceType: resource, Tags: tagList(tags)}
}
