package marketplace_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"amiship/sandbox/marketplace"
	"amiship/sandbox/wire/wiretest"
)

// TestRequestsAreRefused: what AWS says at once, with its HTTP status.
func TestRequestsAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	good := r.image("us-east-1", "good")
	fine := change("AddDeliveryOptions", thing, r.version("2.0", good))
	text := func(details string) types.Change {
		return types.Change{ChangeType: fine.ChangeType, Entity: fine.Entity, Details: &details}
	}
	tests := map[string]struct {
		in     *marketplacecatalog.StartChangeSetInput
		spoil  func(in *marketplacecatalog.StartChangeSetInput)
		want   string
		status int
	}{
		"another catalog": {input(fine), func(in *marketplacecatalog.StartChangeSetInput) { in.Catalog = aws.String("Other") }, "ValidationException", 422},
		"slash in a name": {input(fine), func(in *marketplacecatalog.StartChangeSetInput) { in.ChangeSetName = aws.String("a/b") }, "ValidationException", 422},
		"long name": {input(fine), func(in *marketplacecatalog.StartChangeSetInput) {
			in.ChangeSetName = aws.String(strings.Repeat("a", 101))
		}, "ValidationException", 422},
		"long token": {input(fine), func(in *marketplacecatalog.StartChangeSetInput) {
			in.ClientRequestToken = aws.String(strings.Repeat("a", 65))
		}, "ValidationException", 422},
		"intent":           {input(fine), func(in *marketplacecatalog.StartChangeSetInput) { in.Intent = "TRY" }, "ValidationException", 422},
		"no changes":       {input(fine), func(in *marketplacecatalog.StartChangeSetInput) { in.ChangeSet = []types.Change{} }, "ValidationException", 422},
		"21 changes":       {input(slices.Repeat([]types.Change{fine}, 21)...), nil, "ValidationException", 422},
		"same type twice":  {input(fine, fine), nil, "ValidationException", 422},
		"unknown type":     {input(change("MakeCoffee", thing, object{})), nil, "ValidationException", 422},
		"type misspelt":    {input(change("addDeliveryOptions", thing, object{})), nil, "ValidationException", 422},
		"unknown product":  {input(change("AddDeliveryOptions", "prod-zzzzzzzzzzzzz", object{})), nil, "ResourceNotFoundException", 404},
		"product of other": {input(change("AddDeliveryOptions", theirs, object{})), nil, "ResourceNotFoundException", 404},
		"stale revision":   {input(change("AddDeliveryOptions", thing+"@3", object{})), nil, "ValidationException", 422},
		"chained":          {input(change("AddDeliveryOptions", "$a.Entity.Identifier", object{})), nil, "ValidationException", 422},
		"another entity type": {input(fine), func(in *marketplacecatalog.StartChangeSetInput) {
			in.ChangeSet[0].Entity = &types.Entity{Type: aws.String("SaaSProduct@1.0"), Identifier: aws.String(thing)}
		}, "ValidationException", 422},
		"no details":          {input(types.Change{ChangeType: fine.ChangeType, Entity: fine.Entity}), nil, "ValidationException", 422},
		"both kinds of them":  {input(fine), func(in *marketplacecatalog.StartChangeSetInput) { in.ChangeSet[0].Details = aws.String("{}") }, "ValidationException", 422},
		"details no object":   {input(text("[]")), nil, "ValidationException", 422},
		"details no JSON":     {input(text("{")), nil, "ValidationException", 422},
		"details too long":    {input(text(`{"a":"` + strings.Repeat("a", 16384) + `"}`)), nil, "ValidationException", 422},
		"validate a restrict": {input(change("RestrictDeliveryOptions", thing, object{})), func(in *marketplacecatalog.StartChangeSetInput) { in.Intent = "VALIDATE" }, "ValidationException", 422},
		"a tag twice": {input(fine), func(in *marketplacecatalog.StartChangeSetInput) {
			in.ChangeSetTags = slices.Repeat([]types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}, 2)
		}, "ValidationException", 422},
		"bad tag of a product": {input(fine), func(in *marketplacecatalog.StartChangeSetInput) {
			in.ChangeSet[0].EntityTags = []types.Tag{{Key: aws.String("aws:a"), Value: aws.String("b")}}
		}, "ValidationException", 422},
		"bad tag": {input(fine), func(in *marketplacecatalog.StartChangeSetInput) {
			in.ChangeSetTags = []types.Tag{{Key: aws.String("a!"), Value: aws.String("b")}}
		}, "ValidationException", 422},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := *tt.in
			in.ChangeSet = slices.Clone(in.ChangeSet)
			if tt.spoil != nil {
				tt.spoil(&in)
			}
			_, err := r.try(&in)
			wiretest.WantCode(t, err, tt.want)
			if got := status(err); got != tt.status {
				t.Errorf("the HTTP status is %d, want %d", got, tt.status)
			}
			if name == "stale revision" && !strings.Contains(err.Error(), thing+"@4") {
				t.Errorf("it does not name the newest revision: %v", err)
			}
		})
	}
}

func status(err error) int {
	var e *smithyhttp.ResponseError
	if errors.As(err, &e) {
		return e.HTTPStatusCode()
	}
	return 0
}

// TestDetailsAsText: the older member, which holds JSON in a string.
func TestDetailsAsText(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	id := r.begin(types.Change{
		ChangeType: aws.String("UpdateInformation"), Entity: &types.Entity{Type: aws.String("AmiProduct@1.0"), Identifier: aws.String(thing + "@4")},
		Details: aws.String(` {"ShortDescription": "Short."}`), ChangeName: aws.String("why"),
	})
	got := r.see(id).ChangeSet[0]
	var doc object
	if err := got.DetailsDocument.UnmarshalSmithyDocument(&doc); err != nil {
		t.Fatal(err)
	}
	if *got.Details != `{"ShortDescription":"Short."}` || doc["ShortDescription"] != "Short." || *got.ChangeName != "why" || *got.Entity.Identifier != thing+"@4" {
		t.Errorf("the change is %+v", got)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	_, err := r.catalog("MEEK", "us-east-1").ListEntities(t.Context(), &marketplacecatalog.ListEntitiesInput{Catalog: aws.String("AWSMarketplace"), EntityType: aws.String("AmiProduct")})
	wiretest.WantCode(t, err, "AccessDeniedException")
	if got := status(err); got != http.StatusForbidden {
		t.Errorf("the HTTP status is %d", got)
	}
	_, err = r.catalog("MEEK", "us-east-1").StartChangeSet(t.Context(), input(change("AddDeliveryOptions", thing, r.version("2", r.image("us-east-1", "good")))))
	wiretest.WantCode(t, err, "AccessDeniedException")
	if !strings.Contains(err.Error(), "iam:PassRole on resource: "+role) {
		t.Errorf("it does not say what is missing: %v", err)
	}
	_, err = r.catalog(vendor, "eu-west-1").ListEntities(t.Context(), &marketplacecatalog.ListEntitiesInput{Catalog: aws.String("AWSMarketplace"), EntityType: aws.String("AmiProduct")})
	wiretest.WantCode(t, err, "InvalidSignatureException")
	_, err = r.catalog("NOBODY", "us-east-1").ListEntities(t.Context(), &marketplacecatalog.ListEntitiesInput{Catalog: aws.String("AWSMarketplace"), EntityType: aws.String("AmiProduct")})
	wiretest.WantCode(t, err, "UnrecognizedClientException")
}

// TestRates: what is asked too often is told so, each operation by itself.
func TestRates(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	r.throttle = true
	r.restart()
	list := func() error {
		_, _, err := r.names(vendor, marketplacecatalog.ListChangeSetsInput{})
		return err
	}
	for range 5 {
		wiretest.WantCode(t, list(), "")
	}
	err := list()
	wiretest.WantCode(t, err, "ThrottlingException")
	if got := status(err); got != http.StatusTooManyRequests {
		t.Errorf("the HTTP status is %d", got)
	}
	r.entity(thing)
	r.pass(time.Second)
	wiretest.WantCode(t, list(), "")
}

// TestToken: the same request with the same token is one change set, also
// after a restart and after its end.
func TestToken(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	in := input(change("UpdateInformation", thing, object{"Sku": "1"}))
	in.ClientRequestToken = aws.String("once")
	first, err := r.try(in)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if again, err := r.try(in); err != nil || again != first {
			t.Errorf("the second time it is %s (%v), not %s", again, err, first)
		}
		r.restart()
		r.pass(3 * time.Hour)
	}
	in.ChangeSet = []types.Change{change("UpdateInformation", thing, object{"Sku": "2"})}
	_, err = r.try(in)
	wiretest.WantCode(t, err, "ValidationException")
	in.ClientRequestToken = aws.String("twice")
	if other, err := r.try(in); err != nil || other == first {
		t.Errorf("another token gives %s (%v)", other, err)
	}
}

// TestValidate: everything is looked at, nothing is changed.
func TestValidate(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	for image, want := range map[string]string{"good": "", "sloppy": "SCAN_ERROR", "coded": "EXISTING_AMI_PRODUCT_CODE"} {
		in := input(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", image))))
		in.Intent = types.IntentValidate
		id, err := r.try(in)
		if err != nil {
			t.Fatal(err)
		}
		in.ClientRequestToken = nil // which the SDK has filled
		_, err = r.try(in)
		wiretest.WantCode(t, err, "ResourceInUseException")
		if got := r.see(id).Intent; got != "VALIDATE" {
			t.Errorf("the intent is %s", got)
		}
		r.ends(t, id, want)
	}
	if out, doc := r.entity(thing); *out.EntityIdentifier != thing+"@4" || len(doc.Versions) != 3 {
		t.Errorf("the product became %s with %d versions", *out.EntityIdentifier, len(doc.Versions))
	}
}

func TestOpenQuota(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{Open: 2})
	r.begin(change("UpdateInformation", thing, object{"Sku": "1"}))
	r.begin(change("UpdateInformation", fresh, object{"Sku": "1"}))
	_, err := r.try(input(change("UpdateInformation", narrow, object{"Sku": "1"})))
	wiretest.WantCode(t, err, "ServiceQuotaExceededException")
	if got := status(err); got != http.StatusPaymentRequired {
		t.Errorf("the HTTP status is %d", got)
	}
	if _, err := r.catalog(customer, "us-east-1").StartChangeSet(t.Context(), &marketplacecatalog.StartChangeSetInput{Catalog: aws.String("AWSMarketplace"), ChangeSet: []types.Change{change("UpdateInformation", theirs, object{"Sku": "1"})}}); err != nil {
		t.Errorf("another account is refused: %v", err)
	}
	r.pass(3 * time.Hour)
	r.begin(change("UpdateInformation", narrow, object{"Sku": "1"}))
}

// TestVersionLimit under each of its settings: thing has three versions, one
// of them restricted.
func TestVersionLimit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		limit    marketplace.VersionLimit
		restrict bool // a version in the same change set
		sync     string
		async    string
	}{
		"capacity left":           {marketplace.VersionLimit{Number: 3}, false, "", ""},
		"fails later":             {marketplace.VersionLimit{Number: 2}, false, "", "VERSION_LIMIT_EXCEEDED"},
		"restricted ones count":   {marketplace.VersionLimit{Number: 3, CountsRestricted: true}, false, "", "VERSION_LIMIT_EXCEEDED"},
		"a quota":                 {marketplace.VersionLimit{Number: 2, Failure: marketplace.LimitQuota}, false, "ServiceQuotaExceededException", ""},
		"not valid":               {marketplace.VersionLimit{Number: 2, Failure: marketplace.LimitValidation}, false, "ValidationException", ""},
		"one goes for it":         {marketplace.VersionLimit{Number: 2, Failure: marketplace.LimitQuota}, true, "", ""},
		"one goes and yet counts": {marketplace.VersionLimit{Number: 3, CountsRestricted: true}, true, "", "VERSION_LIMIT_EXCEEDED"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, marketplace.Settings{VersionLimit: tt.limit})
			changes := []types.Change{change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "good")))}
			if tt.restrict {
				_, doc := r.entity(thing)
				changes = append(changes, change("RestrictDeliveryOptions", thing, object{"DeliveryOptionIds": []string{doc.option(t, "1.1")}}))
			}
			id, err := r.try(input(changes...))
			wiretest.WantCode(t, err, tt.sync)
			if tt.sync == "" {
				r.ends(t, id, tt.async)
			}
		})
	}
}
