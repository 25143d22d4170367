package apply

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"

	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/sandbox/wire"
)

const (
	product = "prod-abcdefghijklm"
	shop    = `
ec2: [{account: vendor, region: us-east-1, images: [{name: sold, created: 31d}]}]
marketplace:
  products:
    - {id: prod-abcdefghijklm, title: Pro, account: vendor, versions: [{title: "1.0", image: sold}, {title: "1.1", image: sold}]}
`
)

func withShop(t *testing.T, world string) *fixture {
	f := newFixture(t, world)
	f.Desired = release.Desired{Listings: []release.Listing{{Name: "pro", Product: product}}}
	return f
}

// entity is the product's revision, and the first of its delivery options.
func (f *fixture) entity(t *testing.T) (revision, option string) {
	t.Helper()
	out, err := f.Clients.Marketplace().DescribeEntity(t.Context(), &marketplacecatalog.DescribeEntityInput{
		Catalog: aws.String(marketplace.Catalog), EntityId: aws.String(product),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(aws.ToString(out.Details), `"DeliveryOptions":[{`)
	_, rest, _ = strings.Cut(rest, `"Id":"`)
	option, _, _ = strings.Cut(rest, `"`)
	return aws.ToString(out.EntityIdentifier), option
}

// TestSubmitRefused: a submission that is refused as invalid may rest on an older
// revision of the product. That is found out, and what can't be found out is no
// "no".
func TestSubmitRefused(t *testing.T) {
	const older = product + "@0"
	for name, c := range map[string]struct {
		revision  string // empty: the newest
		details   string // of a version; empty: a restriction that Marketplace takes
		listing   string
		fault     *wire.Fault
		says      []string // none: it is taken
		changed   bool     // ErrChanged
		code      string
		transient bool
	}{
		"taken":                {},
		"the product moved":    {revision: older, says: []string{"submit to pro", "the product", ErrChanged.Error()}, changed: true},
		"it is wrong":          {details: `[]`, says: []string{"submit to pro"}, code: "ValidationException"},
		"moved, and unread":    {revision: older, fault: fault(refuses("DescribeEntity", "AccessDeniedException")), says: []string{"ValidationException", product}, code: "AccessDeniedException"},
		"wrong, and unread":    {details: `[]`, fault: fault(refuses("DescribeEntity", "AccessDeniedException")), says: []string{"ValidationException", product}, code: "AccessDeniedException"},
		"moved, and AWS fails": {revision: older, fault: fault(refuses("DescribeEntity", "InternalFailure")), says: []string{"ValidationException", product}, code: "InternalFailure", transient: true},
		"may not":              {fault: fault(refuses("StartChangeSet", "AccessDeniedException")), says: []string{"submit to pro"}, code: "AccessDeniedException"},
		"of another release":   {listing: "basic", says: []string{"no listing basic"}},
		"locked by something":  {fault: fault(refuses("StartChangeSet", "ResourceInUseException")), says: []string{"submit to pro"}, code: "ResourceInUseException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := withShop(t, shop)
			revision, option := f.entity(t)
			act := plan.Action{
				Target: release.Key{Listing: "pro"}, Guard: plan.Guard{Product: revision},
				Change: plan.SubmitChangeSet{For: plan.Restrict, SetName: "restrict", Token: "t", Details: c.details, Options: []string{option}},
			}
			if c.details != "" {
				act.Change = plan.SubmitChangeSet{For: plan.ChangeSet, SetName: "restrict", Token: "t", Details: c.details}
			}
			if c.revision != "" {
				act.Guard.Product = c.revision
			}
			if c.listing != "" {
				act.Target.Listing = c.listing
			}
			if c.fault != nil {
				f.box.Meets(t, *c.fault)
			}
			res, err := f.Do(t.Context(), act)
			if (err == nil) != (len(c.says) == 0) || (res.Made != "") != (err == nil) {
				t.Fatalf("made %q, %v", res.Made, err)
			}
			for _, text := range c.says {
				if !strings.Contains(awsapi.Text(err), text) {
					t.Errorf("%q does not say %q", awsapi.Text(err), text)
				}
			}
			if errors.Is(err, ErrChanged) != c.changed || awsapi.Code(err) != c.code || awsapi.IsTransient(err) != c.transient {
				t.Errorf("%v: code %q, ErrChanged %v, transient %v", err, awsapi.Code(err), errors.Is(err, ErrChanged), awsapi.IsTransient(err))
			}
		})
	}
}

func fault(f wire.Fault) *wire.Fault { return &f }

// TestSubmitTwice: the token of a submission whose answer was lost finds the change
// set that it made.
func TestSubmitTwice(t *testing.T) {
	f := withShop(t, shop)
	revision, option := f.entity(t)
	act := plan.Action{Target: release.Key{Listing: "pro"}, Guard: plan.Guard{Product: revision}, Change: plan.SubmitChangeSet{For: plan.Restrict, SetName: "restrict", Token: "t", Options: []string{option}}}
	first, err := f.Do(t.Context(), act)
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.Do(t.Context(), act)
	if err != nil || second != first {
		t.Errorf("got %v and then %v (%v)", first, second, err)
	}
}

// TestCancelRefused: what is cancelled is the change set that a person was shown,
// while it can be, and nothing else.
func TestCancelRefused(t *testing.T) {
	const denied = "AccessDeniedException"
	for name, c := range map[string]struct {
		status  string // of the change set
		seen    string // empty: as it is
		set     string // empty: that one
		listing string
		fault   *wire.Fault
		says    []string // none: it is cancelled
		changed bool     // ErrChanged
		tried   bool     // CancelChangeSet was called
	}{
		"as shown":             {tried: true},
		"another content":      {seen: "0123456789abcdef", says: []string{"PREPARING"}, changed: true},
		"APPLYING by now":      {status: "APPLYING", says: []string{"it is APPLYING"}, changed: true},
		"over by now":          {status: "SUCCEEDED", says: []string{"it is SUCCEEDED"}, changed: true},
		"cancelled by another": {status: "CANCELLED", says: []string{"it is CANCELLED"}, changed: true},
		"moves on meanwhile":   {fault: fault(refuses("CancelChangeSet", "ResourceInUseException")), says: []string{"ResourceInUseException: as the test has it"}, changed: true, tried: true},
		"or says invalid":      {fault: fault(refuses("CancelChangeSet", "ValidationException")), says: []string{"ValidationException"}, changed: true, tried: true},
		"may not":              {fault: fault(refuses("CancelChangeSet", denied)), says: []string{"cancel change set", denied}, tried: true},
		"can't be read":        {fault: fault(refuses("DescribeChangeSet", denied)), says: []string{"read change set", "again", denied}},
		"is gone":              {set: "aaaaaaaaaaaaaaaaaaaaaaaaa", says: []string{"read change set aaaaaaaaaaaaaaaaaaaaaaaaa again", "ResourceNotFoundException"}},
		"of another release":   {listing: "basic", says: []string{"no listing basic"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := c.status
			if status == "" {
				status = "PREPARING"
			}
			f := withShop(t, shop+fmt.Sprintf("  change_sets: [{product: %s, name: theirs, version: '2.0', image: sold, status: %s, started: 3h, stuck: true}]\n", product, status))
			id := f.changeSet(t)
			act := plan.Action{Target: release.Key{Listing: "pro"}, Guard: plan.Guard{ChangeSet: plan.SeenSet(id, observe.Details(f.describe(t, id)))}, Change: plan.CancelChangeSet{ChangeSet: id}}
			if c.seen != "" {
				act.Guard.ChangeSet = c.seen
			}
			if c.set != "" {
				act.Change = plan.CancelChangeSet{ChangeSet: c.set}
			}
			if c.listing != "" {
				act.Target.Listing = c.listing
			}
			if c.fault != nil {
				f.box.Meets(t, *c.fault)
			}
			_, err := f.Do(t.Context(), act)
			if (err == nil) != (len(c.says) == 0) || errors.Is(err, ErrChanged) != c.changed {
				t.Errorf("got %v; ErrChanged: %v", err, errors.Is(err, ErrChanged))
			}
			for _, text := range c.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q does not say %q", err, text)
				}
			}
			if got := slices.Contains(f.box.Calls(t), "CancelChangeSet"); got != c.tried {
				t.Errorf("called CancelChangeSet: %v, want %v", got, c.tried)
			}
			f.box.Meets(t)
			want := types.ChangeStatus(status)
			if err == nil {
				want = types.ChangeStatusCancelled
			}
			if got := f.describe(t, id).Status; got != want {
				t.Errorf("it is %s, want %s", got, want)
			}
		})
	}
}

// changeSet is the id of the only one there is.
func (f *fixture) changeSet(t *testing.T) string {
	t.Helper()
	out, err := f.Clients.Marketplace().ListChangeSets(t.Context(), &marketplacecatalog.ListChangeSetsInput{Catalog: aws.String(marketplace.Catalog)})
	if err != nil || len(out.ChangeSetSummaryList) != 1 {
		t.Fatalf("%d change sets, %v", len(out.ChangeSetSummaryList), err)
	}
	return aws.ToString(out.ChangeSetSummaryList[0].ChangeSetId)
}

func (f *fixture) describe(t *testing.T, set string) *marketplacecatalog.DescribeChangeSetOutput {
	t.Helper()
	out, err := f.Clients.Marketplace().DescribeChangeSet(t.Context(), &marketplacecatalog.DescribeChangeSetInput{
		Catalog: aws.String(marketplace.Catalog), ChangeSetId: aws.String(set),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
