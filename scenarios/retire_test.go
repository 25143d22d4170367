package scenarios

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// attic is a world with a release that is kept and one that is not, which an
// account may launch besides everybody.
const attic = `ec2:
  - account: vendor
    region: us-east-1
    images:
      - {name: "Prometheus 2.42.0", public: true, created: 1d, tags: {"amiship:project": "1:prometheus", "amiship:tag": "1:v2.42.0", "amiship:image": "1:prometheus", "amiship:arch": "1:amd64", "amiship:version": "1:2.42.0", "amiship:stage": "1:release", "amiship:public": "1:yes"}}
      - {name: "Prometheus 2.40.0", public: true, created: 300d, shared_with: [customer], tags: {"amiship:project": "1:prometheus", "amiship:tag": "1:v2.40.0", "amiship:image": "1:prometheus", "amiship:arch": "1:amd64", "amiship:version": "1:2.40.0", "amiship:stage": "1:release", "amiship:public": "1:yes"}}
`

// retiring is the example with a word about what is kept, and its world.
func retiring(t *testing.T) (b *box, file string) {
	t.Helper()
	file = instantBundle(t)
	appendTo(t, file, "keep: {public: {patches: 1, minors: 1}}\n")
	return worldBox(t, attic), file
}

// stagesOfRetirement, and how many calls of each change something.
var stagesOfRetirement = []struct {
	name  string
	calls int
}{{"deprecate", 3}, {"demote", 2}, {"disable", 2}, {"remove", 1}}

// TestRetireKilledAtEveryCall kills a run before and after the answer of each of
// its calls that change something, in each stage, and runs it again: the world is
// that of an undisturbed run.
func TestRetireKilledAtEveryCall(t *testing.T) {
	t.Parallel()
	undisturbed, file := retiring(t)
	for n, stage := range stagesOfRetirement {
		k, via := newKiller(t, undisturbed.url)
		retireOnce(t, undisturbed, file, via)
		want := worldOf(t, undisturbed)
		undisturbed.advance(t, 31*24*time.Hour)
		names := k.calls()
		if len(names) != stage.calls {
			t.Fatalf("%s: %d calls change something, want %d: %s", stage.name, len(names), stage.calls, strings.Join(names, " "))
		}
		for at := 1; at <= stage.calls; at++ {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s-%s-%v", stage.name, names[at-1], after), func(t *testing.T) {
					t.Parallel()
					b, file := retiring(t)
					for range n {
						retireOnce(t, b, file, "")
						b.advance(t, 31*24*time.Hour)
					}
					killRetirement(t, b, file, at, after)
					retireOnce(t, b, file, "")
					sameWorld(t, want, worldOf(t, b))
				})
			}
		}
	}
}

func retireOnce(t *testing.T, b *box, file, via string) {
	t.Helper()
	if code, out := amiship(t, b.env(t, "vendor", via), "retire", "--file", file, "--yes"); code != 0 {
		t.Fatalf("retire --yes: exit %d\n%s", code, out)
	}
}

func killRetirement(t *testing.T, b *box, file string, at int, after bool) {
	t.Helper()
	k, via := newKiller(t, b.url)
	cmd := exec.Command(program, "retire", "--file", file, "--yes")
	cmd.Env = b.env(t, "vendor", via)
	if code, out := k.killAt(t, cmd, at, after); code == 0 || !k.killed() {
		t.Fatalf("it was not killed: exit %d\n%s", code, out)
	}
}

// TestRetireGoesBlind: credentials expire with the first change of a retirement.
// What it can no longer read is not done.
func TestRetireGoesBlind(t *testing.T) {
	t.Parallel()
	b, file := retiring(t)
	var blind atomic.Bool
	_, via := newCounter(t, b.url, func(r *http.Request, body []byte) bool {
		blind.Store(blind.Load() || changes(r, body))
		return blind.Load()
	}, func(_ *counter, w http.ResponseWriter, _ *http.Request, _ []byte) {
		http.Error(w, "", http.StatusBadRequest)
	})
	code, out := amiship(t, b.env(t, "vendor", via), "retire", "--file", file, "--yes")
	if code != 1 || !strings.Contains(out, "images of us-east-1 could not be read") {
		t.Errorf("exit %d, want 1 and what could not be read\n%s", code, out)
	}
	retireOnce(t, b, file, "")
}
