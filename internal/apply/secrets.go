package apply

import (
	"context"
	"strings"

	"amiship/internal/awsapi"
	"amiship/internal/packer"
	"amiship/internal/release"
)

// secrets knows what must not show up in any output.
type secrets struct {
	clients *awsapi.Clients
	fetch   func(context.Context, release.Secret) ([]byte, error)
}

// of is what must not show up in what a build prints, besides the license: the
// caller's keys, and the headers that the package is fetched with. A header that
// can't be had by this run is not in its environment either.
func (s secrets) of(ctx context.Context, v release.Variant) []string {
	out := s.clients.Secrets(ctx)
	for _, secret := range v.Build.Package.Headers {
		value, err := s.fetch(ctx, secret)
		if err != nil {
			continue
		}
		out = append(out, string(value))
		if _, token, ok := strings.Cut(string(value), " "); ok { // Bearer TOKEN
			out = append(out, token)
		}
	}
	return out
}

// hiding redacts secrets from the output of instances. Where the license is not
// available, as in a later run that has no secrets, none of their output may be
// kept.
func (s secrets) hiding(ctx context.Context, v release.Variant) func(string) string {
	secrets := s.of(ctx, v)
	if !v.Build.License.IsZero() {
		license, err := s.fetch(ctx, v.Build.License)
		if err != nil {
			return func(string) string { return "(not shown: the license, which may be in it, is not at hand)" }
		}
		secrets = append(secrets, string(license))
	}
	return packer.NewRedactor(secrets).Replace
}
