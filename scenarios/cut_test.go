package scenarios

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// cutter counts the calls of Amiship itself, by action, and cuts the answer to one of
// them in the middle, when it has had its effect.
type cutter struct {
	came map[string]int
	at   string // the action; "": none is cut
	nth  int    // which of its calls; the first is 1
}

// ourCall leaves out Packer's, and dry runs.
func ourCall(r *http.Request, body []byte) bool {
	return strings.Contains(r.UserAgent(), "aws-sdk-go-v2") && !bytes.Contains(body, []byte("DryRun=true"))
}

func (k *cutter) answer(c *counter, w http.ResponseWriter, r *http.Request, body []byte) {
	c.mu.Lock()
	name := action(r, body)
	k.came[name]++
	cut := name == k.at && k.came[name] == k.nth
	c.mu.Unlock()
	if !cut {
		c.hand(w, r, body)
		return
	}
	whole := httptest.NewRecorder()
	c.hand(whole, r, body)
	w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
	w.WriteHeader(whole.Code)
	_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// releaseCut releases into a fresh sandbox with one answer cut.
func releaseCut(t *testing.T, at string, nth int) (came map[string]int, world map[string][]string) {
	t.Helper()
	b, k := startAt(t), &cutter{came: map[string]int{}, at: at, nth: nth}
	_, via := newCounter(t, b.url, ourCall, k.answer)
	if out, err := releaseCmd(t, b, via).CombinedOutput(); err != nil {
		t.Fatalf("call %d of %s is cut: %v\n%s", nth, at, err, out)
	}
	if nth > k.came[at] {
		t.Fatalf("there are %d calls of %s only", k.came[at], at)
	}
	return k.came, worldOf(t, b)
}

// TestCutAnswers: each call that changes something, and the first of each that only
// reads, has its effect and its answer cut. The run asks again, and its world is that of
// an undisturbed one.
func TestCutAnswers(t *testing.T) {
	t.Parallel()
	came, want := releaseCut(t, "", 0)
	for name, calls := range came {
		if slices.ContainsFunc([]string{"Describe", "Get", "List"}, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			calls = 1 // how many there are is another number in each run
		}
		for nth := 1; nth <= calls; nth++ {
			t.Run(name+"-"+strconv.Itoa(nth), func(t *testing.T) {
				t.Parallel()
				_, world := releaseCut(t, name, nth)
				sameWorld(t, want, world)
			})
		}
	}
}
