package scenarios

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// leftNothing looks for processes and files of a run, for a while: the guard of
// a run that was killed needs a moment.
func (r *realRun) leftNothing(t *testing.T) {
	t.Helper()
	var left []string
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if left = append(processesWith(t, "TMPDIR="+r.tmp), entries(t, r.tmp)...); len(left) == 0 {
			return
		}
	}
	t.Errorf("left over: %s", left)
}

// processesWith lists the processes that have a setting in their environment.
func processesWith(t *testing.T, setting string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, dir := range all {
		env, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil { // it has just ended
			continue
		}
		if bytes.Contains(append([]byte{0}, env...), []byte("\x00"+setting+"\x00")) {
			cmdline, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
			out = append(out, "process "+filepath.Base(dir)+" "+strings.ReplaceAll(string(cmdline), "\x00", " "))
		}
	}
	return out
}

// entries are the paths of what is in a directory, none if it is not there.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, filepath.Join(dir, e.Name()))
	}
	return out
}

// layersOf are the directories of the snapshots' files; bases are elsewhere.
func layersOf(t *testing.T, b *box) []string {
	t.Helper()
	return entries(t, filepath.Join(b.state, "machines", "layers"))
}

// machinesOf are the disks and cgroups of a running sandbox's machines. A disk
// goes a moment after its machine.
func machinesOf(t *testing.T, b *box) []string {
	t.Helper()
	var out []string
	for range 100 {
		out = entries(t, filepath.Join(b.state, "machines", "machines"))
		for _, dir := range cgroupsOf(t, b) {
			list, err := filepath.Glob(filepath.Join(dir, "i-*"))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, list...)
		}
		if len(out) == 0 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return out
}

// cgroupsOf are the directories of a sandbox's cgroups, on hosts of either kind.
func cgroupsOf(t *testing.T, b *box) []string {
	t.Helper()
	out, err := filepath.Glob("/sys/fs/cgroup/amiship/" + strconv.Itoa(b.cmd.Process.Pid) + "-*")
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := filepath.Glob("/sys/fs/cgroup/unified/amiship/" + strconv.Itoa(b.cmd.Process.Pid) + "-*")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, hybrid...)
}

// endsClean stops a sandbox and looks for what it should have taken along:
// processes on its disks, cgroups, mounts.
func endsClean(t *testing.T, b *box) {
	t.Helper()
	b.end(t)
	left := append(cgroupsOf(t, b), processesOn(t, b.state)...)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, b.state) {
			left = append(left, "mount "+strings.TrimSpace(line))
		}
	}
	if len(left) != 0 {
		t.Errorf("the sandbox left behind: %s", left)
	}
}

// processesOn lists processes that name a directory on their command line or
// have it mounted.
func processesOn(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range all {
		if filepath.Base(p) == strconv.Itoa(os.Getpid()) {
			continue
		}
		for _, file := range []string{"mountinfo", "cmdline"} {
			if text, err := os.ReadFile(filepath.Join(p, file)); err == nil && bytes.Contains(text, []byte(dir)) {
				out = append(out, "process "+filepath.Base(p)+" by its "+file)
			}
		}
	}
	return out
}

// callLog is the text of the sandbox's log of calls, which comes with the first.
func (b *box) callLog() string {
	text, _ := os.ReadFile(filepath.Join(b.state, "calls.jsonl"))
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, `"DryRunOperation"`) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// shortTemp is a temporary directory whose path is short enough for sockets.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "run-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
