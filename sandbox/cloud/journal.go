package cloud

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// record is one committed transaction: one line of the journal.
type record []change

type change struct {
	Table string          `json:"t"`
	Part  string          `json:"p,omitempty"`
	Key   string          `json:"k"`
	Value json.RawMessage `json:"v,omitempty"` // absent: deleted
}

// journal appends a line per transaction. A write that the kernel has taken
// survives kill -9 of this process, so lines are not synced to disk: a sandbox
// does not have to survive a power cut.
type journal struct {
	file *os.File
	size int64 // bytes of whole lines
}

const journalName = "journal.jsonl"

// openJournal replays what is there, drops a last line that was cut short, and
// compacts the rest before it goes on.
func openJournal(dir string, replay func(record) error) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, journalName)
	live, err := readJournal(path, replay)
	if err != nil {
		return nil, err
	}
	if err := compact(path, live); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &journal{file: f, size: info.Size()}, nil
}

// readJournal returns the newest change of every key that is not deleted, in
// the order of first appearance.
func readJournal(path string, replay func(record) error) (record, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var live record
	at := map[[3]string]int{}
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // no newline: the write was cut short, and never answered
			break
		}
		if err != nil {
			return nil, err
		}
		var rec record
		if err := json.Unmarshal(line, &rec); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if err := replay(rec); err != nil {
			return nil, err
		}
		for _, c := range rec {
			id := [3]string{c.Table, c.Part, c.Key}
			i, ok := at[id]
			if !ok {
				i = len(live)
				at[id] = i
				live = append(live, c)
			}
			live[i] = c
		}
	}
	kept := live[:0]
	for _, c := range live {
		if c.Value != nil {
			kept = append(kept, c)
		}
	}
	return kept, nil
}

func compact(path string, live record) error {
	var buf bytes.Buffer
	for _, c := range live {
		line, err := json.Marshal(record{c})
		if err != nil {
			return err
		}
		buf.Write(append(line, '\n'))
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, buf.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func (j *journal) append(rec record) error {
	if j == nil || len(rec) == 0 {
		return nil
	}
	line, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	n, err := j.file.Write(append(line, '\n'))
	if err != nil {
		return j.failed(err)
	}
	j.size += int64(n)
	return nil
}

// failed removes what a write left that failed: half a line would spoil the next one.
func (j *journal) failed(err error) error {
	return errors.Join(fullDisk(err), j.file.Truncate(j.size))
}

// fullDisk says that it is the sandbox's disk that is full, where it is.
func fullDisk(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("the disk of the sandbox's state is full: %w", err)
	}
	return err
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	return j.file.Close()
}
