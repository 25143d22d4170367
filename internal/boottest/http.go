package boottest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"amiship/internal/release"
)

// at fills in what is known only now that the machine runs.
func at(m Machine, c release.Check) release.Check {
	fill := strings.NewReplacer("{host}", m.Host, "{address}", m.Address, "{instance}", m.ID).Replace
	c.Path, c.Run, c.Contains = fill(c.Path), fill(c.Run), fill(c.Contains)
	return c
}

// URL is where a check over HTTP asks.
func URL(m Machine, c release.Check) string {
	return fmt.Sprintf("http://%s:%d%s", m.Address, c.Port, at(m, c).Path)
}

// Ask asks a machine over HTTP until the answer is as it shall be, or ctx ends:
// machines take a while to configure themselves. The error is what was wrong
// with the last answer.
func Ask(ctx context.Context, every time.Duration, m Machine, c release.Check) error {
	url := URL(m, c)
	c = at(m, c)
	if err := until(ctx, every, func() error { return get(ctx, url, c) }); err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	return nil
}

const (
	maxAnswer     = 1 << 20          // bytes that are read of an answer
	answersWithin = 10 * time.Second // or it is asked again
)

func get(ctx context.Context, url string, c release.Check) error {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return err
	case resp.StatusCode != c.Status:
		return fmt.Errorf("answered %s, want %d", resp.Status, c.Status)
	case !strings.Contains(string(body), c.Contains):
		return fmt.Errorf("the answer does not contain %q", c.Contains)
	}
	return nil
}
