package marketplace_test

import (
	"context"
	"net/http"
	"strings"

	"amiship/sandbox/marketplace"
)

// front is the sandbox's endpoint.
type front struct {
	calls  http.Handler
	market *marketplace.Marketplace
}

func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, marketplace.ReportPath) {
		f.market.Reports(w, r)
		return
	}
	f.calls.ServeHTTP(w, r)
}

func get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}
