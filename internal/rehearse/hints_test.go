package rehearse

import (
	"fmt"
	"strings"
	"testing"
)

// TestHintsAreLeftOut: what a command of a rehearsal says is shown, but what it says to type.
func TestHintsAreLeftOut(t *testing.T) {
	var out strings.Builder
	u := &unhinted{w: &out}
	for _, part := range []string{"one\namiship: hi", "nt: aws ec2 delete-everything\ntwo\namiship: hint", " of rain\nend"} {
		if n, err := fmt.Fprint(u, part); n != len(part) || err != nil {
			t.Errorf("%d of %d: %v", n, len(part), err)
		}
	}
	u.end()
	if want := "one\ntwo\namiship: hint of rain\nend"; out.String() != want {
		t.Errorf("it shows %q, want %q", out.String(), want)
	}
}
