package scenarios

import (
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// impatience has commands give up soon on what does not answer.
var impatience = []string{"--call-timeout", "2s", "--read-timeout", "10s"}

// faults has the sandbox fail in these ways, as in a file of faults; none: it works.
func (b *box) faults(t *testing.T, faults ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "faults.yaml")
	text := "[]\n"
	if len(faults) > 0 {
		text = "- " + strings.Join(faults, "\n- ") + "\n"
	}
	writeFile(t, file, text)
	b.run(t, "sandbox", "fault", "--state", b.state, "--file", file)
}

// inTime runs a command, which is a failure of the test if it does not end by itself.
func inTime(t *testing.T, b *box, file string, args ...string) (code int, out string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append(append(args, "--file", file), impatience...)...)
	cmd.Env = b.env(t, "vendor", "")
	code, out = ends(t, cmd)
	if ctx.Err() != nil {
		t.Errorf("amiship %s does not end\n%s", strings.Join(args, " "), out)
	}
	return code, out
}

// TestCommandsInFrontOfASilentRegion: each ends, says which region it was, and does not
// claim to have done all.
func TestCommandsInFrontOfASilentRegion(t *testing.T) {
	t.Parallel()
	b, file := startAt(t), instantBundle(t)
	finish(t, b)
	appendTo(t, file, "keep: {public: {patches: 1, minors: 1}}\n")
	commands := map[string][]int{ // with the exit codes that they may have
		"status": {1}, "status v2.42.0": {1}, "plan v2.42.0": {20}, "blockers": {20}, "check": {1}, "verify v2.42.0 --as customer": {1},
		"verify --all --as customer": {1}, "sweep --yes": {1}, "repair v2.42.0 --yes": {1, 20}, "adopt --yes": {1}, "retire --plan": {1},
		"release v2.42.1 --wait 1s": {20, 75},
	}
	for _, answer := range []string{"silent", "stalled"} {
		b.faults(t, "{region: eu-west-1, answer: "+answer+"}")
		for command, codes := range commands {
			code, out := inTime(t, b, file, strings.Fields(command)...)
			if !slices.Contains(codes, code) || !strings.Contains(out, "eu-west-1") {
				t.Errorf("%s: amiship %s: exit %d, want %d and the region\n%s", answer, command, code, codes, out)
			}
		}
	}
}

// TestReleaseBesideASilentRegion: the others get their AMIs, nothing is public, and the
// release is completed when the region answers again. Each of its calls may be silent.
func TestReleaseBesideASilentRegion(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]string{
		"all":     "{region: eu-west-1, answer: silent}",
		"reads":   "{region: eu-west-1, action: DescribeImages, answer: silent}",
		"stalled": "{region: eu-west-1, action: DescribeImages, answer: stalled}",
		"copies":  "{region: eu-west-1, action: CopyImage, answer: silent, times: 1000}",
		"quotas":  "{region: eu-west-1, service: servicequotas, answer: silent}",
		"SSM":     "{region: eu-west-1, service: ssm, answer: silent}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, file := startAt(t), instantBundle(t)
			b.faults(t, fault)
			code, out := inTime(t, b, file, "release", "v2.42.0", "--poll", "200ms", "--wait", "3s")
			if name != "quotas" && code == 0 {
				t.Errorf("exit %d\n%s", code, out)
			}
			if n := strings.Count(b.callLog(), copiesImage); n < 3 {
				t.Errorf("%d copies were begun, want three at least\n%s", n, out)
			}
			b.faults(t)
			b.advance(t, 3*time.Minute)
			finish(t, b)
		})
	}
}

// TestStopInFrontOfASilentRegion: one TERM ends a run that waits for an answer.
func TestStopInFrontOfASilentRegion(t *testing.T) {
	t.Parallel()
	b := startAt(t)
	b.faults(t, "{region: eu-west-1, answer: silent}")
	r := quickRun(t, b)
	wait := r.start(t)
	b.untilCalled(t, "DescribeImages")
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := make(chan int, 1)
	go func() { ended <- wait() }()
	select {
	case code := <-ended:
		if code != 130 {
			t.Errorf("exit %d, want 130\n%s", code, r.out.String())
		}
	case <-time.After(30 * time.Second):
		_ = r.cmd.Process.Kill()
		t.Errorf("it is still there half a minute after TERM; it ended with %d\n%s", <-ended, r.out.String())
	}
	r.leftNothing(t)
}
