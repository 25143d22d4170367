package scenarios

import (
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// quickRun is a run of the example's release on instant machines, with a
// temporary directory of its own.
func quickRun(t *testing.T, b *box) *realRun {
	t.Helper()
	r := &realRun{tmp: shortTemp(t)}
	r.cmd = exec.Command(program, "release", "v2.42.0", "--file", instantBundle(t), "--poll", "200ms", "--wait", "2m")
	r.cmd.Env = append(b.env(t, "vendor", ""), "TMPDIR="+r.tmp)
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
	return r
}

// start starts the run; what it returns waits for the exit code.
func (r *realRun) start(t *testing.T) (wait func() int) {
	t.Helper()
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() int {
		_ = r.cmd.Wait()
		return r.cmd.ProcessState.ExitCode()
	}
}

// untilCalled waits for the first call of an action.
func (b *box) untilCalled(t *testing.T, action string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(b.callLog(), `"Action":"`+action+`"`) {
			return
		}
	}
	t.Fatalf("nobody calls %s", action)
}

// undisturbed is the world after one run.
func undisturbed(t *testing.T) map[string][]string {
	t.Helper()
	b := startAt(t)
	r := quickRun(t, b)
	if code := r.start(t)(); code != 0 {
		t.Fatalf("exit %d\n%s", code, r.out.String())
	}
	return worldOf(t, b)
}

// TestTwoRunsAtOnce starts a second run of the same release while the first is
// somewhere on its way: both end well, and the world is that of one.
func TestTwoRunsAtOnce(t *testing.T) {
	want := undisturbed(t)
	for name, when := range map[string]string{
		"from the beginning": "", "while the first builds": "RunInstances", "while the first copies": "CopyImage",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startAt(t)
			runs := []*realRun{quickRun(t, b), quickRun(t, b)}
			first := runs[0].start(t)
			if when != "" {
				b.untilCalled(t, when)
			}
			second := runs[1].start(t)
			codes := []int{first(), second()}
			if slices.Contains(codes, 75) {
				last := quickRun(t, b)
				runs, codes = append(runs, last), append(slices.DeleteFunc(codes, func(c int) bool { return c == 75 }), last.start(t)())
			}
			if slices.Max(codes) != 0 || slices.Min(codes) != 0 || len(codes) < 2 {
				t.Errorf("exit codes %d", codes)
				for _, r := range runs {
					t.Logf("a run said:\n%s", r.out.String())
				}
			}
			for _, r := range runs {
				r.leftNothing(t)
			}
			if n := strings.Count(b.callLog(), `"Action":"CreateImage"`); n != 1 {
				t.Errorf("%d calls of CreateImage, want that of one build", n)
			}
			sameWorld(t, want, worldOf(t, b))
		})
	}
}

// TestInterrupted ends a run by Ctrl-C during its build: it gives its claim
// back, ends the builder, and says how to carry on.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	b := startAt(t)
	before := worldOf(t, b)
	r := quickRun(t, b)
	wait := r.start(t)
	b.untilCalled(t, "RunInstances")
	if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := wait(); code != 130 || !strings.Contains(r.out.String(), "carry on: amiship release v2.42.0\n") {
		t.Errorf("exit %d, want 130 and the command to carry on\n%s", code, r.out.String())
	}
	r.leftNothing(t)
	sameWorld(t, before, worldOf(t, b))

	again := quickRun(t, b)
	if code := again.start(t)(); code != 0 {
		t.Fatalf("the second run: exit %d\n%s", code, again.out.String())
	}
	sameWorld(t, undisturbed(t), worldOf(t, b))
}
