package layer_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"amiship/sandbox/machine/layer"
)

func open(t *testing.T, dir string) *layer.Store {
	t.Helper()
	s, err := layer.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(text string) func(string) error {
	return func(dir string) error { return os.WriteFile(filepath.Join(dir, "f"), []byte(text), 0o600) }
}

func TestALayerIsWholeOrAbsent(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Add("a", write("12345")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := s.Add("b", func(dir string) error { return errors.Join(write("half")(dir), broken) })
	if !errors.Is(err, broken) || s.Has("b") {
		t.Errorf("half a layer: %v, there: %v", err, s.Has("b"))
	}
	if err := s.Add("a", write("other")); err == nil {
		t.Error("a layer was made twice")
	}
	if n, err := layer.Size(s.Path("a")); n != 5 || err != nil {
		t.Errorf("size %d, %v", n, err)
	}

	// What a crash left half-filled goes when the store is opened again.
	left := filepath.Join(dir, "layers.new", "c.1")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	if s = open(t, dir); !s.Has("a") || s.Has("c") {
		t.Error("opened again: a must be there, c must not")
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("the half-filled layer is still there")
	}
}

func TestNamesStayInside(t *testing.T) {
	s := open(t, t.TempDir())
	for _, name := range []string{"", ".", "..", "a/b", "../a", "/etc"} {
		if s.Has(name) || s.Add(name, write("x")) == nil {
			t.Errorf("%q was taken for a layer's name", name)
		}
	}
}

func TestPrune(t *testing.T) {
	s := open(t, t.TempDir())
	for _, name := range []string{"a", "b"} {
		if err := s.Add(name, write(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Prune(func(name string) bool { return name == "b" }); err != nil {
		t.Fatal(err)
	}
	if s.Has("a") || !s.Has("b") {
		t.Errorf("a: %v, b: %v", s.Has("a"), s.Has("b"))
	}
}
