package scenarios

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// example is the example's catalog as it stands.
const example = "../examples/prometheus/amiship.yaml"

// places bounds how many real machines the tests run at once.
var places = make(chan struct{}, 2)

// takePlace waits for one of the places of real machines, until the test ends.
func takePlace(t *testing.T) {
	t.Helper()
	needsRoot(t)
	places <- struct{}{}
	t.Cleanup(func() { <-places })
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("real machines need root: make test asks sudo for it, or script/as-root go test ./scenarios")
	}
}

// realBox starts a sandbox with real machines.
func realBox(t *testing.T, args ...string) *box {
	t.Helper()
	needsRoot(t)
	return startBox(t, filepath.Join(t.TempDir(), "state"), append([]string{"--driver", "container", "--speed", "100"}, args...)...)
}

// offered is the tag of the package that apt offers.
func offered(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "../script/offered", "prometheus").Output()
	if err != nil {
		t.Fatalf("script/offered prometheus: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// realRun is a run of the example's release, with a temporary directory of its
// own, by which its processes are known: they have it in their environment.
type realRun struct {
	cmd *exec.Cmd
	tmp string
	out output
}

func newRealRun(t *testing.T, b *box, tag string) *realRun {
	t.Helper()
	r := &realRun{tmp: shortTemp(t)}
	r.cmd = exec.Command(program, "release", tag, "-v", "--file", example, "--poll", "500ms", "--wait", "8m")
	r.cmd.Env = append(b.env(t, "vendor", ""), "TMPDIR="+r.tmp)
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
	return r
}

// complete runs the release to its end and looks at what was made.
func (r *realRun) complete(t *testing.T, b *box) {
	t.Helper()
	if err := r.cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", r.cmd, err, r.out.String())
	}
	r.leftNothing(t)
	layers := layersOf(t, b)
	if len(layers) != 1 {
		t.Fatalf("the sandbox keeps %d layers, want that of the release's snapshot: %s", len(layers), layers)
	}
	for _, f := range imageFindings(t, layers[0]) {
		t.Errorf("the AMI's disk holds %s", f)
	}
	if len(machinesOf(t, b)) != 0 {
		t.Errorf("machines are left: %s", machinesOf(t, b))
	}
}

// output is what a process prints, to be read while it does.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// TestRealMachines releases the example once, with the real Packer on a machine
// that runs. What is asked of the result, and of runs that are killed on the
// way to the same, goes side by side.
func TestRealMachines(t *testing.T) {
	t.Parallel()
	tag := offered(t)
	b := realBox(t)
	var want map[string][]string
	t.Run("release", func(t *testing.T) {
		takePlace(t)
		newRealRun(t, b, tag).complete(t, b)
		want = worldOf(t, b)
	})
	if t.Failed() {
		return
	}
	t.Run("then", func(t *testing.T) {
		t.Run("a customer's machines", func(t *testing.T) {
			t.Parallel()
			takePlace(t)
			customersMachines(t, b, "Prometheus "+strings.TrimPrefix(tag, "v"))
		})
		for name, reached := range killMoments {
			t.Run("killed "+name, func(t *testing.T) {
				t.Parallel()
				takePlace(t)
				killedOnRealMachines(t, tag, reached, want)
			})
		}
	})
	endsClean(t, b)
}

// killMoments are when a run is killed: when its output or the sandbox's log of
// calls holds a text.
var killMoments = map[string]func(out, calls string) bool{
	"while the builder boots": func(_, calls string) bool {
		return strings.Contains(calls, `"Action":"RunInstances"`)
	},
	"while the install script runs": func(out, _ string) bool {
		return strings.Contains(out, "Reading package lists")
	},
	"between CreateImage and CreateTags": func(_, calls string) bool {
		return strings.Contains(calls, `"Action":"CreateImage"`)
	},
}

// killedOnRealMachines kills a run, and not what it has started; then the same
// command does the rest.
func killedOnRealMachines(t *testing.T, tag string, reached func(out, calls string) bool, want map[string][]string) {
	b := realBox(t)
	r := newRealRun(t, b, tag)
	r.cmd.WaitDelay = 10 * time.Second
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	killWhen(t, b, r, reached, ended)
	r.leftNothing(t)
	b.advance(t, 3*time.Minute)
	newRealRun(t, b, tag).complete(t, b)
	sameWorld(t, want, worldOf(t, b))
	endsClean(t, b)
}

func killWhen(t *testing.T, b *box, r *realRun, reached func(out, calls string) bool, ended <-chan error) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			t.Fatalf("the run ended before it could be killed: %v\n%s", err, r.out.String())
		case <-look.C:
		}
		if reached(r.out.String(), b.callLog()) {
			if err := r.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			<-ended
			return
		}
	}
}
