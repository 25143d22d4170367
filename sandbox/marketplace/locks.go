package marketplace

import (
	"strings"

	"amiship/sandbox/wire"
)

// checkLocks refuses changes of products that pending change sets keep locked.
func (m *Marketplace) checkLocks(c *wire.Call, changes []Change) error {
	for _, change := range changes {
		var holders []string
		for id, s := range sets.All(c.Tx, pendingSets) {
			if s.touches(change.Product) && (m.set.Locks == LocksStrict || s.blocks(change)) {
				holders = append(holders, id)
			}
		}
		if len(holders) > 0 {
			return wire.Errorf("ResourceInUseException", "Requested change set has entities locked by change sets - entity: '%s'  change sets: %s.", change.Product, strings.Join(holders, ", "))
		}
	}
	return nil
}

// blocks is the developer guide's rule for separate change sets
// (docs/reference/aws.md#change-set-locks). What one that is APPLYING blocks
// is left open there: here, everything; so does one that AWS's staff must
// handle, which is one that is stuck.
func (s ChangeSet) blocks(c Change) bool {
	if s.Status == applying || s.Fate != nil && s.Fate.Stuck != "" {
		return true
	}
	for _, have := range s.Changes {
		if have.Product != c.Product {
			continue
		}
		if have.Type == c.Type || clash(have.Type, c.Type) || clash(c.Type, have.Type) {
			return true
		}
	}
	return false
}

// clash: one updates versions while the other adds or restricts one.
func clash(a, b string) bool {
	return a == updateOptions && (b == addOptions || b == restrictOptions)
}
