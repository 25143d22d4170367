package cli

import (
	"context"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/world"
)

// elsewhere reads what the project has in the enabled regions that the catalog does not name:
// one call for their names, and three or four for each.
func elsewhere(ctx context.Context, clients *awsapi.Clients, c *catalog.Catalog) ([]reconcile.Elsewhere, error) {
	others := observe.OtherRegions(ctx, clients, allRegions(c))
	var queries []world.Query
	for _, region := range others {
		for _, kind := range []world.Kind{world.LookImages, world.LookSnapshots, world.LookNamed} {
			queries = append(queries, world.Query{Kind: kind, Region: region})
		}
	}
	if len(queries) == 0 {
		return nil, nil
	}
	w, err := observe.Once(ctx, clients, release.Desired{Project: c.Project}, queries)
	return reconcile.InRegions(c.Project, others, w), err
}
