package scenarios

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func handsIn(r *http.Request, _ []byte) bool { return r.URL.Path == "/StartChangeSet" }

// counted puts a counter before a market.
func (m *market) counted(t *testing.T, here func(*http.Request, []byte) bool, at deed) *counter {
	t.Helper()
	c, via := newCounter(t, m.url, here, at)
	m.via = via
	return c
}

// answerLost loses the first answer; the run lives.
func answerLost(c *counter, w http.ResponseWriter, r *http.Request, body []byte) {
	if c.again() {
		c.hand(w, r, body)
		return
	}
	c.hand(httptest.NewRecorder(), r, body)
	panic(http.ErrAbortHandler)
}

func arrivesTwice(c *counter, w http.ResponseWriter, r *http.Request, body []byte) {
	c.hand(httptest.NewRecorder(), r, body)
	c.hand(w, r, body)
}

// runAndMaybeKill starts a run that the counter can kill, and returns how it
// ended: -1 if it was killed.
func (m *market) runAndMaybeKill(t *testing.T, c *counter, more ...string) (code int, out string) {
	t.Helper()
	return c.run(t, m.command(t, false, append([]string{"release", "v2.42.0", "--poll", "200ms", "--wait", "0s"}, more...)...))
}

// TestTheAnswerIsLost: whatever became of the request and of the run that made
// it, the next run, on another machine, finds the change set or makes it; one
// version appears.
func TestTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	from := stocked(t, goods{})
	for name, c := range map[string]struct {
		at      deed
		code    int // of the first run
		sets    int // after it
		arrived int // requests at the counter
	}{
		"killed before the request":    {killedBefore, -1, 0, 1},
		"killed before the answer":     {killedAfter, -1, 1, 1},
		"only the answer is lost":      {answerLost, 75, 1, 2},
		"the request arrives twice":    {arrivesTwice, 75, 1, 1},
		"nothing happens on the way":   {(*counter).hand, 75, 1, 1},
		"refused, as one is too early": {tooEarly, 75, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := from.again(t)
			at := m.counted(t, handsIn, c.at)
			if code, out := m.runAndMaybeKill(t, at); code != c.code {
				t.Fatalf("exit %d, want %d\n%s", code, c.code, out)
			}
			if got := m.sold(t).ours(premiumProduct); len(got) != c.sets || at.requests() != c.arrived {
				t.Fatalf("%d requests led to %+v; want %d and %d", at.requests(), got, c.arrived, c.sets)
			}
			m.via = ""
			if code, out := m.carryOn(t); code != 75 || !strings.Contains(out, m.sold(t).ours(premiumProduct)[0].ID) {
				t.Fatalf("the next run: exit %d, want 75 and the change set\n%s", code, out)
			}
			m.advance(t, 26*time.Hour+time.Minute)
			if code, out := m.carryOn(t); code != 0 {
				t.Fatalf("a day later: exit %d\n%s", code, out)
			}
			m.soldOnce(t, premiumProduct, premiumTitle, 1)
		})
	}
}

// tooEarly breaks the first connection before the request has come through.
func tooEarly(c *counter, w http.ResponseWriter, r *http.Request, body []byte) {
	if !c.again() {
		panic(http.ErrAbortHandler)
	}
	c.hand(w, r, body)
}

// together lets two requests wait for each other.
func together(c *counter, w http.ResponseWriter, r *http.Request, body []byte) {
	select {
	case <-c.both:
	case <-time.After(time.Minute): // the other one never comes: the test says so
	}
	c.hand(w, r, body)
}

// TestTwoRunsOfferAtOnce: two runs that know nothing of each other hand in the
// same version in the same moment. Both wait for the one change set.
func TestTwoRunsOfferAtOnce(t *testing.T) {
	t.Parallel()
	m := stocked(t, goods{}).again(t)
	c := m.counted(t, handsIn, together)
	codes, outs := make([]int, 2), make([]string, 2)
	var runs sync.WaitGroup
	for i, cmd := range []*exec.Cmd{m.command(t, false, "release", "v2.42.0", "--wait", "0s"), m.command(t, false, "release", "--all-open")} {
		runs.Go(func() {
			out, _ := cmd.CombinedOutput()
			codes[i], outs[i] = cmd.ProcessState.ExitCode(), string(out)
		})
	}
	runs.Wait()
	sets := m.sold(t).ours(premiumProduct)
	if !slices.Equal(codes, []int{75, 75}) || len(sets) != 1 || c.requests() != 2 {
		t.Fatalf("exit codes %d, %d requests, %+v\n%s", codes, c.requests(), sets, strings.Join(outs, "\n"))
	}
	for _, out := range outs {
		if !strings.Contains(out, sets[0].ID) {
			t.Errorf("a run does not say that it waits for %s:\n%s", sets[0].ID, out)
		}
	}
	m.via = ""
	m.advance(t, 26*time.Hour+time.Minute)
	if code, out := m.carryOn(t); code != 0 {
		t.Fatalf("a day later: exit %d\n%s", code, out)
	}
	m.soldOnce(t, premiumProduct, premiumTitle, 1)
}
