package instant

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// scp is what the remote side of an scp is asked to do.
type scp struct {
	sink   bool // take files; otherwise send them
	dir    bool // the target must be a directory
	target string
}

// parseSCP understands the command that scp clients run on the other side:
// scp with flags, -t for "to" and -f for "from", and a path. A command before
// it (sudo) changes nothing here.
func parseSCP(command string) (scp, bool) {
	words := strings.Fields(command)
	at := slices.Index(words, "scp")
	if at < 0 || at > 1 {
		return scp{}, false
	}
	var s scp
	var flags string
	for _, w := range words[at+1:] {
		if strings.HasPrefix(w, "-") {
			flags += w
			continue
		}
		s.target = strings.Trim(w, `"'`)
	}
	s.sink, s.dir = strings.Contains(flags, "t"), strings.Contains(flags, "d")
	return s, s.target != "" && (s.sink || strings.Contains(flags, "f"))
}

func (g *guest) transfer(rw io.ReadWriter, s scp) error {
	if s.sink {
		r := &receiver{in: bufio.NewReader(rw), out: rw}
		return r.receive(g.host(s.target), s.dir || strings.HasSuffix(s.target, "/"))
	}
	return send(bufio.NewReader(rw), rw, g.host(s.target))
}

// receiver is the sink of the scp protocol. Each message is a line: C is a
// file, D and E begin and end a directory, T is a time, and each is answered
// with a zero byte.
type receiver struct {
	in  *bufio.Reader
	out io.Writer
}

func (r *receiver) ok() error {
	_, err := r.out.Write([]byte{0})
	return err
}

// receive writes to the file target, or into it where it is a directory.
func (r *receiver) receive(target string, dir bool) error {
	stack := []string{target}
	if err := r.ok(); err != nil {
		return err
	}
	for {
		line, err := r.in.ReadString('\n')
		if errors.Is(err, io.EOF) && line == "" {
			return nil
		}
		if err != nil {
			return err
		}
		top := stack[len(stack)-1]
		into := top
		mode, size, name, bad := parseEntry(line)
		if dir || len(stack) > 1 || isDir(top) {
			into = filepath.Join(top, name)
		}
		switch line[0] {
		case 'T':
			bad = nil
		case 'E':
			stack, bad = stack[:max(1, len(stack)-1)], nil
		case 'D':
			stack = append(stack, into)
			bad = errors.Join(bad, os.MkdirAll(into, 0o755))
		case 'C':
			bad = errors.Join(bad, r.file(into, mode, size))
		default:
			bad = fmt.Errorf("message %q", line)
		}
		if err := errors.Join(bad, r.ok()); err != nil {
			return err
		}
	}
}

// parseEntry reads "C0644 12 name" or "D0755 0 name".
func parseEntry(line string) (mode fs.FileMode, size int64, name string, err error) {
	var kind rune
	_, err = fmt.Sscanf(line, "%c%o %d %s", &kind, &mode, &size, &name)
	if parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3); len(parts) == 3 {
		name = parts[2] // with its blanks
	}
	if err == nil && (name == ".." || strings.Contains(name, "/")) {
		err = fmt.Errorf("file name %q", name)
	}
	return mode, size, name, err
}

// file takes one file's bytes and puts it in place of what was there.
func (r *receiver) file(path string, mode fs.FileMode, size int64) error {
	if err := errors.Join(r.ok(), os.MkdirAll(filepath.Dir(path), 0o755)); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".scp.")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone after the rename
	_, err = io.CopyN(f, r.in, size)
	if err := errors.Join(err, f.Chmod(mode.Perm()), f.Close()); err != nil {
		return err
	}
	end, err := r.in.ReadByte()
	if err != nil || end != 0 {
		return fmt.Errorf("end of %s: %d, %w", path, end, err)
	}
	return os.Rename(f.Name(), path)
}

// send is the source of the scp protocol, for one file.
func send(in *bufio.Reader, out io.Writer, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s: no such file", filepath.Base(path))
	}
	heard := func() error {
		c, err := in.ReadByte()
		if err == nil && c != 0 {
			err = fmt.Errorf("the client said %d", c)
		}
		return err
	}
	if err := heard(); err != nil {
		return err
	}
	fmt.Fprintf(out, "C0644 %d %s\n", len(b), filepath.Base(path))
	if err := heard(); err != nil {
		return err
	}
	if _, err := out.Write(append(b, 0)); err != nil {
		return err
	}
	return heard()
}
