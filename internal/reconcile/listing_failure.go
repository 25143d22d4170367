package reconcile

import (
	"fmt"
	"strings"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/world"
)

// failure puts what Marketplace says of a change into words, and says what to
// change: a line of the catalog, or a property of the AMI, the role or the
// product.
func (x changeSets) failure(l *listing, e world.ChangeError) (why string, ways []plan.Remedy) {
	a := marketplace.Explain(e.Code, e.Message).For(marketplace.Subject{
		Tag: x.d.Tag, Listing: l.Name, AMI: l.step.Image().AMI, Role: l.Version.AccessRole,
	})
	parts := []string{e.Code + ": " + a.Means}
	for _, field := range strings.Fields(a.Field) {
		parts = append(parts, "See "+field+l.line(field)+".")
	}
	if a.Property != "" {
		parts = append(parts, "See "+a.Property+".")
	}
	parts = append(parts, fmt.Sprintf("Marketplace says: %s", e.Message))
	if e.Report != "" {
		parts = append(parts, "and there:\n  "+strings.ReplaceAll(strings.TrimSpace(e.Report), "\n", "\n  "))
	}
	if a.Do != "" {
		ways = []plan.Remedy{{Name: strings.ToLower(e.Code), Command: a.Do, Words: true, Cost: "nothing is offered until then"}}
	}
	return strings.Join(parts, " "), ways
}
