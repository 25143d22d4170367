package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSweep: what a run that was killed in the middle of a build has left is
// shown, and removed only with a yes.
func TestSweep(t *testing.T) {
	b := startAt(t)
	file := instantBundle(t)
	killRun(t, b, callOf(t, "StopInstances"), false)
	env := b.env(t, "vendor", "")
	if _, out := amiship(t, env, "sweep", "--file", file); !strings.Contains(out, "nothing is left over") {
		t.Fatalf("the claim of a run that was there a moment ago is swept:\n%s", out)
	}
	b.advance(t, 3*time.Minute)
	code, out := amiship(t, env, "sweep", "--file", file)
	if code != 2 || !strings.Contains(out, "with i-") || !strings.Contains(out, "--yes") {
		t.Fatalf("without a terminal and without --yes: exit %d\n%s", code, out)
	}
	if code, out := amiship(t, env, "sweep", "--file", file, "--yes"); code != 0 {
		t.Fatalf("sweep --yes: exit %d\n%s", code, out)
	}
	sameWorld(t, worldOf(t, startAt(t)), worldOf(t, b))
}

// callOf is the number of the first call of that name in a release.
func callOf(t *testing.T, name string) int {
	t.Helper()
	b := startAt(t)
	k, via := newKiller(t, b.url)
	if out, err := releaseCmd(t, b, via).CombinedOutput(); err != nil {
		t.Fatalf("release: %v\n%s", err, out)
	}
	n := slices.Index(k.calls(), name) + 1
	if n == 0 {
		t.Fatalf("a release does not call %s", name)
	}
	return n
}
