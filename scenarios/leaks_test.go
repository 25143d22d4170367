package scenarios

import (
	"bytes"
	"crypto/rand"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// marks are secrets that can be recognised wherever they turn up.
type marks struct{ token, license string }

func newMarks() marks {
	return marks{token: "mark-token-" + rand.Text(), license: "mark-license-" + rand.Text()}
}

// in reports whether a text holds one of them.
func (m marks) in(text []byte) bool {
	return bytes.Contains(text, []byte(m.token)) || bytes.Contains(text, []byte(m.license))
}

// secretBuild is a build with secrets, and all places where they might show up.
type secretBuild struct {
	marks
	box       *box
	run       *realRun
	packerLog string // file that PACKER_LOG_PATH names
	manifest  string // of Packer's, another one than Amiship's
	cache     string // of packages
	lines     *commandLines
}

// newSecretBuild prepares a build whose package needs a token and whose image
// has a license. extend adds to the template's build block; see withLicense.
func newSecretBuild(t *testing.T, b *box, extend func(s *secretBuild) string, args ...string) *secretBuild {
	t.Helper()
	dir := t.TempDir()
	s := &secretBuild{
		marks: newMarks(), box: b, run: &realRun{tmp: shortTemp(t)}, packerLog: filepath.Join(dir, "packer.log"),
		manifest: filepath.Join(dir, "manifest.json"), cache: filepath.Join(dir, "cache"),
	}
	file := secretBundle(t, s.marks)
	withLicense(t, filepath.Join(filepath.Dir(file), "packer", "image.pkr.hcl"), extend(s), s.manifest)
	s.run.cmd = exec.Command(raced(t), append([]string{"release", "v2.42.0", "-v", "--file", file, "--poll", "200ms", "--wait", "5m"}, args...)...)
	s.run.cmd.Env = append(b.env(t, "vendor", ""), "TMPDIR="+s.run.tmp, "XDG_CACHE_HOME="+s.cache,
		"MARKED_TOKEN="+s.token, "MARKED_LICENSE="+s.license, "PACKER_LOG=1", "PACKER_LOG_PATH="+s.packerLog)
	s.run.cmd.Stdout, s.run.cmd.Stderr = &s.run.out, &s.run.out
	return s
}

// secretBundle is the example with a package that a server gives away for a
// token only, and a license.
func secretBundle(t *testing.T, m marks) string {
	t.Helper()
	file := instantBundle(t)
	url := forToken(t, m.token, http.FileServer(http.Dir(filepath.Dir(file))))
	replaceIn(t, file, "{file: prometheus.deb, sha256", `{url: "`+url+`/prometheus.deb", headers: {JOB-TOKEN: {env: MARKED_TOKEN}}, sha256`)
	replaceIn(t, file, "    public: true\n", "    public: true\n    license: {env: MARKED_LICENSE}\n")
	// The license's digest, which usesLicense leaves to be compared, is in every machine.
	replaceIn(t, file, "\nimages:\n", "\ntest: {allow: [/etc/prometheus/license.sha256]}\n\nimages:\n")
	return file
}

// forToken serves to those who send a token.
func forToken(t *testing.T, token string, files http.Handler) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("JOB-TOKEN") != token {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// withLicense makes the template know of the license, adds to its build block,
// and has Packer write a manifest where it stays.
func withLicense(t *testing.T, template, more, manifest string) {
	t.Helper()
	replaceIn(t, template, "\nbuild {\n", "\nvariable \"license_file\" {\n  type = string\n}\n\nbuild {\n")
	if !strings.Contains(more, "manifest") {
		more += "\n  post-processor \"manifest\" {\n    output = \"" + manifest + "\"\n  }\n"
	}
	replaceIn(t, template, "\n  post-processor \"manifest\" {\n    output     = var.manifest\n", more+"\n  post-processor \"manifest\" {\n    output     = var.manifest\n")
}

// build runs it to its end, while the command lines of all processes are watched.
func (s *secretBuild) build(t *testing.T) {
	t.Helper()
	s.lines = watchCommandLines(s.marks)
	err := s.run.cmd.Run()
	s.lines.stop()
	if err != nil {
		t.Fatalf("%v\n%s", err, s.run.out.String())
	}
}

// findings names the places where a secret showed up. The sandbox is ended for
// it. It fails if one of them is not there to be looked at.
func (s *secretBuild) findings(t *testing.T) []string {
	t.Helper()
	s.box.end(t)
	var out []string
	texts := map[string]string{"output": s.run.out.String(), "sandbox's log": s.box.log.String(), "command line": strings.Join(s.lines.found(), "\n")}
	for place, text := range texts {
		if s.in([]byte(text)) {
			out = append(out, place)
		}
	}
	for place, path := range map[string]string{
		"calls": filepath.Join(s.box.state, "calls.jsonl"), "journal": filepath.Join(s.box.state, "store"),
		"disk": filepath.Join(s.box.state, "machines", "layers"), "manifest": s.manifest,
		"package cache": s.cache,
	} {
		if held, files := s.below(t, path); held {
			out = append(out, place)
		} else if files == 0 {
			t.Errorf("there is no %s to look at", place)
		}
	}
	if _, err := os.Stat(s.packerLog); err == nil {
		out = append(out, "Packer's log") // it must not be written, whatever is in it
	}
	if held, _ := s.below(t, s.run.tmp); held {
		out = append(out, "temporary files")
	}
	slices.Sort(out)
	return out
}

// below reports whether any file at or below a path holds a secret, and how
// many files there are.
func (m marks) below(t *testing.T, path string) (held bool, files int) {
	t.Helper()
	err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		held = held || m.in([]byte(name))
		if !e.Type().IsRegular() {
			return nil
		}
		files++
		text, err := os.ReadFile(name)
		held = held || m.in(text)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return held, files
}

// commandLines watches the command lines of all processes of the host, those
// of machines among them.
type commandLines struct {
	marks
	end  chan struct{}
	done sync.WaitGroup
	seen map[string]bool
}

func watchCommandLines(m marks) *commandLines {
	c := &commandLines{marks: m, end: make(chan struct{}), seen: map[string]bool{}}
	c.done.Go(func() {
		look := time.NewTicker(30 * time.Millisecond)
		defer look.Stop()
		for {
			c.look()
			select {
			case <-c.end:
				return
			case <-look.C:
			}
		}
	})
	return c
}

func (c *commandLines) look() {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is right
	for _, name := range all {
		if text, err := os.ReadFile(name); err == nil && c.in(text) {
			c.seen[string(bytes.ReplaceAll(text, []byte{0}, []byte{' '}))] = true
		}
	}
}

func (c *commandLines) stop() {
	close(c.end)
	c.done.Wait()
}

// found is to be called after stop.
func (c *commandLines) found() []string {
	var out []string
	for line := range c.seen {
		out = append(out, line)
	}
	return out
}
