// Package exectest writes programs that tests execute. Written by os.WriteFile alone, one in
// some thousand can't be executed yet where tests run side by side ("text file busy").
package exectest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Write makes a program, such as a script, and its directory. No process of the test begins
// meanwhile: until it executes something it would have the file open, and Linux executes no
// file that is open for writing.
func Write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
}
