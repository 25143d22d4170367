package apply

import (
	"context"
	"net/netip"
	"strings"
	"sync"

	"amiship/internal/awsapi"
	"amiship/internal/boottest"
	"amiship/internal/release"
)

// access caches the ranges from which this run connects to its instances: the machine's
// address is requested once.
type access struct {
	mu    sync.Mutex
	found map[string][]netip.Prefix
}

func (a *access) from(ctx context.Context, clients *awsapi.Clients, region string, b release.Build) ([]netip.Prefix, error) {
	key := strings.Join(append([]string{region, b.Subnet}, b.AccessFrom...), " ")
	a.mu.Lock()
	defer a.mu.Unlock()
	if from, ok := a.found[key]; ok {
		return from, nil
	}
	from, err := boottest.AccessFrom(ctx, clients, region, b)
	if err != nil {
		return nil, err
	}
	if a.found == nil {
		a.found = map[string][]netip.Prefix{}
	}
	a.found[key] = from
	return from, nil
}
