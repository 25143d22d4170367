package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"amiship/internal/reconcile"
	"amiship/internal/world"
)

// BenchmarkReconcileManyAMIs plans a release into 19 regions, each with 5,000 older
// AMIs, while two other releases are under way.
func BenchmarkReconcileManyAMIs(b *testing.B) {
	s := newStall(b)
	for n := range 5000 {
		s.image(fmt.Sprintf("0.%d.%d", n/10, n%10), 5000-n, func(i *world.Image) { i.Public = false })
	}
	for n := range 2 {
		s.candidate(fmt.Sprintf("2.0.%d", n), 1, nil)
	}
	s.plan() // the region's limits
	filled, target := s.w.Regions["us-east-1"], s.d.Targets[0]
	for n := range 18 {
		target.Region = fmt.Sprintf("region-%d", n)
		s.w.Regions[target.Region] = filled
		s.d.Targets = append(slices.Clone(s.d.Targets), target)
	}
	b.ReportAllocs()
	for b.Loop() {
		if p := reconcile.Reconcile(s.d, s.w, s.r); len(p.Capacities) != 19 || p.Capacities[0].Reserved != 2 {
			b.Fatalf("%d regions, %+v", len(p.Capacities), p.Capacities)
		}
	}
}
