package awsapi

import "context"

// Secrets are the caller's key and session token, wherever the SDK has them from: what
// must not show up in what other programs print. Those that can't be had now hide
// nothing, and stay out.
func (c *Clients) Secrets(ctx context.Context) []string {
	if c.cfg.Credentials == nil {
		return nil
	}
	got, err := c.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil
	}
	return []string{got.SecretAccessKey, got.SessionToken}
}
