package observe

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"

	"amiship/internal/marketplace"
	"amiship/internal/release"
	"amiship/internal/world"
)

// newest is how many change sets of a listing are read: one page.
const newest = 20

// listing reads a product and its newest change sets: two calls. Each is a fact
// of its own.
func (o *Observer) listing(ctx context.Context, q world.Query) (noted, error) {
	var sets []world.ChangeSet
	var entity world.Entity
	l, err := o.Desired.Listing(q.Listing)
	setsErr := err
	if err == nil {
		client := o.Clients.As(l.Role, l.ExternalID).Marketplace()
		// The product last: a version that a change set has added, which had
		// ended when it was read, is in it.
		sets, setsErr = changeSets(ctx, client, l.Product)
		entity, err = entityOf(ctx, client, l.Product)
	}
	return func(w *world.World, at time.Time, _ string) {
		f := w.Listings[q.Listing]
		f.Entity = world.Fact[world.Entity]{At: at, Err: reason(q, err), Val: entity}
		f.Sets = world.Fact[[]world.ChangeSet]{At: at, Err: reason(q, setsErr), Val: sets}
		w.Listings[q.Listing] = f
	}, cmp.Or(err, setsErr)
}

func entityOf(ctx context.Context, client *marketplacecatalog.Client, product string) (world.Entity, error) {
	out, err := client.DescribeEntity(ctx, &marketplacecatalog.DescribeEntityInput{
		Catalog: aws.String(marketplace.Catalog), EntityId: aws.String(product),
	})
	if err != nil {
		return world.Entity{}, fmt.Errorf("describe the product %s: %w", product, err)
	}
	var d entityDetails
	if err := json.Unmarshal([]byte(aws.ToString(out.Details)), &d); err != nil {
		return world.Entity{}, fmt.Errorf("read the details of the product %s: %w", product, err)
	}
	return d.entity(aws.ToString(out.EntityIdentifier)), nil
}

// entityDetails is the part of a product's description that is read
// (docs/reference/aws.md#describeentity).
type entityDetails struct {
	Description struct{ ProductTitle, ProductCode, Visibility string }
	// RegionAvailability.Regions names all regions, or those it is offered in.
	RegionAvailability struct{ Regions []string }
	Versions           []struct {
		ID              string `json:"Id"`
		VersionTitle    string
		CreationDate    time.Time
		Sources         []struct{ Image, Architecture string }
		DeliveryOptions []struct {
			ID         string `json:"Id"`
			Visibility string
		}
	}
}

func (d entityDetails) entity(revision string) world.Entity {
	e := world.Entity{
		Revision: revision, Title: d.Description.ProductTitle, Visibility: d.Description.Visibility, Code: d.Description.ProductCode,
		Regions: d.RegionAvailability.Regions,
	}
	for _, v := range d.Versions {
		version := world.Version{ID: v.ID, Title: v.VersionTitle, Created: v.CreationDate}
		for _, s := range v.Sources {
			version.AMI, version.Arch = s.Image, arch(s.Architecture)
		}
		for _, option := range v.DeliveryOptions {
			version.Options = append(version.Options, world.Option{ID: option.ID, Visibility: option.Visibility})
		}
		e.Versions = append(e.Versions, version)
	}
	return e
}

// changeSets are the newest of a product, in every state.
func changeSets(ctx context.Context, client *marketplacecatalog.Client, product string) ([]world.ChangeSet, error) {
	out, err := client.ListChangeSets(ctx, &marketplacecatalog.ListChangeSetsInput{
		Catalog: aws.String(marketplace.Catalog), MaxResults: aws.Int32(newest),
		FilterList: []types.Filter{{Name: aws.String("EntityId"), ValueList: []string{product}}},
		Sort:       &types.Sort{SortBy: aws.String("StartTime"), SortOrder: types.SortOrderDescending},
	})
	if err != nil {
		return nil, fmt.Errorf("list the change sets of %s: %w", product, err)
	}
	var all []world.ChangeSet
	for _, s := range out.ChangeSetSummaryList {
		set := world.ChangeSet{
			ID: aws.ToString(s.ChangeSetId), Name: aws.ToString(s.ChangeSetName), Status: string(s.Status), FailureCode: string(s.FailureCode),
		}
		set.Start, _ = time.Parse(time.RFC3339, aws.ToString(s.StartTime))
		set.End, _ = time.Parse(time.RFC3339, aws.ToString(s.EndTime)) // none while it is pending
		all = append(all, set)
	}
	return all, nil
}

// changeSet reads what one requests, what was wrong with it, and its tags, which
// identify its owner.
func (o *Observer) changeSet(ctx context.Context, q world.Query) (world.SetDetails, error) {
	l, err := o.Desired.Listing(q.Listing)
	if err != nil {
		return world.SetDetails{}, err
	}
	client := o.Clients.As(l.Role, l.ExternalID).Marketplace()
	out, err := client.DescribeChangeSet(ctx, &marketplacecatalog.DescribeChangeSetInput{
		Catalog: aws.String(marketplace.Catalog), ChangeSetId: aws.String(q.Set),
	})
	if err != nil {
		return world.SetDetails{}, fmt.Errorf("describe the change set %s: %w", q.Set, err)
	}
	d := Details(out)
	if set := (world.ChangeSet{Status: d.Status}); !set.Pending() {
		fetchReports(ctx, aws.ToString(client.Options().BaseEndpoint), d)
		refusedControls(ctx, client, q.Set, &d)
		return d, nil
	}
	tags, err := client.ListTagsForResource(ctx, &marketplacecatalog.ListTagsForResourceInput{ResourceArn: out.ChangeSetArn})
	if err != nil {
		return world.SetDetails{}, fmt.Errorf("list the tags of the change set %s: %w", q.Set, err)
	}
	for _, t := range tags.Tags {
		d.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return d, nil
}

// Details turns Marketplace's description of a change set into ours; its tags
// are not in it.
func Details(out *marketplacecatalog.DescribeChangeSetOutput) world.SetDetails {
	d := world.SetDetails{Status: string(out.Status), Description: aws.ToString(out.FailureDescription), Tags: map[string]string{}}
	for _, c := range out.ChangeSet {
		change := world.Change{Type: aws.ToString(c.ChangeType), Name: aws.ToString(c.ChangeName), Details: aws.ToString(c.Details)}
		for _, e := range c.ErrorDetailList {
			change.Errors = append(change.Errors, world.ChangeError{Code: aws.ToString(e.ErrorCode), Message: aws.ToString(e.ErrorMessage)})
		}
		d.Changes = append(d.Changes, change)
	}
	return d
}

// notes are release notes that a command prints.
func (o *Observer) notes(ctx context.Context, q world.Query) (string, error) {
	l, err := o.Desired.Listing(q.Listing)
	if err != nil {
		return "", err
	}
	if o.Notes == nil {
		return "", fmt.Errorf("the release notes of %s are not read here", q.Listing)
	}
	text, err := o.Notes(ctx, l.Notes)
	if err != nil {
		return "", fmt.Errorf("release notes of %s: %w", q.Listing, err)
	}
	return text, marketplace.CheckReleaseNotes(text)
}

// sellerImages reads the images of an account that listings belong to.
func (o *Observer) sellerImages(ctx context.Context, q world.Query) ([]world.Image, error) {
	client, err := o.ec2Of(q)
	if err != nil {
		return nil, err
	}
	return own(ctx, client, q.Region)
}

// ec2Of is the client of a query: of our account, or of one that listings belong to.
func (o *Observer) ec2Of(q world.Query) (*ec2.Client, error) {
	if q.Account == "" {
		return o.Clients.EC2(q.Region), nil
	}
	i := slices.IndexFunc(o.Desired.Listings, func(l release.Listing) bool { return l.Account == q.Account })
	if i < 0 {
		return nil, fmt.Errorf("no listing of account %s in this release", q.Account)
	}
	l := o.Desired.Listings[i]
	return o.Clients.As(l.Role, l.ExternalID).EC2(q.Region), nil
}
