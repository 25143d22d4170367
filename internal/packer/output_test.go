package packer

import (
	"os/exec"
	"strings"
	"testing"
)

// written feeds an output in pieces, and returns it with what it showed.
func written(t *testing.T, secrets []string, pieces ...string) (*output, string) {
	t.Helper()
	var log strings.Builder
	o := newOutput(&log, secrets)
	w := o.stream()
	for _, piece := range pieces {
		if _, err := w.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	o.flush()
	return o, log.String()
}

// TestALongLineIsCut: 64 MiB without a newline, that come in pieces as a pipe brings
// them. A line is looked through once: this takes a second, or the whole day.
func TestALongLineIsCut(t *testing.T) {
	piece := strings.Repeat("x", 32<<10)
	pieces := make([]string, 2<<10)
	for i := range pieces {
		pieces[i] = piece
	}
	for name, begin := range map[string]string{"of Packer": "1,,ui,error,", "of something else": "panic: "} {
		o, log := written(t, []string{"hunter2"}, append([]string{begin}, pieces...)...)
		if len(log) > mostLine+1000 || !strings.Contains(log, "… [cut: the line has 66") {
			t.Errorf("%s: %d bytes were shown, ending in %q", name, len(log), log[max(0, len(log)-100):])
		}
		for _, text := range append(o.shown, o.recent...) {
			if len(text) > mostKept+100 || !strings.Contains(text, "[cut: ") {
				t.Errorf("%s: %d bytes are remembered", name, len(text))
			}
		}
	}
}

// TestASecretAtTheCut is neither shown whole nor in part.
func TestASecretAtTheCut(t *testing.T) {
	const secret = "correct-horse-battery-staple"
	for at := mostLine - len(secret); at <= mostLine+8*len(secret); at++ {
		_, log := written(t, []string{secret}, strings.Repeat(".", at), secret, strings.Repeat(".", mostLine))
		if strings.Contains(log, secret[:8]) {
			t.Fatalf("at %d: %q", at, log[mostLine-100:])
		}
	}
}

func TestManyErrorsAreBounded(t *testing.T) {
	o, _ := written(t, nil, strings.Repeat("1,x,error,"+strings.Repeat("no ", 10_000)+"\n", 1000))
	err := o.failure(&exec.ExitError{})
	if n := len(err.Error()); n > 1<<20 || !strings.Contains(err.Error(), "[cut: ") {
		t.Errorf("the error has %d bytes", n)
	}
}
