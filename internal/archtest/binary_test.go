package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const maxBinary = 35 << 20 // bytes of the stripped program, with the sandbox in it

// stripped builds a program as it is shipped, without tables for debuggers, and returns
// its file and the functions that look a method up by a name that the
// linker does not know: where there is one, it keeps every exported method of every type.
func stripped(t *testing.T, dir, pkg string) (program string, lookups []string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "program")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w -dumpdep", "-o", program, pkg)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if from, _, _ := strings.Cut(line, " -> "); strings.Contains(from, "<ReflectMethod>") {
			lookups = append(lookups, line)
		}
	}
	return program, lookups
}

// TestBinaryHoldsWhatItCalls: the clients of AWS have hundreds of operations each,
// EC2's alone 40 MB of them.
func TestBinaryHoldsWhatItCalls(t *testing.T) {
	program, lookups := stripped(t, root, "./cmd/amiship")
	if len(lookups) > 0 {
		t.Errorf("the linker keeps all methods:\n%s", strings.Join(lookups, ""))
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f MB", float64(info.Size())/(1<<20))
	if info.Size() > maxBinary {
		t.Errorf("the program has %d bytes, more than %d", info.Size(), maxBinary)
	}
}

func TestLookupsByNameAreFound(t *testing.T) {
	dir := t.TempDir()
	for name, code := range map[string]string{
		"go.mod":  "module planted\n",
		"main.go": "package main\n\nimport (\n\t\"os\"\n\t\"reflect\"\n)\n\nfunc main() { reflect.ValueOf(os.Stdout).MethodByName(os.Args[1]).Call(nil) }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, lookups := stripped(t, dir, "."); len(lookups) == 0 {
		t.Error("a method that is looked up by name is not found")
	}
}
