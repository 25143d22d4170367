package marketplace_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"

	"amiship/sandbox/marketplace"
	"amiship/sandbox/wire/wiretest"
)

// names lists change sets by name, of all pages.
func (r *rig) names(account string, in marketplacecatalog.ListChangeSetsInput) (names []string, pages int, err error) {
	in.Catalog = aws.String("AWSMarketplace")
	p := marketplacecatalog.NewListChangeSetsPaginator(r.catalog(account, "us-east-1"), &in)
	for p.HasMorePages() {
		out, err := p.NextPage(r.t.Context())
		if err != nil {
			return nil, pages, err
		}
		pages++
		for _, s := range out.ChangeSetSummaryList {
			names = append(names, *s.ChangeSetName)
		}
	}
	return names, pages, nil
}

func filterOf(name string, values ...string) []types.Filter {
	return []types.Filter{{Name: &name, ValueList: values}}
}

// TestListChangeSets: a, b and c were begun an hour after each other; the
// first has failed, the second goes on, the third has just begun.
func TestListChangeSets(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	for i, change := range []types.Change{
		change("AddDeliveryOptions", fresh, r.version("1", "ami-0123456789abcdef0")),
		change("UpdateInformation", thing, object{"Sku": "1"}),
		change("UpdateInformation", narrow, object{"Sku": "1"}),
	} {
		in := input(change)
		in.ChangeSetName = aws.String(string(rune('a' + i)))
		if _, err := r.try(in); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Hour)
	}
	r.pass(-time.Minute)
	tests := map[string]struct {
		in   marketplacecatalog.ListChangeSetsInput
		want string
	}{
		"all":              {marketplacecatalog.ListChangeSetsInput{}, "cba"},
		"ascending":        {marketplacecatalog.ListChangeSetsInput{Sort: &types.Sort{SortBy: aws.String("StartTime"), SortOrder: "ASCENDING"}}, "abc"},
		"by end":           {marketplacecatalog.ListChangeSetsInput{Sort: &types.Sort{SortBy: aws.String("EndTime")}, FilterList: filterOf("Status", "FAILED", "SUCCEEDED")}, "a"},
		"by product":       {marketplacecatalog.ListChangeSetsInput{FilterList: filterOf("EntityId", thing, fresh)}, "ba"},
		"by name":          {marketplacecatalog.ListChangeSetsInput{FilterList: filterOf("ChangeSetName", "a", "c", "d")}, "ca"},
		"by status":        {marketplacecatalog.ListChangeSetsInput{FilterList: filterOf("Status", "PREPARING", "APPLYING")}, "cb"},
		"by two filters":   {marketplacecatalog.ListChangeSetsInput{FilterList: append(filterOf("Status", "PREPARING", "APPLYING"), filterOf("EntityId", thing)...)}, "b"},
		"begun before":     {marketplacecatalog.ListChangeSetsInput{FilterList: filterOf("BeforeStartTime", "2026-11-22T13:00:00Z")}, "a"},
		"begun after":      {marketplacecatalog.ListChangeSetsInput{FilterList: filterOf("AfterStartTime", "2026-11-22T13:00:00Z")}, "c"},
		"ended before":     {marketplacecatalog.ListChangeSetsInput{FilterList: filterOf("BeforeEndTime", "2026-11-22T14:00:00Z")}, "a"},
		"ended after":      {marketplacecatalog.ListChangeSetsInput{FilterList: filterOf("AfterEndTime", "2026-11-22T13:00:00Z")}, ""},
		"with nothing":     {marketplacecatalog.ListChangeSetsInput{FilterList: filterOf("EntityId", closed)}, ""},
		"in small pages":   {marketplacecatalog.ListChangeSetsInput{MaxResults: aws.Int32(2)}, "cba"},
		"unknown filter":   {marketplacecatalog.ListChangeSetsInput{FilterList: filterOf("Colour", "red")}, "!"},
		"no moment":        {marketplacecatalog.ListChangeSetsInput{FilterList: filterOf("AfterEndTime", "yesterday")}, "!"},
		"unknown order":    {marketplacecatalog.ListChangeSetsInput{Sort: &types.Sort{SortBy: aws.String("Colour")}}, "!"},
		"too large a page": {marketplacecatalog.ListChangeSetsInput{MaxResults: aws.Int32(21)}, "!"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			names, pages, err := r.names(vendor, tt.in)
			if tt.want == "!" {
				wiretest.WantCode(t, err, "ValidationException")
				return
			}
			if got := strings.Join(names, ""); err != nil || got != tt.want {
				t.Errorf("lists %s (%v), want %s", got, err, tt.want)
			}
			if name == "in small pages" && pages != 2 {
				t.Errorf("there are %d pages", pages)
			}
		})
	}
	if names, _, err := r.names(customer, marketplacecatalog.ListChangeSetsInput{}); err != nil || len(names) > 0 {
		t.Errorf("another account sees %v (%v)", names, err)
	}
}

// TestRetention: what ended long ago is gone.
func TestRetention(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{Retention: 10 * 24 * time.Hour})
	id := r.begin(change("UpdateInformation", thing, object{"Sku": "1"}))
	r.pass(3*time.Hour + 10*24*time.Hour - time.Second)
	if names, _, err := r.names(vendor, marketplacecatalog.ListChangeSetsInput{}); err != nil || len(names) != 1 {
		t.Fatalf("lists %v (%v)", names, err)
	}
	r.pass(time.Second)
	if names, _, err := r.names(vendor, marketplacecatalog.ListChangeSetsInput{}); err != nil || len(names) != 0 {
		t.Errorf("after ten days it lists %v (%v)", names, err)
	}
	_, err := r.catalog(vendor, "us-east-1").DescribeChangeSet(t.Context(), &marketplacecatalog.DescribeChangeSetInput{Catalog: aws.String("AWSMarketplace"), ChangeSetId: &id})
	wiretest.WantCode(t, err, "ResourceNotFoundException")
	arn := "arn:aws:aws-marketplace:us-east-1:" + vendor + ":AWSMarketplace/ChangeSet/" + id
	_, err = r.catalog(vendor, "us-east-1").ListTagsForResource(t.Context(), &marketplacecatalog.ListTagsForResourceInput{ResourceArn: &arn})
	wiretest.WantCode(t, err, "ResourceNotFoundException")
	r.begin(change("UpdateInformation", thing, object{"Sku": "2"}))
	r.pass(3 * time.Hour)
	r.entity(thing)
	dump, err := r.store.Dump()
	if err != nil {
		t.Fatal(err)
	}
	if _, there := dump["marketplace.change-sets"]["ended"][id]; there {
		t.Error("it is still in the store when others have ended")
	}
}

func (r *rig) titles(account string, in marketplacecatalog.ListEntitiesInput) ([]string, error) {
	in.Catalog = aws.String("AWSMarketplace")
	if in.EntityType == nil {
		in.EntityType = aws.String("AmiProduct")
	}
	var titles []string
	p := marketplacecatalog.NewListEntitiesPaginator(r.catalog(account, "us-east-1"), &in)
	for p.HasMorePages() {
		out, err := p.NextPage(r.t.Context())
		if err != nil {
			return nil, err
		}
		for _, e := range out.EntitySummaryList {
			if *e.EntityType != "AmiProduct" || *e.AmiProductSummary.ProductTitle != *e.Name || string(e.AmiProductSummary.Visibility) != *e.Visibility {
				return nil, fmt.Errorf("an item is %+v", e)
			}
			titles = append(titles, strings.TrimSuffix(*e.Name, " Thing"))
		}
	}
	return titles, nil
}

func TestListEntities(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	r.begin(change("UpdateInformation", fresh, object{"Sku": "1"}))
	r.pass(3 * time.Hour)
	byFilters := func(f types.AmiProductFilters) marketplacecatalog.ListEntitiesInput {
		return marketplacecatalog.ListEntitiesInput{EntityTypeFilters: &types.EntityTypeFiltersMemberAmiProductFilters{Value: f}}
	}
	tests := map[string]struct {
		in   marketplacecatalog.ListEntitiesInput
		want string
	}{
		"by title": {marketplacecatalog.ListEntitiesInput{
			EntityTypeSort: &types.EntityTypeSortMemberAmiProductSort{Value: types.AmiProductSort{SortBy: "ProductTitle", SortOrder: "ASCENDING"}},
		}, "Closed Fresh Narrow Thing"},
		"by id, falling":   {marketplacecatalog.ListEntitiesInput{Sort: &types.Sort{SortBy: aws.String("EntityId")}}, "Narrow Closed Fresh Thing"},
		"an older name":    {marketplacecatalog.ListEntitiesInput{EntityType: aws.String("ServerProduct"), FilterList: filterOf("Name", "Thing")}, "Thing"},
		"one a page":       {marketplacecatalog.ListEntitiesInput{MaxResults: aws.Int32(1), Sort: &types.Sort{SortBy: aws.String("EntityId"), SortOrder: "ASCENDING"}}, "Thing Fresh Closed Narrow"},
		"of another kind":  {marketplacecatalog.ListEntitiesInput{EntityType: aws.String("SaaSProduct")}, ""},
		"shared":           {marketplacecatalog.ListEntitiesInput{OwnershipType: types.OwnershipTypeShared}, ""},
		"title":            {byFilters(types.AmiProductFilters{ProductTitle: &types.AmiProductTitleFilter{ValueList: []string{"Closed Thing", "x"}}}), "Closed"},
		"wild card":        {byFilters(types.AmiProductFilters{ProductTitle: &types.AmiProductTitleFilter{WildCardValue: aws.String("c*ed")}}), "Closed"},
		"id":               {byFilters(types.AmiProductFilters{EntityId: &types.AmiProductEntityIdFilter{ValueList: []string{narrow}}}), "Narrow"},
		"visibility":       {byFilters(types.AmiProductFilters{Visibility: &types.AmiProductVisibilityFilter{ValueList: []types.AmiProductVisibilityString{"Limited"}}}), "Narrow"},
		"changed after":    {byFilters(types.AmiProductFilters{LastModifiedDate: &types.AmiProductLastModifiedDateFilter{DateRange: &types.AmiProductLastModifiedDateFilterDateRange{AfterValue: aws.String("2026-11-22T13:00:00Z")}}}), "Fresh"},
		"older id filter":  {marketplacecatalog.ListEntitiesInput{FilterList: filterOf("EntityId", closed)}, "Closed"},
		"older date":       {marketplacecatalog.ListEntitiesInput{FilterList: filterOf("AfterLastModifiedDate", "2026-11-22T13:00:00Z")}, "Fresh"},
		"with a version":   {marketplacecatalog.ListEntitiesInput{EntityType: aws.String("AmiProduct@1.0")}, "!"},
		"unknown type":     {marketplacecatalog.ListEntitiesInput{EntityType: aws.String("Coffee")}, "!"},
		"unknown filter":   {marketplacecatalog.ListEntitiesInput{FilterList: filterOf("Colour", "red")}, "!"},
		"unknown order":    {marketplacecatalog.ListEntitiesInput{Sort: &types.Sort{SortBy: aws.String("Colour")}}, "!"},
		"too large a page": {marketplacecatalog.ListEntitiesInput{MaxResults: aws.Int32(51)}, "!"},
		"both styles":      {marketplacecatalog.ListEntitiesInput{FilterList: filterOf("EntityId", closed), EntityTypeFilters: &types.EntityTypeFiltersMemberAmiProductFilters{}}, "!"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			titles, err := r.titles(vendor, tt.in)
			if tt.want == "!" {
				wiretest.WantCode(t, err, "ValidationException")
				return
			}
			if got := strings.Join(titles, " "); err != nil || got != tt.want {
				t.Errorf("lists %s (%v), want %s", got, err, tt.want)
			}
		})
	}
	if titles, err := r.titles(customer, marketplacecatalog.ListEntitiesInput{}); err != nil || !slices.Equal(titles, []string{"Their"}) {
		t.Errorf("another account sees %v (%v)", titles, err)
	}
}

func TestDescribeEntities(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	c := r.catalog(vendor, "us-east-1")
	for id, want := range map[string]string{thing: "", thing + "@4": "", thing + "@3": "ResourceNotFoundException", theirs: "ResourceNotFoundException", "nothing": "ResourceNotFoundException"} {
		out, err := c.DescribeEntity(t.Context(), &marketplacecatalog.DescribeEntityInput{Catalog: aws.String("AWSMarketplace"), EntityId: &id})
		wiretest.WantCode(t, err, want)
		if err == nil && (*out.EntityType != "AmiProduct@1.0" || *out.EntityArn != "arn:aws:aws-marketplace:us-east-1:"+vendor+":AWSMarketplace/AmiProduct/"+thing || *out.EntityIdentifier != thing+"@4") {
			t.Errorf("%s is %+v", id, out)
		}
	}
	ask := func(id string) types.EntityRequest {
		return types.EntityRequest{Catalog: aws.String("AWSMarketplace"), EntityId: &id}
	}
	out, err := c.BatchDescribeEntities(t.Context(), &marketplacecatalog.BatchDescribeEntitiesInput{EntityRequestList: []types.EntityRequest{ask(thing), ask(theirs), ask(narrow)}})
	if err != nil || len(out.EntityDetails) != 2 || *out.EntityDetails[narrow].EntityIdentifier != narrow+"@2" || *out.Errors[theirs].ErrorCode != "ResourceNotFoundException" {
		t.Errorf("a batch answers %+v (%v)", out, err)
	}
	_, err = c.BatchDescribeEntities(t.Context(), &marketplacecatalog.BatchDescribeEntitiesInput{EntityRequestList: slices.Repeat([]types.EntityRequest{ask(thing)}, 21)})
	wiretest.WantCode(t, err, "ValidationException")
}

func TestTags(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	c := r.catalog(vendor, "us-east-1")
	in := input(change("UpdateInformation", thing, object{"Sku": "1"}))
	in.ChangeSetTags = []types.Tag{{Key: aws.String("release"), Value: aws.String("2.0")}}
	in.ChangeSet[0].EntityTags = []types.Tag{{Key: aws.String("team"), Value: aws.String("us")}}
	out, err := c.StartChangeSet(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	arn := "arn:aws:aws-marketplace:us-east-1:" + vendor + ":AWSMarketplace/ChangeSet/" + *out.ChangeSetId
	if *out.ChangeSetArn != arn {
		t.Errorf("the ARN is %s", *out.ChangeSetArn)
	}
	tags := func(arn string) string {
		t.Helper()
		out, err := c.ListTagsForResource(t.Context(), &marketplacecatalog.ListTagsForResourceInput{ResourceArn: &arn})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, tag := range out.Tags {
			all = append(all, *tag.Key+"="+*tag.Value)
		}
		return strings.Join(all, " ")
	}
	if _, err := c.TagResource(t.Context(), &marketplacecatalog.TagResourceInput{ResourceArn: &arn, Tags: []types.Tag{{Key: aws.String("by"), Value: aws.String("")}}}); err != nil {
		t.Fatal(err)
	}
	if got := tags(arn); got != "by= release=2.0" {
		t.Errorf("the tags are %s", got)
	}
	if _, err := c.UntagResource(t.Context(), &marketplacecatalog.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"release", "none"}}); err != nil {
		t.Fatal(err)
	}
	if got := tags(arn); got != "by=" {
		t.Errorf("the tags are %s", got)
	}
	if got := tags("arn:aws:aws-marketplace:us-east-1:" + vendor + ":AWSMarketplace/AmiProduct/" + thing); got != "team=us" {
		t.Errorf("the product's tags are %s", got)
	}
	_, err = r.catalog(customer, "us-east-1").ListTagsForResource(t.Context(), &marketplacecatalog.ListTagsForResourceInput{ResourceArn: &arn})
	wiretest.WantCode(t, err, "ResourceNotFoundException")
	many := make([]types.Tag, 50)
	for i := range many {
		many[i] = types.Tag{Key: aws.String(fmt.Sprint(i)), Value: aws.String("x")}
	}
	_, err = c.TagResource(t.Context(), &marketplacecatalog.TagResourceInput{ResourceArn: &arn, Tags: many})
	wiretest.WantCode(t, err, "ValidationException")
	if got := tags(arn); got != "by=" {
		t.Errorf("what was refused left the tags %s", got)
	}
}
