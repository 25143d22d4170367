package cloud

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type thing struct{ A, B string }

var things = NewTable[thing]("things")

func mustOpen(t *testing.T, dir string, c Clock) *Store {
	t.Helper()
	s, err := Open(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(t *testing.T, s *Store, part, key string, v thing) {
	t.Helper()
	if err := s.Update(func(tx *Tx) error { things.Put(tx, part, key, v); return nil }); err != nil {
		t.Fatal(err)
	}
}

func all(t *testing.T, s *Store, part string) (out []string) {
	t.Helper()
	err := s.View(func(tx *Tx) error {
		for k, v := range things.All(tx, part) {
			out = append(out, k+"="+v.A)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Clock{})
	put(t, s, "eu", "a", thing{A: "1"})
	put(t, s, "eu", "b", thing{A: "2"})
	boom := errors.New("boom")
	change := func(tx *Tx) {
		things.Put(tx, "eu", "a", thing{A: "changed"})
		things.Put(tx, "eu", "c", thing{A: "new"})
		things.Delete(tx, "eu", "b")
	}
	if err := s.Update(func(tx *Tx) error { change(tx); return boom }); !errors.Is(err, boom) {
		t.Fatalf("Update answers %v, want boom", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Update(func(tx *Tx) error { change(tx); panic("boom") })
	}()
	want := []string{"a=1", "b=2"}
	if got := all(t, s, "eu"); !slices.Equal(got, want) {
		t.Errorf("after a failure and a panic: %v, want %v", got, want)
	}
	if got := all(t, mustOpen(t, dir, Clock{}), "eu"); !slices.Equal(got, want) {
		t.Errorf("the journal has %v, want %v", got, want)
	}
}

func TestViewCannotChange(t *testing.T) {
	s := mustOpen(t, "", Clock{})
	defer func() {
		if recover() == nil {
			t.Error("Put in a View went through")
		}
	}()
	_ = s.View(func(tx *Tx) error { things.Put(tx, "", "a", thing{}); return nil })
}

func TestJournalSurvivesAnyCut(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Clock{})
	put(t, s, "", "a", thing{A: "1"})
	put(t, s, "", "b", thing{A: "2"})
	_ = s.Update(func(tx *Tx) error { things.Delete(tx, "", "a"); return nil })
	put(t, s, "", "c", thing{A: "3"})
	path := filepath.Join(dir, journalName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	after := [][]string{nil, {"a=1"}, {"a=1", "b=2"}, {"b=2"}, {"b=2", "c=3"}}
	for n := range len(whole) + 1 {
		cut := t.TempDir()
		if err := os.WriteFile(filepath.Join(cut, journalName), whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		want := after[strings.Count(string(whole[:n]), "\n")]
		if got := all(t, mustOpen(t, cut, Clock{}), ""); !slices.Equal(got, want) {
			t.Fatalf("journal cut after %d bytes: %v, want %v", n, got, want)
		}
	}
}

func TestBrokenJournalIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, journalName), []byte("not json\n[]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Clock{}); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("Open answers %v, want an error that names line 1", err)
	}
}

func TestReopenCompactsAndGoesOn(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Clock{})
	for range 200 {
		put(t, s, "", "a", thing{A: "x"})
	}
	put(t, s, "", "b", thing{A: "y"})
	before, err := s.Dump()
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	again := mustOpen(t, dir, Clock{})
	after, err := again.Dump()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("the dump changed over a restart:\n%s", d)
	}
	text, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n != 2 {
		t.Errorf("the journal of two values has %d lines after a restart", n)
	}
	put(t, again, "", "c", thing{A: "z"})
	if got := all(t, mustOpen(t, dir, Clock{}), ""); !slices.Equal(got, []string{"a=x", "b=y", "c=z"}) {
		t.Errorf("after a second restart: %v", got)
	}
}

func TestClock(t *testing.T) {
	wall := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	clock := Clock{Speed: 60, Wall: func() time.Time { return wall }}
	dir := t.TempDir()
	s := mustOpen(t, dir, clock)
	due := func(s *Store) (d time.Duration) {
		_ = s.View(func(tx *Tx) error { d = tx.Due(time.Hour).Sub(tx.Now); return nil })
		return d
	}
	if got := due(s); got != time.Minute {
		t.Errorf("an hour at speed 60 is due after %v", got)
	}
	if err := s.Advance(26 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(-time.Second); err == nil {
		t.Error("the clock went back")
	}
	want := wall.Add(26 * time.Hour)
	if got := s.Now(); !got.Equal(want) {
		t.Errorf("after 26 h it is %v, want %v", got, want)
	}
	clock.Speed = 0
	again := mustOpen(t, dir, clock)
	if got := again.Now(); !got.Equal(want) {
		t.Errorf("after a restart it is %v, want %v", got, want)
	}
	if got := due(again); got != time.Hour {
		t.Errorf("without a speed an hour is due after %v", got)
	}
}

func TestAllMayChangeWhatItWalks(t *testing.T) {
	s := mustOpen(t, "", Clock{})
	for _, k := range []string{"a", "b", "c"} {
		put(t, s, "", k, thing{A: k})
	}
	var seen []string
	_ = s.Update(func(tx *Tx) error {
		for k := range things.All(tx, "") {
			seen = append(seen, k)
			things.Delete(tx, "", k)
			things.Delete(tx, "", "c")
			things.Put(tx, "", "d", thing{})
		}
		return nil
	})
	if !slices.Equal(seen, []string{"a", "b"}) {
		t.Errorf("walked %v, want a and b", seen)
	}
	if got := all(t, s, ""); !slices.Equal(got, []string{"d="}) {
		t.Errorf("left: %v", got)
	}
}

// TestAFullDisk: a transaction that does not fit on the disk is refused, and leaves no half
// line, which would spoil the next one.
func TestAFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), journalName)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	j := &journal{file: f}
	if err := j.append(record{{Table: "a", Key: "1"}}); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(path)
	if _, err := f.WriteString(`[{"t":"ha`); err != nil { // what a write comes to that finds no space
		t.Fatal(err)
	}
	if err := j.failed(&os.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}); err == nil || !strings.Contains(err.Error(), "the disk of the sandbox's state is full") {
		t.Errorf("it ends with %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != string(whole) {
		t.Errorf("the journal holds %q, want %q", got, whole)
	}
}
