package cloud

import (
	"slices"
	"testing"
	"time"
)

// TestAsOf: a look at an earlier moment sees what was there then, as far as the
// store was told to remember.
func TestAsOf(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	wall := noon
	s := mustOpen(t, "", Clock{Wall: func() time.Time { return wall }})
	put(t, s, "", "kept", thing{A: "1"})
	put(t, s, "", "changed", thing{A: "forgotten"})
	put(t, s, "", "changed", thing{A: "old"})
	put(t, s, "", "gone", thing{A: "1"})
	s.Remember(time.Minute)
	wall = noon.Add(10 * time.Second)
	put(t, s, "", "changed", thing{A: "middle"})
	put(t, s, "", "made", thing{A: "1"})
	_ = s.Update(func(tx *Tx) error { things.Delete(tx, "", "gone"); return nil })
	wall = noon.Add(20 * time.Second)
	put(t, s, "", "changed", thing{A: "new"})
	for name, c := range map[string]struct {
		then time.Duration // after noon
		want []string
	}{
		"before all of it": {5 * time.Second, []string{"changed=old", "gone=1", "kept=1"}},
		"in between":       {15 * time.Second, []string{"changed=middle", "kept=1", "made=1"}},
		"now":              {20 * time.Second, []string{"changed=new", "kept=1", "made=1"}},
	} {
		var got []string
		_ = s.View(func(tx *Tx) error {
			tx = tx.AsOf(noon.Add(c.then))
			for k, v := range things.All(tx, "") {
				got = append(got, k+"="+v.A)
				if one, found := things.Get(tx, "", k); !found || one != v {
					t.Errorf("%s: %s is %v alone and %v in a list", name, k, one, v)
				}
			}
			if !tx.Now.Equal(wall) {
				t.Errorf("%s: its clock shows %v", name, tx.Now)
			}
			return nil
		})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	s.Remember(0)
	_ = s.View(func(tx *Tx) error {
		if v, _ := things.Get(tx.AsOf(noon), "", "changed"); v.A != "new" {
			t.Errorf("what it was told to forget: %v", v)
		}
		return nil
	})
}
