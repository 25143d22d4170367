package awsapi

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// assuming has the SDK assume roles, of profiles and by web identity, at the endpoint of all
// calls. By itself it asks AWS's own: it makes those clients of STS before it reads
// AWS_ENDPOINT_URL, or the profile's endpoint_url.
type assuming struct{ endpoint *string }

// options are those of a load. The SDK calls each function twice, first without a client.
func (a *assuming) options(o *config.LoadOptions) error {
	o.AssumeRoleCredentialOptions = func(o *stscreds.AssumeRoleOptions) {
		if o.Client != nil {
			o.Client = roleClient{o.Client, a}
		}
	}
	o.WebIdentityRoleCredentialOptions = func(o *stscreds.WebIdentityRoleOptions) {
		if o.Client != nil {
			o.Client = tokenClient{o.Client, a}
		}
	}
	return nil
}

// here sets the endpoint of a call, unless one is set for STS alone.
func (a *assuming) here(o *sts.Options) {
	if o.BaseEndpoint == nil {
		o.BaseEndpoint = a.endpoint
	}
}

type roleClient struct {
	next stscreds.AssumeRoleAPIClient
	*assuming
}

func (c roleClient) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput, options ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	return c.next.AssumeRole(ctx, in, append(options, c.here)...)
}

type tokenClient struct {
	next stscreds.AssumeRoleWithWebIdentityAPIClient
	*assuming
}

func (c tokenClient) AssumeRoleWithWebIdentity(ctx context.Context, in *sts.AssumeRoleWithWebIdentityInput, options ...func(*sts.Options)) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return c.next.AssumeRoleWithWebIdentity(ctx, in, append(options, c.here)...)
}
