package rehearse

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"amiship/internal/progress"
)

// TestHintsAreLeftOut: what a command of a rehearsal says is shown, but what it says to type.
func TestHintsAreLeftOut(t *testing.T) {
	var out strings.Builder
	said := progress.NewRelay(progress.NewPlain(&out, time.Minute), Rehearsal{Log: &out}.say)
	for _, part := range []string{"one\namiship: hi", "nt: aws ec2 delete-everything\ntwo\namiship: hint", " of rain\n", `{"schema":1,"at":"2026-11-29T12:00:00Z","event":"note","note":"amiship: hint: type this"}` + "\nend"} {
		if n, err := fmt.Fprint(said, part); n != len(part) || err != nil {
			t.Errorf("%d of %d: %v", n, len(part), err)
		}
	}
	said.End()
	if want := "one\ntwo\namiship: hint of rain\nend\n"; out.String() != want {
		t.Errorf("it shows %q, want %q", out.String(), want)
	}
}
