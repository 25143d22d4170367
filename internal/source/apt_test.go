package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amiship/internal/release"
	"amiship/sandbox/exectest"
)

// fakeApt puts an apt on PATH that offers two versions of a package.
func fakeApt(t *testing.T, content []byte) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "content")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	const name = "prometheus_2.42.0+ds-5+deb12u1_amd64.deb"
	scripts := map[string]string{
		"dpkg": "echo amd64",
		"apt-cache": `[ "$2" = prometheus ] || exit 0
echo " prometheus | 2.45.0+ds-1 | https://archive.example.com trixie/main amd64 Packages"
echo " prometheus | 2.42.0+ds-5+deb12u1 | https://archive.example.com bookworm/main amd64 Packages"
echo " prometheus | 2.42.0+ds-5+deb12u1 | https://archive.example.com bookworm/main Sources"`,
		"apt-get": fmt.Sprintf(`for last; do :; done
[ "$last" = prometheus=2.42.0+ds-5+deb12u1 ] || { echo "E: not $last" >&2; exit 100; }
case "$*" in
*--print-uris*) echo "'https://archive.example.com/p.deb' %s %d SHA256:%s" ;;
*) echo download >>%s; cp %s %s ;;
esac`, name, len(content), Digest(content), filepath.Join(dir, "downloads"), file, name),
	}
	for tool, script := range scripts {
		exectest.Write(t, filepath.Join(dir, tool), "#!/bin/sh\n"+script+"\n")
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("TEST_DOWNLOADS", filepath.Join(dir, "downloads"))
}

func TestFetchApt(t *testing.T) {
	content := deb(t, "2.42.0+ds-5+deb12u1", "amd64")
	fakeApt(t, content)
	store := &Store{Dir: t.TempDir()}
	for range 2 {
		f, err := store.Fetch(t.Context(), release.Package{Apt: "prometheus", Version: "2.42.0", Arch: "amd64"})
		if err != nil {
			t.Fatal(err)
		}
		if f.SHA256 != Digest(content) || f.Version != "2.42.0+ds-5+deb12u1" {
			t.Errorf("got %+v", f)
		}
	}
	text, err := os.ReadFile(os.Getenv("TEST_DOWNLOADS"))
	if err != nil || strings.Count(string(text), "download") != 1 {
		t.Errorf("downloads: %q, %v; want one", text, err)
	}
}

func TestFetchAptRefuses(t *testing.T) {
	fakeApt(t, deb(t, "2.42.0+ds-5+deb12u1", "amd64"))
	for name, c := range map[string]struct {
		pkg  release.Package
		want string
	}{
		"another version":      {release.Package{Apt: "prometheus", Version: "2.43.0", Arch: "amd64"}, "offers 2.45.0+ds-1, 2.42.0+ds-5+deb12u1, not 2.43.0"},
		"what apt knows not":   {release.Package{Apt: "nothing", Version: "1", Arch: "amd64"}, "does not know it"},
		"another architecture": {release.Package{Apt: "prometheus", Version: "2.42.0", Arch: "arm64"}, "package prometheus:arm64: this machine's apt does not know it"},
		"what apt cannot load": {release.Package{Apt: "prometheus", Version: "2.45.0", Arch: "amd64"}, "E: not prometheus=2.45.0+ds-1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (&Store{Dir: t.TempDir()}).Fetch(t.Context(), c.pkg)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestAptLeavesNothing: of a tool that is ended while it works no temporary file stays.
func TestAptLeavesNothing(t *testing.T) {
	bin, tmp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	exectest.Write(t, filepath.Join(bin, "dpkg-deb"), "#!/bin/sh\ntouch \"$TMPDIR/dpkg-deb.left\"\nexec sleep 60\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for left := 0; left == 0 && ctx.Err() == nil; {
			its, _ := filepath.Glob(filepath.Join(tmp, "*", "dpkg-deb.left"))
			others, _ := filepath.Glob(filepath.Join(tmp, "dpkg-deb.left"))
			left = len(its) + len(others)
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := apt(ctx, "", "dpkg-deb", "--field"); err == nil {
		t.Error("it was not ended")
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}
