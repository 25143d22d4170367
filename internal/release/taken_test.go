package release

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTaken: what a tag can't hold is counted, and what it holds is read back.
func TestTaken(t *testing.T) {
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
}
