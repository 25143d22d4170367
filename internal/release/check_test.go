package release

import (
	"slices"
	"testing"
)

func TestPortsOfChecks(t *testing.T) {
	v := Variant{Checks: []Check{{Port: 443, Path: "/"}, {Port: 80, Path: "/a"}, {Run: "ls"}, {Port: 80, Path: "/b"}}}
	if got := v.Ports(); !slices.Equal(got, []int{80, 443}) {
		t.Errorf("got %v, want 80 and 443, each once, and none of a command", got)
	}
}
