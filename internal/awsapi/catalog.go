package awsapi

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/time/rate"

	"amiship/internal/marketplace"
)

// Marketplace returns the client of the Marketplace Catalog, which one region
// serves for all.
func (c *Clients) Marketplace() *marketplacecatalog.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.marketplace == nil {
		c.marketplace = marketplacecatalog.NewFromConfig(c.cfg, func(o *marketplacecatalog.Options) {
			o.Region = marketplace.Region
			o.APIOptions = append(o.APIOptions, newCatalogRates().middleware)
		})
	}
	return c.marketplace
}

// session is what AWS's logs show of who assumed a role.
const session = "amiship"

// As returns clients that act under a role, which is assumed when one of them is
// first used, with the external id that its trust policy asks for, if there is one. An empty
// role is the caller itself. The clients are kept.
func (c *Clients) As(role, externalID string) *Clients {
	if role == "" {
		return c
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := role + " " + externalID
	if c.roles[key] == nil {
		cfg := c.cfg.Copy()
		source := &credentialSource{next: aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(c.cfg), role, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = session
			if externalID != "" {
				o.ExternalID = aws.String(externalID)
			}
		}), early)}
		cfg.Credentials = source
		cfg.APIOptions = append(slices.Clone(c.shared), source.middleware)
		as := newClients(cfg)
		as.shared, as.clock, as.credentials, as.patience = c.shared, c.clock, c.credentials, c.patience
		c.roles[key] = as
	}
	return c.roles[key]
}

// catalogRates keep all calls of this process within what the Catalog API allows
// an account (docs/reference/aws.md#marketplace-quotas), however many
// listings there are.
type catalogRates map[string]*rate.Limiter

func newCatalogRates() catalogRates {
	out := catalogRates{}
	for operation, perSecond := range map[string]int{
		"DescribeEntity": 20, "StartChangeSet": 5, "ListChangeSets": 5, "DescribeChangeSet": 10,
		"CancelChangeSet": 5, "ListTagsForResource": 5, "ListAssessments": 5, "DescribeAssessment": 5, // those two are not published [?]
	} {
		out[operation] = rate.NewLimiter(rate.Limit(perSecond), perSecond)
	}
	return out
}

func (r catalogRates) middleware(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("AmishipCatalogRate", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if limit := r[awsmiddleware.GetOperationName(ctx)]; limit != nil {
			if err := limit.Wait(ctx); err != nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, fmt.Errorf("wait for a turn at the Catalog API: %w", err)
			}
		}
		return next.HandleFinalize(ctx, in)
	}), middleware.After)
}
