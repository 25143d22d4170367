package release

import (
	"testing"
	"time"
)

func TestFreezeInForce(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	window := Freeze{From: at, To: at.Add(time.Hour), Reason: "audit"}
	for name, c := range map[string]struct{ got, want bool }{
		"before the window":        {window.InForce(at.Add(-1)), false},
		"at its beginning":         {window.InForce(at), true},
		"at its end":               {window.InForce(at.Add(time.Hour)), false},
		"another window's digest":  {window.Digest() == Freeze{From: at, To: at.Add(2 * time.Hour), Reason: "audit"}.Digest(), false},
		"the same in another zone": {window.Digest() == Freeze{From: at.In(time.FixedZone("", 3600)), To: window.To, Reason: "audit"}.Digest(), true},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

func TestFrozen(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	first := Freeze{From: at, To: at.Add(time.Hour), Reason: "audit"}
	second := Freeze{From: at, To: at.Add(2 * time.Hour), Reason: "holidays"}
	c := ChangeControl{Freezes: []Freeze{first, second}, Approved: first.Digest()}
	if got, ok := c.Frozen(at); !ok || got != second {
		t.Errorf("an approval of one window is one of another: %+v, %v", got, ok)
	}
	c.Approved = second.Digest()
	if _, ok := c.Frozen(at.Add(90 * time.Minute)); ok {
		t.Error("what was approved is held")
	}
}
