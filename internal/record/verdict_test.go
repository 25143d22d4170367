package record

import (
	"strings"
	"testing"
)

func TestVerdicts(t *testing.T) {
	for _, v := range []Verdict{{OK: true, Checks: "0123456789ab"}, {Checks: "0123456789ab", Why: `i-1: GET :80/: answered "502", want 200`}} {
		if got, ok := ReadVerdict(v.String()); !ok || got != v {
			t.Errorf("wrote %q, read %+v", v, got)
		}
	}
	long := Verdict{Checks: "0123456789ab", Why: strings.Repeat("ä\n", 300)}
	if n := len([]rune(TagValue(long.String()))); n != 256 || strings.Contains(long.String(), "\n") {
		t.Errorf("a long reason makes a tag of %d characters, want 256 in one line", n)
	}
	for _, text := range []string{"", "ok", "maybe 0123456789ab"} {
		if v, ok := ReadVerdict(text); ok {
			t.Errorf("%q was read as %+v", text, v)
		}
	}
}
