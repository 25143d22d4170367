package probe

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"

	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
)

// changeSet is the run's, which only validates a version.
type changeSet struct {
	id  string
	err error
}

func listingStatements() []Statement {
	starts := []string{"aws-marketplace:StartChangeSet", "iam:PassRole"}
	return []Statement{
		{
			Number: 201, Name: "change-set-name", Makes: "a change set that only validates a version, and is cancelled; outside us-east-1, a copy of that AMI there", Mark: Verified, Group: Validates, Want: "ValidationException", Needs: []*Thing{imageThing()}, Actions: starts,
			Does: "StartChangeSet with a slash in the name is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				in, err := a.validation(ctx, "1")
				if err == nil {
					in.ChangeSetName = aws.String(a.name("a/b"))
					err = a.start(ctx, in)
				}
				return err
			}),
		},
		{
			Number: 202, Name: "validate-restriction", Makes: "a change set that only validates a version, and is cancelled; outside us-east-1, a copy of that AMI there", Mark: Documented, Group: Validates, Want: "ValidationException", Actions: starts,
			Does: "StartChangeSet with the intent VALIDATE is refused for anything but a new version.",
			ask: call(func(ctx context.Context, a *asker) error {
				in := a.request("2", marketplace.RestrictDeliveryOptions, marketplace.Restriction([]string{"00000000-0000-0000-0000-000000000000"}))
				return a.start(ctx, in)
			}),
		},
		{
			Number: 203, Name: "validate", Cents: snapshotDay, Makes: "a change set that only validates a version, and is cancelled; outside us-east-1, a copy of that AMI there", Mark: Documented, Group: Validates, Want: accepted, Needs: []*Thing{imageThing()}, Actions: starts,
			Does: "StartChangeSet with the intent VALIDATE for a new version is accepted.",
			ask:  call(func(ctx context.Context, a *asker) error { return a.validating(ctx).err }),
		},
		{
			Number: 204, Name: "change-set-token", Makes: "a change set that only validates a version, and is cancelled; outside us-east-1, a copy of that AMI there", Mark: Documented, Group: Validates, Want: "the same change set", Needs: []*Thing{imageThing()}, Actions: starts,
			Does: "The same StartChangeSet with the same token answers with the first one's change set.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				set := a.validating(ctx)
				in, err := a.validation(ctx, "validate")
				if err := firstOf(unasked(set.err), err); err != nil {
					return "", err
				}
				out, err := a.Clients.Marketplace().StartChangeSet(ctx, in)
				switch {
				case err != nil:
					return a.answer(err)
				case aws.ToString(out.ChangeSetId) == set.id:
					return "the same change set", nil
				}
				a.note(marketplace.Region, ChangeSet, aws.ToString(out.ChangeSetId))
				return "another change set", nil
			},
		},
		{
			Number: 205, Name: "change-set-token-reused", Makes: "a change set that only validates a version, and is cancelled; outside us-east-1, a copy of that AMI there", Mark: Unknown, Setting: "marketplace.token_reused", Group: Validates, Want: "ValidationException", Needs: []*Thing{imageThing()}, Actions: starts,
			Does: "Another StartChangeSet with that token is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				set := a.validating(ctx)
				in, err := a.validation(ctx, "validate")
				if err := firstOf(unasked(set.err), err); err != nil {
					return err
				}
				in.ChangeSetName = aws.String(a.name("another"))
				return a.start(ctx, in)
			}),
		},
		{
			Number: 206, Name: "product-locked", Makes: "a change set that only validates a version, and is cancelled; outside us-east-1, a copy of that AMI there", Mark: Documented, Group: Validates, Want: "ResourceInUseException", Needs: []*Thing{imageThing()}, Actions: starts,
			Does: "A second version for the product while a change set adds one is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				set := a.validating(ctx)
				in, err := a.validation(ctx, "3")
				if err := firstOf(unasked(set.err), err); err != nil {
					return err
				}
				return a.start(ctx, in)
			}),
		},
		{
			Number: 207, Name: "cancel", Makes: "a change set that only validates a version, and is cancelled; outside us-east-1, a copy of that AMI there", Mark: Documented, Group: Validates, Want: "CANCELLED", Needs: []*Thing{imageThing()}, Actions: append(starts, "aws-marketplace:CancelChangeSet", "aws-marketplace:DescribeChangeSet"),
			Does: "CancelChangeSet ends a change set that is PREPARING.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				set := a.validating(ctx)
				if set.err != nil {
					return "", unasked(set.err)
				}
				if err := a.cancel(ctx, set.id); err != nil {
					return a.answer(err)
				}
				out, err := a.describeSet(ctx, set.id)
				return string(out), err
			},
		},
		{
			Number: 208, Name: "cancel-late", Makes: "a change set that only validates a version, and is cancelled; outside us-east-1, a copy of that AMI there", Mark: Unknown, Setting: "marketplace.cancel_refusal", Group: Validates, Want: "in_use", Needs: []*Thing{imageThing()}, Actions: append(starts, "aws-marketplace:CancelChangeSet", "aws-marketplace:DescribeChangeSet"),
			Does: "CancelChangeSet of one that is past PREPARING is refused with ResourceInUseException (in_use) or ValidationException (validation).",
			ask: func(ctx context.Context, a *asker) (string, error) {
				set := a.validating(ctx)
				if set.err != nil {
					return "", unasked(set.err)
				}
				state, err := a.describeSet(ctx, set.id)
				if err == nil && state == types.ChangeStatusPreparing {
					err = a.cancel(ctx, set.id)
				}
				if err != nil {
					return "", unasked(err)
				}
				got, err := a.answer(a.cancel(ctx, set.id))
				if word := map[string]string{"ResourceInUseException": "in_use", "ValidationException": "validation"}[got]; word != "" {
					got = word
				}
				return got, err
			},
		},
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// request is for a change set of one change, which is not applied.
func (a *asker) request(token, kind, details string) *marketplacecatalog.StartChangeSetInput {
	return &marketplacecatalog.StartChangeSetInput{
		Catalog: aws.String(marketplace.Catalog), ChangeSetName: aws.String(a.name(token)), ClientRequestToken: aws.String(a.name(token)), Intent: types.IntentValidate,
		ChangeSet: []types.Change{{
			ChangeType: &kind, Details: &details, Entity: &types.Entity{Type: aws.String(marketplace.EntityType), Identifier: &a.Product},
		}},
	}
}

// validation is a request to validate a version with the run's AMI.
func (a *asker) validation(ctx context.Context, token string) (*marketplacecatalog.StartChangeSetInput, error) {
	id := a.id(imageThing())
	if a.Region != marketplace.Region {
		if a.To != marketplace.Region {
			return nil, skipped("the AMI of a version must be in %s: it is neither --region nor --to", marketplace.Region)
		}
		// Another statement may have removed the copy: this one has one of its own.
		var err error
		if id, err = a.thing(ctx, listedThing()); err != nil {
			return nil, unasked(err)
		}
	}
	v := marketplace.Version{
		Title: a.name(token), ReleaseNotes: "Made by amiship probe, and never published.", AMI: id, AccessRole: a.AccessRole, User: "admin",
		OSName: "DEBIAN", OSVersion: "12", Usage: "None.", InstanceType: "t3.micro",
		SecurityGroups: []marketplace.SecurityGroup{{Protocol: "tcp", From: 22, To: 22, Ranges: []string{"10.0.0.0/16"}}},
	}
	return a.request(token, marketplace.AddDeliveryOptions, v.Details()), nil
}

// listedThing is what a version is validated with where the run's AMI is in another region.
func listedThing() *Thing {
	return &Thing{
		Name: "copy in us-east-1", Makes: "a copy of that AMI in us-east-1", make: func(ctx context.Context, a *asker) (string, error) {
			id, err := a.copy(ctx, a.copying("listed"))
			if err == nil {
				_, err = a.available(ctx, a.there, id)
			}
			return id, err
		},
	}
}

func (a *asker) start(ctx context.Context, in *marketplacecatalog.StartChangeSetInput) error {
	out, err := a.Clients.Marketplace().StartChangeSet(ctx, in)
	if err == nil {
		a.note(marketplace.Region, ChangeSet, aws.ToString(out.ChangeSetId))
	}
	return err
}

// validating is the run's change set, which is started once.
func (a *asker) validating(ctx context.Context) changeSet {
	if a.set != (changeSet{}) {
		return a.set
	}
	in, err := a.validation(ctx, "validate")
	if err == nil {
		var out *marketplacecatalog.StartChangeSetOutput
		if out, err = a.Clients.Marketplace().StartChangeSet(ctx, in); err == nil {
			a.set.id = aws.ToString(out.ChangeSetId)
			a.note(marketplace.Region, ChangeSet, a.set.id)
		}
	}
	a.set.err = err
	return a.set
}

func (a *asker) cancel(ctx context.Context, id string) error { return cancelSet(ctx, a.Clients, id) }

func cancelSet(ctx context.Context, clients *awsapi.Clients, id string) error {
	_, err := clients.Marketplace().CancelChangeSet(ctx, &marketplacecatalog.CancelChangeSetInput{Catalog: aws.String(marketplace.Catalog), ChangeSetId: &id})
	return err
}

func (a *asker) describeSet(ctx context.Context, id string) (types.ChangeStatus, error) {
	out, err := a.Clients.Marketplace().DescribeChangeSet(ctx, &marketplacecatalog.DescribeChangeSetInput{Catalog: aws.String(marketplace.Catalog), ChangeSetId: &id})
	if err != nil {
		return "", err
	}
	return out.Status, nil
}

// pendingSets are the change sets of probes that have not ended; of one run, if it is named.
func pendingSets(ctx context.Context, clients *awsapi.Clients, run string) (out []Leftover, err error) {
	pages := marketplacecatalog.NewListChangeSetsPaginator(clients.Marketplace(), &marketplacecatalog.ListChangeSetsInput{
		Catalog: aws.String(marketplace.Catalog), FilterList: []types.Filter{{Name: aws.String("Status"), ValueList: []string{string(types.ChangeStatusPreparing)}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, set := range page.ChangeSetSummaryList {
			rest, ok := strings.CutPrefix(aws.ToString(set.ChangeSetName), namePrefix)
			if of, _, _ := strings.Cut(rest, "-"); ok && (run == "" || of == run) {
				out = append(out, Leftover{Region: marketplace.Region, Kind: ChangeSet, ID: aws.ToString(set.ChangeSetId), Run: of})
			}
		}
	}
	return out, nil
}
