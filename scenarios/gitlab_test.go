package scenarios

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// gitlabBundle is the example of GitLab, cut down to one image in one region.
func gitlabBundle(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "examples", "gitlab"))); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "amiship.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "    - ") || strings.Contains(line, "us-east-1") { // the list of regions
			lines = append(lines, line)
		}
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	replaceIn(t, file, "    edition: ce\n    arch: [amd64, arm64]\n", "    edition: ce\n    arch: [amd64]\n")
	return file
}

// vendorOf makes and serves the stand-in for GitLab's package; what the server
// does with it is the case's.
func vendorOf(t *testing.T, bundle, deb, fault string, serve func(http.ResponseWriter, *http.Request, []byte)) (url string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), deb)
	build := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(bundle), "standin", "build.sh"), path)
	build.Env = append(os.Environ(), "STANDIN_FAULT="+fault)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, out)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".sha256") {
			_, _ = w.Write([]byte(sha256Of(t, path) + "\n"))
			return
		}
		serve(w, r, content)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func whole(w http.ResponseWriter, _ *http.Request, deb []byte) { _, _ = w.Write(deb) }

func refused(w http.ResponseWriter, _ *http.Request, _ []byte) {
	http.Error(w, "the token has expired", http.StatusUnauthorized)
}

// cutShort breaks off in the middle, each time.
func cutShort(w http.ResponseWriter, _ *http.Request, deb []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(deb)))
	_, _ = w.Write(deb[:len(deb)/2])
	panic(http.ErrAbortHandler)
}

// TestPackagesThatAreRefused: one clear message, and nothing is made of it.
func TestPackagesThatAreRefused(t *testing.T) {
	t.Parallel()
	const deb = "gitlab-ce_17.5.0-ce.0_amd64.deb"
	for name, c := range map[string]struct {
		deb   string
		serve func(http.ResponseWriter, *http.Request, []byte)
		token string
		want  string
	}{
		"of another architecture": {"gitlab-ce_17.5.0-ce.0_arm64.deb", whole, "t", "its architecture is arm64, not amd64"},
		"of another version":      {"gitlab-ce_17.4.9-ce.0_amd64.deb", whole, "t", "its version is 17.4.9-ce.0, not 17.5.0-ce.0"},
		"cut short":               {deb, cutShort, "t", "unexpected EOF"},
		"an expired token":        {deb, refused, "t", "401 Unauthorized: not accepted: JOB-TOKEN from environment variable CI_JOB_TOKEN"},
		"no token":                {deb, whole, "", "header JOB-TOKEN: environment variable CI_JOB_TOKEN: has no value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startAt(t)
			before := worldOf(t, b)
			file := gitlabBundle(t)
			url := vendorOf(t, file, c.deb, "", c.serve)
			env := append(b.env(t, "vendor", ""), "CI_JOB_TOKEN="+c.token, "XDG_CACHE_HOME="+t.TempDir())
			code, out := amiship(t, env, "release", "17.5.0+ce.0", "--file", file, "--set", "packages="+url, "--poll", "200ms")
			if code != 20 || !strings.Contains(out, "BLOCKED  package/ce/amd64") || !strings.Contains(out, c.want) {
				t.Errorf("exit %d, want 20 and %q:\n%s", code, c.want, out)
			}
			sameWorld(t, before, worldOf(t, b))
		})
	}
}

// TestPackagesThatDoNotWork: what shows only on a machine ends in one clear
// message as well, with nothing public and nothing left but, after a boot test, the
// candidate with its verdict.
func TestPackagesThatDoNotWork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault, want string
		code        int
	}{
		"configures itself during the build": {"configures-itself", "install: the package configured itself during the build", 1},
		"its reconfigure fails":              {"reconfigure-fails", "failed its boot test: i-", 20},
		"its reconfigure hangs":              {"reconfigure-hangs", "failed its boot test: i-", 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			takePlace(t)
			b := realBox(t)
			before := worldOf(t, b)
			file, logs := gitlabBundle(t), t.TempDir()
			url := vendorOf(t, file, "gitlab-ce_17.5.0-ce.0_amd64.deb", c.fault, whole)
			env := append(b.env(t, "vendor", ""), "CI_JOB_TOKEN=t", "XDG_CACHE_HOME="+t.TempDir())
			code, out := amiship(t, env, "release", "17.5.0+ce.0", "--file", file, "--poll", "500ms", "--logs", logs,
				"--set", "packages="+url, "--set", "first_boot_limit=10s",
				"--set", "signing_key_url=file:///opt/gitlab/etc/standin-signing-key.asc",
				"--set", "signing_key=898F9F7DD2811E74DB4B67DB39104FC6E43237F4")
			if code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("exit %d, want %d and %q:\n%s", code, c.code, c.want, out)
			}
			if c.code == 20 {
				saysWhy(t, logs)
				amiship(t, env, "sweep", "--yes", "--older", "0s", "--file", file)
			}
			sameWorld(t, before, worldOf(t, b))
		})
	}
}

// saysWhy looks for the first-boot script's own words in what was kept.
func saysWhy(t *testing.T, logs string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(logs, "*", "*.first-boot.log"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no log of the first boot was kept: %v", err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "first boot: failed: reconfigure") {
		t.Errorf("the log does not say what failed:\n%s", text)
	}
}
