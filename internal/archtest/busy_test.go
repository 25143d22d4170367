package archtest

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// siblings prints the processes that the script has started, and stays if told to.
const siblings = `tr ' ' '\n' </proc/$PPID/task/$PPID/children | grep -vx $$ | tr '\n' ' '; echo; `

// TestBusy: the loops run beside the command, and end with it, however that is; the
// script ends as the command did.
func TestBusy(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		then  string // what the command does
		term  bool   // the script is told to end
		loops int
		code  int
	}{
		"as many as are named": {args: []string{"3"}, then: "exit 0", loops: 3},
		"20 of them":           {then: "exit 0", loops: 20},
		"the command fails":    {args: []string{"2"}, then: "exit 7", loops: 2, code: 7},
		"it is told to end":    {args: []string{"2"}, then: "exec sleep 600", term: true, loops: 2, code: 128 + int(syscall.SIGTERM)},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), filepath.Join(root, "script/busy"), slices.Concat(c.args, []string{"--", "sh", "-c", siblings + c.then})...)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if c.term {
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
			err = cmd.Wait()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != c.code {
				t.Errorf("ended with %v, want %d", err, c.code)
			}
			pids := strings.Fields(line)
			if len(pids) != c.loops {
				t.Errorf("%d loops, want %d", len(pids), c.loops)
			}
			for _, pid := range pids {
				if _, err := os.Stat("/proc/" + pid); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("the loop %s is left (%v)", pid, err)
				}
			}
		})
	}
}

// TestBusyIsToldWhat: what can't be understood starts nothing.
func TestBusyIsToldWhat(t *testing.T) {
	for _, args := range [][]string{nil, {"20"}, {"--"}, {"20", "--"}, {"0", "--", "true"}, {"many", "--", "true"}, {"-1", "--", "true"}, {"true"}} {
		out, err := exec.CommandContext(t.Context(), filepath.Join(root, "script/busy"), args...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.HasPrefix(string(out), "usage: script/busy ") {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
}
