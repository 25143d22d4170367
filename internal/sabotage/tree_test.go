package sabotage

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// sabotagedTree is the repository with every sabotage in it, dormant. Its tests run in a copy,
// where they find their files and may leave what they like.
type sabotagedTree struct {
	dir, overlay string

	mu    sync.Mutex // builds come one after the other: they share what they compile
	built map[string]build
	calm  map[string]func() string
}

type build struct{ program, complaint string }

// newTree also returns what is wrong with sabotages that do not fit.
func newTree(t *testing.T, all []sabotage) (in *sabotagedTree, unfit map[string]error) {
	t.Helper()
	files, unfit := changed(t, all)
	in = &sabotagedTree{dir: t.TempDir(), overlay: overlay(t, files), built: map[string]build{}, calm: map[string]func() string{}}
	copyTree(t, in.dir)
	return in, unfit
}

// changed returns the files that hold the sabotages.
func changed(t *testing.T, all []sabotage) (files map[string]string, unfit map[string]error) {
	t.Helper()
	files, unfit = map[string]string{}, map[string]error{}
	within := map[string][]sabotage{}
	for _, s := range all {
		within[s.file] = append(within[s.file], s)
	}
	for file, these := range within {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		pkg, out, wrong := dormant(string(text), these)
		maps.Copy(unfit, wrong)
		files[file] = out
		files[filepath.Join(filepath.Dir(file), "zz_sabotaged.go")] = wakened(pkg)
	}
	return files, unfit
}

// overlay writes files beside the tree, and the file by which the go command takes them in
// place of the real ones.
func overlay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, replace := t.TempDir(), map[string]string{}
	for name, text := range files {
		real, err := filepath.Abs(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		replace[real] = filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(replace[real], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// copyTree copies what the repository has, without what git keeps and what is built.
func copyTree(t *testing.T, to string) {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		from, to := filepath.Join(root, e.Name()), filepath.Join(to, e.Name())
		switch {
		case e.Name() == ".git" || e.Name() == "bin":
		case e.IsDir():
			err = os.CopyFS(to, os.DirFS(from))
		default:
			var text []byte
			if text, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(to, text, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// program builds the tests of a package, once.
func (in *sabotagedTree) program(t *testing.T, guard string) string {
	t.Helper()
	in.mu.Lock()
	defer in.mu.Unlock()
	b, ok := in.built[guard]
	if !ok {
		b.program = filepath.Join(filepath.Dir(in.overlay), strings.ReplaceAll(strings.TrimPrefix(guard, "./"), "/", "_"))
		cmd := exec.Command("go", "test", "-c", "-vet=off", "-overlay", in.overlay, "-o", b.program, guard)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			b.complaint = string(out) + err.Error()
		}
		in.built[guard] = b
	}
	if b.complaint != "" {
		t.Fatalf("it does not build:\n%s", b.complaint)
	}
	return b.program
}

// noticed reports whether a test of a guard fails with the sabotage, and passes without
// it: the test that is named, if the guard has it, else any.
func (in *sabotagedTree) noticed(t *testing.T, name, guard, test string) bool {
	t.Helper()
	program := in.program(t, guard)
	patterns := []string{"."}
	if test != "" && in.has(t, guard, test) {
		patterns = []string{"^" + test + "$", "."}
	}
	for _, pattern := range patterns {
		said := in.run(program, guard, pattern, name)
		if said == "" {
			continue
		}
		failed := failing.FindStringSubmatch(said)
		if failed == nil {
			t.Fatalf("no test has failed, and yet: %s", said)
		}
		if without := in.without(program, guard, failed[1]); without != "" {
			t.Fatalf("%s fails without it, too:\n%s", failed[1], without)
		}
		return true
	}
	return false
}

// failing finds the test that failed, or did not end: CI would notice that, too.
var failing = regexp.MustCompile(`(?m)^(?:--- FAIL: |\s+running tests:\n\s+)(\w+)`)

// has reports whether a package has a test.
func (in *sabotagedTree) has(t *testing.T, guard, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(in.dir, guard, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^func ` + test + `\(`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if declared.Match(text) {
			return true
		}
	}
	return false
}

// without is what a test says while all sabotages sleep; it runs once.
func (in *sabotagedTree) without(program, guard, test string) string {
	in.mu.Lock()
	key := guard + " " + test
	if in.calm[key] == nil {
		in.calm[key] = sync.OnceValue(func() string { return in.run(program, guard, "^"+test+"$", "") })
	}
	run := in.calm[key]
	in.mu.Unlock()
	return run()
}

// run runs tests of a guard, with a sabotage unless it is "". It returns what was said if
// one of them failed.
func (in *sabotagedTree) run(program, guard, pattern, sabotage string) string {
	cmd := exec.Command(program, "-test.run", pattern, "-test.failfast", "-test.timeout=10m")
	cmd.Dir, cmd.Env = filepath.Join(in.dir, guard), append(os.Environ(), wakes+"="+sabotage)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out) + err.Error()
	}
	return ""
}
