package bases

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestProgress(t *testing.T) {
	s := Open(t.TempDir(), quiet(t))
	r := recipes("amd64")[0]
	if got := s.Progress(r.layer()); got != 0 {
		t.Errorf("before the first package: %v", got)
	}
	packages := func(n int, state string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Package: p%d\nStatus: install ok %s\nVersion: 1\n\n", i, state)
		}
		return b.String()
	}
	dpkg := func(r recipe) string { return s.path(r) + ".new/root/var/lib/dpkg/" }
	write := func(files map[string]string) {
		t.Helper()
		if err := writeFiles("/", files); err != nil {
			t.Fatal(err)
		}
	}
	write(map[string]string{dpkg(r) + "status": packages(usualPackages, "unpacked")})
	if got := s.Progress(r.layer()); got != 0.5 {
		t.Errorf("all are unpacked: %v, want a half", got)
	}
	write(map[string]string{dpkg(r) + "updates/0001": packages(usualPackages/2, "installed"), dpkg(r) + "updates/tmp.i": packages(usualPackages, "installed")})
	if got := s.Progress(r.layer()); got != 0.75 {
		t.Errorf("half of them are configured: %v", got)
	}
	write(map[string]string{dpkg(r.standIns()[0]) + "status": packages(2*usualPackages, "installed")})
	if got := s.Progress(r.layer()); got != 0.99 {
		t.Errorf("its replacement has more packages than most: %v, and is not there", got)
	}
	write(map[string]string{filepath.Join(s.path(r), "base.json"): "{}"})
	if got := s.Progress(r.layer()); got != 1 {
		t.Errorf("it is there: %v", got)
	}
}
