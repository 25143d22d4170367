package rehearse

import (
	"bytes"
	"io"
)

// hint is how a command begins a line that says what to type next.
const hint = "amiship: hint:"

// unhinted leaves the hints out of what a command of the rehearsal says: typed after
// it, they would act on AWS.
type unhinted struct {
	w    io.Writer
	line []byte // of which the end has not come
}

// Write implements io.Writer.
func (u *unhinted) Write(p []byte) (int, error) {
	u.line = append(u.line, p...)
	for {
		line, rest, found := bytes.Cut(u.line, []byte("\n"))
		if !found {
			return len(p), nil
		}
		u.line = rest
		if bytes.HasPrefix(line, []byte(hint)) {
			continue
		}
		if _, err := u.w.Write(append(bytes.Clone(line), '\n')); err != nil {
			return 0, err
		}
	}
}

// end writes what has no end of its line.
func (u *unhinted) end() {
	if len(u.line) > 0 {
		_, _ = u.w.Write(u.line)
	}
}
