package scenarios

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// quickRun is a run of the example's release on instant machines, with a
// temporary directory of its own.
func quickRun(t *testing.T, b *box) *realRun {
	t.Helper()
	r := &realRun{tmp: shortTemp(t)}
	r.cmd = exec.Command(raced(t), "release", "v2.42.0", "--file", instantBundle(t), "--poll", "200ms", "--wait", "2m")
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
	t.Fatalf("no run calls %s", action)
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
	t.Parallel()
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

// TestThreeRunsCopyOnce: of three runs that begin together one builds, tests and copies; the
// others find its copies. Dry runs, by which each has asked whether it may copy, are no copies.
func TestThreeRunsCopyOnce(t *testing.T) {
	t.Parallel()
	b := startAt(t)
	var ends []func() int
	for range 3 {
		ends = append(ends, quickRun(t, b).start(t))
	}
	for _, end := range ends {
		if code := end(); code != 0 {
			t.Errorf("exit %d", code)
		}
	}
	copies := map[string]int{}
	for line := range strings.Lines(b.callLog()) {
		var c call
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if c.Action == "CopyImage" && c.Status == http.StatusOK {
			copies[c.Region]++
		}
	}
	want := map[string]int{"ap-southeast-2": 1, "eu-west-1": 1, "us-east-1": 1, "us-west-2": 1}
	if diff := cmp.Diff(want, copies); diff != "" {
		t.Errorf("copies (-want +got):\n%s", diff)
	}
}

// TestInterrupted ends a run by Ctrl-C during its build: it gives its claim
// back, ends the builder, and says how to continue.
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
	if code := wait(); code != 130 || !regexp.MustCompile(`continue: amiship release v2\.42\.0 --file \S+\n`).MatchString(r.out.String()) {
		t.Errorf("exit %d, want 130 and the command to continue\n%s", code, r.out.String())
	}
	r.leftNothing(t)
	sameWorld(t, before, worldOf(t, b))

	again := quickRun(t, b)
	if code := again.start(t)(); code != 0 {
		t.Fatalf("the second run: exit %d\n%s", code, again.out.String())
	}
	sameWorld(t, undisturbed(t), worldOf(t, b))
}

// TestTerminatedWhileAWSMakesTheAMI: a runner that is shut down sends SIGTERM. The claim ends
// with what is under it, and the same command goes on at once; the AMI fails, as it may when
// its instance is gone.
func TestTerminatedWhileAWSMakesTheAMI(t *testing.T) {
	t.Parallel()
	b := startAt(t)
	b.run(t, "sandbox", "fault", "--state", b.state, "--action", "CreateImage", "--ends", "failed", "--lasts", "8000s", "--times", "1")
	r := quickRun(t, b)
	wait := r.start(t)
	b.untilCalled(t, "CreateImage")
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := wait(); code != 130 {
		t.Errorf("exit %d, want 130\n%s", code, r.out.String())
	}
	r.leftNothing(t)
	env := b.env(t, "vendor", "")
	groups := awsCLI(t, env, "ec2", "describe-security-groups", "--region", "us-east-1", "--query", "SecurityGroups[?GroupName!='default'].GroupName", "--output", "text")
	if strings.TrimSpace(groups) != "" {
		t.Errorf("the claim is still there: %s\n%s", groups, r.out.String())
	}
	again := quickRun(t, b)
	if code := again.start(t)(); code != 0 || strings.Contains(again.out.String(), "another run") {
		t.Fatalf("the second run: exit %d\n%s", code, again.out.String())
	}
	sameWorld(t, undisturbed(t), worldOf(t, b))
}

// TestInterruptedTwice: AWS no longer answers, so a run that was interrupted
// waits for its cleaning up; the second Ctrl-C ends it at once. What it leaves on AWS
// another run takes over, or removes.
func TestInterruptedTwice(t *testing.T) {
	t.Parallel()
	b := startAt(t)
	var dead atomic.Bool
	unheard := make(chan struct{}, 1)
	c, via := newCounter(t, b.url, func(*http.Request, []byte) bool { return dead.Load() }, func(_ *counter, _ http.ResponseWriter, r *http.Request, _ []byte) {
		select {
		case unheard <- struct{}{}:
		default:
		}
		<-r.Context().Done()
	})
	r := quickRun(t, b)
	r.cmd.Env = append(r.cmd.Env, "AWS_ENDPOINT_URL="+via)
	wait := r.start(t)
	b.untilCalled(t, "RunInstances")
	dead.Store(true)
	interrupt := func() {
		t.Helper()
		if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	interrupt()
	<-unheard
	ended := make(chan int)
	go func() { ended <- wait() }()
	select {
	case code := <-ended:
		t.Fatalf("exit %d at the first Ctrl-C, with %d calls unanswered\n%s", code, c.requests(), r.out.String())
	case <-time.After(2 * time.Second):
	}
	interrupt()
	select {
	case code := <-ended:
		if code != 130 || !strings.Contains(r.out.String(), "amiship: interrupted at once: what was under way is left as it is; the same command resumes the run\n") {
			t.Errorf("exit %d, want 130 and how to continue\n%s", code, r.out.String())
		}
	case <-time.After(30 * time.Second):
		_ = r.cmd.Process.Kill()
		t.Fatalf("it is still there half a minute after the second Ctrl-C; it ended with %d\n%s", <-ended, r.out.String())
	}
	r.leftNothing(t)

	b.advance(t, 3*time.Minute)
	finish(t, b)
	sameWorld(t, undisturbed(t), worldOf(t, b))
}
