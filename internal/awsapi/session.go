package awsapi

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// CredentialProcess is the command by which the profile in use gets its credentials, or the
// profile that it takes them from; "" if they come from elsewhere.
func (c *Clients) CredentialProcess() string {
	for _, source := range c.cfg.ConfigSources {
		if env, ok := source.(config.EnvConfig); ok && env.Credentials.HasKeys() {
			return ""
		}
		shared, ok := source.(config.SharedConfig)
		for s := &shared; ok && s != nil; s = s.Source {
			if s.CredentialProcess != "" {
				return s.CredentialProcess
			}
		}
	}
	return ""
}

// SessionEnds is when the credentials end; zero: they do not, that is not known, or STS gives
// others then.
func (c *Clients) SessionEnds(ctx context.Context) time.Time {
	got, err := c.cfg.Credentials.Retrieve(ctx)
	if err != nil || !got.CanExpire || renewable(got) {
		return time.Time{}
	}
	return got.Expires.Add(renewBefore) // the cache names the moment at which it renews them
}

// renewable reports whether the credentials are a session of a role, which STS makes again, for
// the caller or for a token, as often as it is asked.
func renewable(c aws.Credentials) bool {
	return c.Source == stscreds.ProviderName || c.Source == stscreds.WebIdentityProviderName
}

// Session is the caller's session of a role, renewed if it is about to end, where another
// endpoint than AWS's own makes it: there Packer 1.6.6 can't assume the role, which knows no
// endpoint of STS but that (docs/reference/aws.md#packer-credentials). Nil: Packer gets its own.
func (c *Clients) Session(ctx context.Context) (*aws.Credentials, error) {
	if aws.ToString(sts.NewFromConfig(c.cfg).Options().BaseEndpoint) == "" {
		return nil, nil
	}
	got, err := c.cfg.Credentials.Retrieve(ctx)
	if err != nil || !renewable(got) {
		return nil, err
	}
	return &got, nil
}
