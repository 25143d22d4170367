package marketplace

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

type valueFilter struct {
	ValueList     []string
	WildCardValue string
}

type dateFilter struct {
	DateRange struct{ AfterValue, BeforeValue string }
}

type listFilter struct{ ValueList []string }

type productFilters struct {
	EntityID         *listFilter `json:"EntityId"`
	ProductTitle     *valueFilter
	LastModifiedDate *dateFilter
	Visibility       *listFilter
}

type listEntitiesIn struct {
	Catalog           string `check:"required"`
	EntityType        string `check:"required"`
	FilterList        []filter
	Sort              *sorting
	NextToken         string
	MaxResults        *int
	OwnershipType     string
	EntityTypeFilters *struct{ AmiProductFilters *productFilters }
	EntityTypeSort    *struct{ AmiProductSort *sorting }
}

type productSummary struct{ ProductTitle, Visibility string }

type entitySummary struct {
	Name              string
	EntityType        string
	EntityID          string `json:"EntityId"`
	EntityArn         string
	LastModifiedDate  string
	Visibility        string
	AMIProductSummary productSummary `json:"AmiProductSummary"`
}

type listEntitiesOut struct {
	EntitySummaryList []entitySummary
	NextToken         *string `json:",omitempty"`
}

// otherTypes are listed as well, and the sandbox has none of them.
var otherTypes = []string{"ContainerProduct", "DataProduct", "MachineLearningProduct", "Offer", "OfferSet", "ResaleAuthorization", "SaaSProduct"}

// serverProduct is an older name of AmiProduct, which clients still use.
const serverProduct = "ServerProduct"

func (m *Marketplace) listEntities(c *wire.Call, in *listEntitiesIn) (*listEntitiesOut, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	var found []Product
	for _, p := range products.All(c.Tx, "") {
		mine := p.Account == c.Account.ID && in.OwnershipType != "SHARED" && !slices.Contains(otherTypes, in.EntityType)
		if mine && in.wants(p) {
			found = append(found, p)
		}
	}
	if err := in.sort(found); err != nil {
		return nil, err
	}
	page, next, err := wire.Page(wire.Paging{Max: 50, Size: 20, BadToken: "ValidationException"}, found, in.MaxResults, in.NextToken)
	out := &listEntitiesOut{EntitySummaryList: []entitySummary{}, NextToken: next}
	for _, p := range page {
		out.EntitySummaryList = append(out.EntitySummaryList, entitySummary{
			p.Title, listedType, p.ID, p.arn(), stamp(p.Modified), p.Visibility, productSummary{p.Title, p.Visibility},
		})
	}
	return out, err
}

func (in *listEntitiesIn) check() error {
	if err := checkCatalog(in.Catalog); err != nil {
		return err
	}
	switch {
	case in.EntityType != listedType && in.EntityType != serverProduct && !slices.Contains(otherTypes, in.EntityType):
		return invalid("The entity type '%s' is not supported.", in.EntityType)
	case in.OwnershipType != "" && in.OwnershipType != "SELF" && in.OwnershipType != "SHARED":
		return violates(in.OwnershipType, "ownershipType", "Member must satisfy enum value set: [SELF, SHARED]")
	case len(in.FilterList) > 0 && in.EntityTypeFilters != nil:
		return invalid("Specify FilterList or EntityTypeFilters, not both.")
	case in.Sort != nil && in.EntityTypeSort != nil:
		return invalid("Specify Sort or EntityTypeSort, not both.")
	}
	return checkFilters(in.FilterList, entityFilters)
}

// entityFilters are those of the older style.
var entityFilters = map[string]func(Product, []string) bool{
	"Name":                   func(p Product, vals []string) bool { return slices.Contains(vals, p.Title) },
	"ProductTitle":           func(p Product, vals []string) bool { return slices.Contains(vals, p.Title) },
	"EntityId":               func(p Product, vals []string) bool { return slices.Contains(vals, p.ID) },
	"Visibility":             func(p Product, vals []string) bool { return slices.Contains(vals, p.Visibility) },
	"BeforeLastModifiedDate": func(p Product, vals []string) bool { return stamp(p.Modified) < vals[0] },
	"AfterLastModifiedDate":  func(p Product, vals []string) bool { return stamp(p.Modified) > vals[0] },
}

func (in *listEntitiesIn) wants(p Product) bool {
	if !passes(p, in.FilterList, entityFilters) {
		return false
	}
	if in.EntityTypeFilters == nil || in.EntityTypeFilters.AmiProductFilters == nil {
		return true
	}
	f := in.EntityTypeFilters.AmiProductFilters
	return f.EntityID.passes(p.ID) && f.ProductTitle.passes(p.Title) && f.Visibility.passes(p.Visibility) && f.LastModifiedDate.passes(stamp(p.Modified))
}

func (f *listFilter) passes(value string) bool {
	return f == nil || slices.Contains(f.ValueList, value)
}

// passes: a wild card is for texts that contain it, with * for anything.
func (f *valueFilter) passes(value string) bool {
	switch {
	case f == nil:
		return true
	case f.WildCardValue != "":
		ok, err := path.Match("*"+strings.ToLower(f.WildCardValue)+"*", strings.ToLower(value))
		return ok && err == nil
	}
	return slices.Contains(f.ValueList, value)
}

func (f *dateFilter) passes(at string) bool {
	return f == nil || (f.DateRange.AfterValue == "" || at >= f.DateRange.AfterValue) && (f.DateRange.BeforeValue == "" || at <= f.DateRange.BeforeValue)
}

// sort puts the newest first if the request names no order.
func (in *listEntitiesIn) sort(all []Product) error {
	var s sorting
	switch {
	case in.Sort != nil:
		s = *in.Sort
	case in.EntityTypeSort != nil && in.EntityTypeSort.AmiProductSort != nil:
		s = *in.EntityTypeSort.AmiProductSort
	}
	s.SortBy = cmp.Or(s.SortBy, "LastModifiedDate")
	descending, err := s.descending()
	if err != nil {
		return err
	}
	key := map[string]func(Product) string{
		"EntityId":         func(p Product) string { return p.ID },
		"LastModifiedDate": func(p Product) string { return stamp(p.Modified) },
		"ProductTitle":     func(p Product) string { return p.Title },
		"Name":             func(p Product) string { return p.Title },
		"Visibility":       func(p Product) string { return p.Visibility },
	}[s.SortBy]
	if key == nil {
		return invalid("Sorting by '%s' is not supported.", s.SortBy)
	}
	slices.SortStableFunc(all, func(a, b Product) int {
		if descending {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a.ID, b.ID))
	})
	return nil
}
