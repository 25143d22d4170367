package container

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestConsoleKeepsTheNewest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "console.log")
	c, err := openConsole(path)
	if err != nil {
		t.Fatal(err)
	}
	var last string
	for i := range 20000 { // some 400 KiB
		last = fmt.Sprintf("line %d of many", i)
		fmt.Fprintln(c.tty, last)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var got []byte
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && !bytes.Contains(got, []byte(last)); <-tick.C {
		if got, err = readConsole(path); err != nil {
			t.Fatal(err)
		}
	}
	c.close()
	if len(got) != consoleKeep || !bytes.Contains(got, []byte(last)) {
		t.Errorf("%d bytes, ending %q", len(got), got[max(0, len(got)-40):])
	}
	if info, err := os.Stat(path); err != nil || info.Size() > consoleMost+16<<10 {
		t.Errorf("the file holds %d bytes, %v", info.Size(), err)
	}
	if got, err := readConsole(path + ".none"); got != nil || err != nil {
		t.Errorf("no console: %q, %v", got, err)
	}
}

func TestEscape(t *testing.T) {
	if got := escape(`/a:b,c\d`); got != `/a\:b\,c\\d` {
		t.Error(got)
	}
}
