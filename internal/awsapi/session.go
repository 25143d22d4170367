package awsapi

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
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

// SessionEnds is when the credentials end, by AWS's clock; zero: they do not, or that is not
// known.
func (c *Clients) SessionEnds(ctx context.Context) time.Time {
	got, err := c.cfg.Credentials.Retrieve(ctx)
	if err != nil || !got.CanExpire {
		return time.Time{}
	}
	return got.Expires.Add(renewBefore) // the cache names the moment at which it renews them
}
