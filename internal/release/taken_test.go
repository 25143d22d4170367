package release

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestTaken: what a tag can't hold is counted, and what it holds is read back.
func TestTaken(t *testing.T) {
	if text := WriteTaken([]string{"all", "222222222222", "111111111111", "all"}); text != "111111111111,222222222222,all" {
		t.Errorf("%q", text)
	}
	if diff := cmp.Diff([]string{"111111111111", Everybody}, ReadTaken(WriteTaken([]string{Everybody, "111111111111", Everybody}))); diff != "" {
		t.Error(diff)
	}
	var many []string
	for n := range 40 {
		many = append(many, fmt.Sprintf("%012d", n))
	}
	text := WriteTaken(many)
	if len(text) > maxTag || len(ReadTaken(text)) != 19 || text[len(text)-4:] != ",+21" {
		t.Errorf("%d characters, %d accounts: %s", len(text), len(ReadTaken(text)), text)
	}
	if got := ReadTaken(""); len(got) > 0 {
		t.Errorf("nothing is %v", got)
	}
	rapid.Check(t, func(rt *rapid.T) {
		who := rapid.SliceOfDistinct(rapid.StringMatching(`[0-9]{12}`), rapid.ID).Draw(rt, "who")
		text := WriteTaken(who)
		got := ReadTaken(text)
		if len(TagValue(text)) > 256 || len(who) < 18 && len(got) != len(who) || len(got) > len(who) {
			rt.Fatalf("%d of %d in %q", len(got), len(who), text)
		}
	})
}
