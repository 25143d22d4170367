package release

import (
	"slices"
	"testing"
)

func TestPortsOfChecks(t *testing.T) {
	v := Variant{Checks: []Check{{Port: 443, Path: "/"}, {Port: 80, Path: "/a"}, {Run: "ls"}, {Port: 80, Path: "/b"}, {TCP: 5432}}}
	if got := v.Ports(); !slices.Equal(got, []int{80, 443, 5432}) {
		t.Errorf("got %v, want 80, 443 and 5432, each once, and none of a command", got)
	}
}

// TestDigestOfChecks: what the boot test accepts is part of what a verdict is about; a
// verdict from before there was such a thing stays.
func TestDigestOfChecks(t *testing.T) {
	v := Variant{Checks: []Check{{Run: "ls"}}}
	const before = "c76076a2e01d"
	if got := v.ChecksDigest(); got != before {
		t.Errorf("got %s, want %s", got, before)
	}
	v.TestAllow = []string{"/etc/key"}
	if got := v.ChecksDigest(); got == before {
		t.Error("another test has the same digest")
	}
}

func TestNamesOfChecks(t *testing.T) {
	for want, c := range map[string]Check{
		"run ls": {Run: "ls"}, "connect to :5432": {TCP: 5432}, "GET :80/": {Port: 80, Path: "/"},
		"POST https :443/a": {Port: 443, Path: "/a", HTTPS: true, Body: "x"}, "PUT :80/": {Port: 80, Path: "/", Method: "PUT", Body: "x"},
	} {
		if got := c.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
