package plan

import (
	"fmt"
	"strings"

	"amiship/internal/marketplace"
	"amiship/internal/world"
)

// meaning puts what Marketplace says of a change into words, and says what to
// change: a line of the catalog, or a property of the AMI, the role or the
// product.
func (b *builder) meaning(l *listing, e world.ChangeError) (why string, ways []Remedy) {
	a := marketplace.Explain(e.Code, e.Message).For(marketplace.Subject{
		Tag: b.d.Tag, Listing: l.Name, AMI: l.step.AMI, Role: l.Version.AccessRole,
	})
	parts := []string{e.Code + ": " + a.Means}
	if a.Field != "" {
		parts = append(parts, "see "+a.Field+l.line(a.Field)+".")
	}
	if a.Property != "" {
		parts = append(parts, "see "+a.Property+".")
	}
	parts = append(parts, fmt.Sprintf("Marketplace says: %s", e.Message))
	if e.Report != "" {
		parts = append(parts, "and there:\n  "+strings.ReplaceAll(strings.TrimSpace(e.Report), "\n", "\n  "))
	}
	if a.Do != "" {
		ways = []Remedy{{Name: strings.ToLower(e.Code), Command: a.Do, Cost: "then offer it again"}}
	}
	return strings.Join(parts, " "), ways
}
