package scenarios

import (
	"os"
	"strings"
	"testing"
)

func readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func appendTo(t testing.TB, path, text string) {
	t.Helper()
	writeFile(t, path, readFile(t, path)+text)
}

// replaceIn puts another text in the place of one that is there once.
func replaceIn(t testing.TB, path, old, with string) {
	t.Helper()
	text := readFile(t, path)
	if strings.Count(text, old) != 1 {
		t.Fatalf("%s does not hold %q once: adapt this test", path, old)
	}
	writeFile(t, path, strings.Replace(text, old, with, 1))
}

// cutAt leaves what stands before a mark.
func cutAt(t testing.TB, path, mark string) {
	t.Helper()
	before, _, found := strings.Cut(readFile(t, path), mark)
	if !found {
		t.Fatalf("%s has no %q: adapt this test", path, mark)
	}
	writeFile(t, path, before)
}
