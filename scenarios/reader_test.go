package scenarios

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// deaf runs a command whose outputs have a reader that goes away after so many lines.
func deaf(t *testing.T, cmd *exec.Cmd, lines string) (code int) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader := exec.CommandContext(t.Context(), "head", "-n", lines)
	reader.Stdin = read
	cmd.Stdout, cmd.Stderr = write, write
	if err := reader.Start(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = read.Close(), write.Close()
	_ = reader.Wait()
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

// TestReaderGoesAway: a release whose reader goes away ends as one that was
// interrupted: its claims, keys and machines are gone, and the exit code says what it
// was.
func TestReaderGoesAway(t *testing.T) {
	t.Parallel()
	for _, lines := range []string{"1", "2", "3"} {
		t.Run(lines, func(t *testing.T) {
			t.Parallel()
			b := startAt(t)
			r := quickRun(t, b)
			if code := deaf(t, r.cmd, lines); code != 74 {
				t.Errorf("exit %d, want 74", code)
			}
			r.leftNothing(t)
			for place, things := range worldOf(t, b) {
				if text := strings.Join(things, "\n"); strings.HasPrefix(place, "ec2.groups/") && strings.Contains(text, "amiship-") {
					t.Errorf("left behind in %s: %s", place, text)
				}
			}
			finish(t, b)
		})
	}
}

// TestCommandsWithoutAReader: output that was not read was not written, in text and JSON.
func TestCommandsWithoutAReader(t *testing.T) {
	t.Parallel()
	b, file := startAt(t), instantBundle(t)
	finish(t, b)
	appendTo(t, file, "keep: {public: {patches: 1, minors: 1}}\n")
	for _, command := range []string{
		"status", "status v2.42.0", "plan v2.42.0", "blockers", "check", "verify v2.42.0 --as customer", "verify --all --as customer",
		"retire --plan", "listings", "release v2.42.0", "schema", "version", "iam", "help exit-codes", "sandbox world",
	} {
		for _, json := range []bool{false, true} {
			args := strings.Fields(command)
			if json {
				args = append(args, "--json")
			}
			cmd := exec.Command(program, append(args, "--file", file)...)
			cmd.Env = b.env(t, "vendor", "")
			null, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			cmd.Stdout, cmd.Stderr = null, &said
			_ = cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != 74 || strings.Count(said.String(), "amiship: stopped") != 1 {
				t.Errorf("amiship %s >/dev/full: exit %d, want 74 and a line\n%s", strings.Join(args, " "), code, said.String())
			}
			_ = null.Close()
		}
	}
}
