package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"

	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/release"
)

// submit offers a version to Marketplace, has it tried, or takes others from new
// buyers. It rests on the revision of the product that the plan saw: Marketplace
// refuses an older one. A second try with the same token is answered with the first
// one's change set.
func (a *Applier) submit(ctx context.Context, act plan.Action) (Result, error) {
	client, err := a.catalog(act.Target)
	if err != nil {
		return Result{}, err
	}
	intent := types.IntentApply
	if act.Kind == plan.Validate {
		intent = types.IntentValidate
	}
	out, err := client.StartChangeSet(ctx, &marketplacecatalog.StartChangeSetInput{
		Catalog: aws.String(marketplace.Catalog), ChangeSetName: aws.String(act.Name), ClientRequestToken: aws.String(act.Token),
		ChangeSetTags: catalogTags(act.Tags), Intent: intent,
		ChangeSet: changes(act),
	})
	if awsapi.IsInvalid(err) && a.moved(ctx, client, act) {
		return Result{}, fmt.Errorf("submit to %s: the product: %w", act.Target.Listing, ErrChanged)
	}
	if err != nil {
		return Result{}, fmt.Errorf("submit to %s: %w", act.Target.Listing, err)
	}
	return Result{Made: aws.ToString(out.ChangeSetId)}, nil
}

// changes are those of one change set: to add a version, to restrict others, or
// both at once.
func changes(act plan.Action) []types.Change {
	entity := &types.Entity{Type: aws.String(marketplace.EntityType), Identifier: aws.String(act.Seen)}
	var out []types.Change
	if act.Value != "" {
		out = append(out, types.Change{ChangeType: aws.String(marketplace.AddDeliveryOptions), Details: aws.String(act.Value), Entity: entity})
	}
	if len(act.Options) > 0 {
		out = append(out, types.Change{
			ChangeType: aws.String(marketplace.RestrictDeliveryOptions), Details: aws.String(marketplace.Restriction(act.Options)), Entity: entity,
		})
	}
	return out
}

// moved reports whether the product has another revision by now.
func (a *Applier) moved(ctx context.Context, client *marketplacecatalog.Client, act plan.Action) bool {
	l, err := a.Desired.Listing(act.Target.Listing)
	if err != nil {
		return false
	}
	out, err := client.DescribeEntity(ctx, &marketplacecatalog.DescribeEntityInput{
		Catalog: aws.String(marketplace.Catalog), EntityId: aws.String(l.Product),
	})
	return err == nil && aws.ToString(out.EntityIdentifier) != act.Seen
}

// cancel takes a change set of somebody else away, if it is still the one that a
// person was shown, and still to be cancelled.
func (a *Applier) cancel(ctx context.Context, act plan.Action) (Result, error) {
	client, err := a.catalog(act.Target)
	if err != nil {
		return Result{}, err
	}
	now, err := client.DescribeChangeSet(ctx, &marketplacecatalog.DescribeChangeSetInput{
		Catalog: aws.String(marketplace.Catalog), ChangeSetId: aws.String(act.Set),
	})
	if err != nil {
		return Result{}, fmt.Errorf("read change set %s again: %w", act.Set, err)
	}
	if now.Status != types.ChangeStatusPreparing || plan.SeenSet(act.Set, observe.Details(now)) != act.Seen {
		return Result{}, fmt.Errorf("cancel change set %s: %w: it is %s", act.Set, ErrChanged, now.Status)
	}
	_, err = client.CancelChangeSet(ctx, &marketplacecatalog.CancelChangeSetInput{
		Catalog: aws.String(marketplace.Catalog), ChangeSetId: aws.String(act.Set),
	})
	if awsapi.IsEntityLocked(err) || awsapi.IsInvalid(err) { // it has just moved on
		return Result{}, fmt.Errorf("cancel change set %s: %w: %s", act.Set, ErrChanged, awsapi.Text(err))
	}
	if err != nil {
		return Result{}, fmt.Errorf("cancel change set %s: %w", act.Set, err)
	}
	return Result{Made: act.Set}, nil
}

// catalog is the client of the account that a listing belongs to.
func (a *Applier) catalog(k release.Key) (*marketplacecatalog.Client, error) {
	l, err := a.Desired.Listing(k.Listing)
	if err != nil {
		return nil, err
	}
	return a.Clients.As(l.Role).Marketplace(), nil
}

func catalogTags(tags map[string]string) []types.Tag {
	var out []types.Tag
	for _, t := range tagList(tags) {
		out = append(out, types.Tag{Key: t.Key, Value: t.Value})
	}
	return out
}
