package observe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/world"
)

// What is read of a file with findings: so much, and for so long.
const (
	maxReport    = 64 << 10 // bytes
	reportWithin = 10 * time.Second
)

// fetchReports reads what stands at the addresses that Marketplace gives instead
// of a message. One that can't be read is said so in its place.
func (o *Observer) fetchReports(ctx context.Context, d world.SetDetails) {
	for _, c := range d.Changes {
		for i, e := range c.Errors {
			at := marketplace.Explain(e.Code, e.Message).Findings
			if at == "" {
				continue
			}
			text, err := fetchReport(ctx, at)
			if err != nil {
				text = "not read: " + err.Error()
			}
			c.Errors[i].Report = text
		}
	}
}

func fetchReport(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, reportWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReport))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s answers %s", address, resp.Status)
	}
	return string(text), err
}
