package emulation

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestRegistration(t *testing.T) {
	const want = `:M:0:\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00` +
		`:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff` +
		`:/usr/libexec/qemu-binfmt/aarch64-binfmt-P:POCF`
	got := emulators["arm64"].registration("/usr/libexec/qemu-binfmt/aarch64-binfmt-P")
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	e := emulators["arm64"]
	if _, err := e.find(root); err == nil || !strings.Contains(err.Error(), "apt-get install qemu-user-static") {
		t.Errorf("without QEMU: %v", err)
	}
	for _, path := range []string{"/usr/bin/qemu-aarch64-static", "/usr/libexec/qemu-binfmt/aarch64-binfmt-P"} {
		file := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		if got, err := e.find(root); err != nil || got != path {
			t.Errorf("found %s, %v; want %s", got, err, path)
		}
	}
}

func TestWhatIsNotPossible(t *testing.T) {
	h, err := Open(runtime.GOARCH)
	if err != nil || h.Close() != nil {
		t.Errorf("the host's own architecture needs nothing: %v", err)
	}
	if _, err := Open("vax"); err == nil || !strings.HasPrefix(err.Error(), "emulate vax: not possible on an ") {
		t.Errorf("a VAX: %v", err)
	}
}
