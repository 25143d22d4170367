package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/world"
)

// TestPulledByHand: an AMI that was public and is private now stays so, unless a person
// has named the release.
func TestPulledByHand(t *testing.T) {
	d := desired(t)
	for i := range d.Variants {
		if !d.Variants[i].Public {
			continue
		}
		d.Variants[i].Parameters = []release.Parameter{{Name: "/p/" + d.Variants[i].Image + "/" + d.Variants[i].Arch + "/1.2.3"}}
	}
	for name, c := range map[string]struct {
		unattended bool
		change     func(*model, *world.Image)
		want       plan.State
	}{
		"by a schedule":           {unattended: true, want: plan.Blocked},
		"by a person":             {want: plan.Ready},
		"by its deprecation date": {unattended: true, want: plan.Blocked, change: func(m *model, i *world.Image) { m.params["us-east-1"], i.Deprecated = nil, m.now.Add(time.Hour) }},
		"that never was public":   {unattended: true, want: plan.Ready, change: func(m *model, _ *world.Image) { m.params["us-east-1"] = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			m := complete(t, d)
			all := m.released("us-east-1")
			pulled := all[slices.IndexFunc(all, func(i world.Image) bool { return i.Public })]
			image := m.images["us-east-1"][pulled.ID]
			image.Public = false
			if c.change != nil {
				c.change(m, image)
			}
			w, r := world.New(), plan.NewRun("r")
			w.Now, r.Unattended = m.now, c.unattended
			for range 8 {
				m.answer(&w, reconcile.Reconcile(d, w, r).Look)
			}
			p := reconcile.Reconcile(d, w, r)
			n := 0
			for _, s := range p.Steps {
				if s.Kind() != plan.Publish || s.State == plan.Done {
					continue
				}
				if n++; s.Image().AMI != pulled.ID || s.State != c.want {
					t.Errorf("%s is %s (%s), want %s", s.ID, s.State, s.Why, c.want)
				}
			}
			if n != 1 || (c.want == plan.Blocked) != (len(p.Blockers) == 1) {
				t.Errorf("%d AMIs to publish, blockers %+v", n, p.Blockers)
			}
		})
	}
}
