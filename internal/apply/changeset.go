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

// changeSets submits change sets of listings, and cancels them.
type changeSets struct{ targets }

// submit offers a version to Marketplace, has it tried, or takes others from new
// buyers. It rests on the revision of the product that the plan saw: Marketplace
// refuses an older one. A second try with the same token is answered with the first
// one's change set.
func (c changeSets) submit(ctx context.Context, act plan.Action) (Result, error) {
	client, err := c.catalog(act.Target)
	if err != nil {
		return Result{}, err
	}
	set, intent := plan.As[plan.SubmitChangeSet](act), types.IntentApply
	if set.For == plan.Validate {
		intent = types.IntentValidate
	}
	out, err := client.StartChangeSet(ctx, &marketplacecatalog.StartChangeSetInput{
		Catalog: aws.String(marketplace.Catalog), ChangeSetName: aws.String(set.SetName), ClientRequestToken: aws.String(set.Token),
		ChangeSetTags: catalogTags(set.Tags), Intent: intent,
		ChangeSet: changes(act.Guard.Product, set),
	})
	if awsapi.IsInvalid(err) {
		return Result{}, fmt.Errorf("submit to %s: %w", act.Target.Listing, c.refusal(ctx, client, act, err))
	}
	if err != nil {
		return Result{}, fmt.Errorf("submit to %s: %w", act.Target.Listing, err)
	}
	return Result{Made: aws.ToString(out.ChangeSetId)}, nil
}

// changes are those of one change set: to add a version, to restrict others, or
// both at once.
func changes(product string, c plan.SubmitChangeSet) []types.Change {
	entity := &types.Entity{Type: aws.String(marketplace.EntityType), Identifier: aws.String(product)}
	var out []types.Change
	if c.Details != "" {
		out = append(out, types.Change{ChangeType: aws.String(marketplace.AddDeliveryOptions), Details: aws.String(c.Details), Entity: entity})
	}
	if len(c.Options) > 0 {
		out = append(out, types.Change{
			ChangeType: aws.String(marketplace.RestrictDeliveryOptions), Details: aws.String(marketplace.Restriction(c.Options)), Entity: entity,
		})
	}
	return out
}

// refusal says why Marketplace refused a request as invalid: because the product has
// another revision by now, or for what is wrong with it. Where the product cannot be
// read that is not known, and the error is the read's: the refusal alone would be
// taken for final.
func (c changeSets) refusal(ctx context.Context, client *marketplacecatalog.Client, act plan.Action, refused error) error {
	l, err := c.desired.Listing(act.Target.Listing)
	if err != nil {
		return err
	}
	out, err := client.DescribeEntity(ctx, &marketplacecatalog.DescribeEntityInput{
		Catalog: aws.String(marketplace.Catalog), EntityId: aws.String(l.Product),
	})
	switch {
	case err != nil:
		return fmt.Errorf("refused (%s), perhaps because the product has changed: read %s again: %w", awsapi.Text(refused), l.Product, err)
	case aws.ToString(out.EntityIdentifier) != act.Guard.Product:
		return fmt.Errorf("the product: %w", ErrChanged)
	}
	return refused
}

// cancel cancels a change set that this release did not submit, if it is still
// the one that the operator was shown, and can still be cancelled.
func (c changeSets) cancel(ctx context.Context, act plan.Action) (Result, error) {
	client, err := c.catalog(act.Target)
	if err != nil {
		return Result{}, err
	}
	set := plan.As[plan.CancelChangeSet](act).ChangeSet
	now, err := client.DescribeChangeSet(ctx, &marketplacecatalog.DescribeChangeSetInput{
		Catalog: aws.String(marketplace.Catalog), ChangeSetId: aws.String(set),
	})
	if err != nil {
		return Result{}, fmt.Errorf("read change set %s again: %w", set, err)
	}
	if now.Status != types.ChangeStatusPreparing || plan.SeenSet(set, observe.Details(now)) != act.Guard.ChangeSet {
		return Result{}, fmt.Errorf("cancel change set %s: %w: it is %s", set, ErrChanged, now.Status)
	}
	_, err = client.CancelChangeSet(ctx, &marketplacecatalog.CancelChangeSetInput{
		Catalog: aws.String(marketplace.Catalog), ChangeSetId: aws.String(set),
	})
	if awsapi.IsEntityLocked(err) || awsapi.IsInvalid(err) { // it has just moved on
		return Result{}, fmt.Errorf("cancel change set %s: %w: %s", set, ErrChanged, awsapi.Text(err))
	}
	if err != nil {
		return Result{}, fmt.Errorf("cancel change set %s: %w", set, err)
	}
	return Result{Made: set}, nil
}

// catalog is the client of the account that a listing belongs to.
func (c changeSets) catalog(k release.Key) (*marketplacecatalog.Client, error) {
	l, err := c.desired.Listing(k.Listing)
	if err != nil {
		return nil, err
	}
	return c.clients.As(l.Role, l.ExternalID).Marketplace(), nil
}

func catalogTags(tags map[string]string) []types.Tag {
	var out []types.Tag
	for _, t := range tagList(tags) {
		out = append(out, types.Tag{Key: t.Key, Value: t.Value})
	}
	return out
}
