package scenarios

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// pauser writes a pause at one of the calls of a run that change something, before
// that call has its effect, and notes what comes after it.
type pauser struct {
	*counter
	pause func()
	nth   int // which call; 0: none

	mu    sync.Mutex
	names []string // phases of the calls: see phase
}

func newPauser(t *testing.T, b *box, nth int) (p *pauser, via string) {
	t.Helper()
	p = &pauser{nth: nth}
	p.pause = func() {
		if code, out := amiship(t, b.env(t, "vendor", ""), "pause", "--reason", "key leaked", "--file", instantBundle(t)); code != 0 {
			t.Errorf("pause: exit %d\n%s", code, out)
		}
	}
	p.counter, via = newCounter(t, b.url, changes, func(c *counter, w http.ResponseWriter, r *http.Request, body []byte) {
		p.mu.Lock()
		p.names = append(p.names, phase(r, body))
		if len(p.names) == p.nth {
			p.pause()
		}
		p.mu.Unlock()
		c.hand(w, r, body)
	})
	return p, via
}

// phases are what a release goes through; a step of one begins only when all of those
// of the ones before are done, but for the two that go on side by side in each region.
var phases = []string{"claim", "work", "copy or share", "publish or point", "remove"}

// phase tells by a call how far a release is. What only tags or cleans up tells
// nothing: "".
func phase(r *http.Request, body []byte) string {
	switch name := action(r, body); name {
	case "CreateSecurityGroup", "CreateKeyPair":
		return "claim"
	case "RunInstances", "StopInstances", "CreateImage":
		return "work"
	case "CopyImage":
		return "copy or share"
	case "ModifyImageAttribute", "ModifySnapshotAttribute":
		switch {
		case bytes.Contains(body, []byte("Group=all")):
			return "publish or point"
		case bytes.Contains(body, []byte("Permission")):
			return "copy or share"
		}
	case "PutParameter":
		return "publish or point"
	case "DeregisterImage":
		return "remove"
	}
	return ""
}

// after are the phases of the calls that came after the pause.
func (p *pauser) after() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.names[min(p.nth, len(p.names)):])
}

// TestPausedAnywhere writes a pause while a run is at some call that changes something.
// The step that is under way may end, and nothing after it begins, in this run and in
// the next; no claim and no machine stays. Resumed, the same command completes, and the
// world is that of a run without a pause.
func TestPausedAnywhere(t *testing.T) {
	t.Parallel()
	b := startAt(t)
	p, via := newPauser(t, b, 0)
	if out, err := releaseCmd(t, b, via).CombinedOutput(); err != nil {
		t.Fatalf("the run without a pause: %v\n%s", err, out)
	}
	want := worldOf(t, b)
	seen := map[string]bool{}
	for n, name := range p.names {
		if name == "" || seen[name] && n%5 != 0 { // the first of each, and some more
			continue
		}
		seen[name] = true
		t.Run(fmt.Sprint(strings.ReplaceAll(name, " ", "-"), "-", n+1), func(t *testing.T) {
			t.Parallel()
			pausedAt(t, n+1, name, n+1 == len(p.names), want)
		})
	}
	if len(seen) != len(phases) {
		t.Errorf("a release has %v, want %q", seen, phases)
	}
}

func pausedAt(t *testing.T, nth int, name string, last bool, want map[string][]string) {
	t.Helper()
	b := startAt(t)
	p, via := newPauser(t, b, nth)
	cmd := releaseCmd(t, b, via)
	out, _ := cmd.CombinedOutput()
	code := cmd.ProcessState.ExitCode()
	if complete := last && code == 0; !complete && (code != 20 || !strings.Contains(string(out), "key leaked")) {
		t.Errorf("exit %d, want 20 and why\n%s", code, out)
	}
	for _, later := range p.after() {
		// a boot test's claim comes after the build's, and is not to be told from it
		if later != "" && slices.Index(phases, later) > slices.Index(phases, name) || later == "claim" && name == "work" {
			t.Errorf("paused at %s, and then: %q\n%s", name, p.after(), out)
			break
		}
	}
	if made, ended := strings.Count(b.callLog(), `"Action":"CreateSecurityGroup"`), strings.Count(b.callLog(), `"Action":"DeleteSecurityGroup"`); made > ended {
		t.Errorf("%d claims made, %d given back\n%s", made, ended, out)
	}
	again, via := newPauser(t, b, 0)
	if out, err := releaseCmd(t, b, via).CombinedOutput(); len(again.after()) > 0 || (err == nil) != (code == 0) {
		t.Errorf("a run under the pause: %v, %q\n%s", err, again.after(), out)
	}
	if code, out := amiship(t, b.env(t, "vendor", ""), "resume", "--file", instantBundle(t)); code != 0 {
		t.Fatalf("resume: exit %d\n%s", code, out)
	}
	finish(t, b)
	sameWorld(t, want, worldOf(t, b))
}
