package apply

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
	"amiship/internal/release"
)

// packerLogName is the file with all that Packer said of a build.
const packerLogName = "packer.log"

// packerLog is Packer's output, without secrets: in a file, and line by line in the log.
type packerLog struct {
	path string // empty: there is no file
	file io.WriteCloser
	line func(string)
}

// packerLog keeps what Packer says of a build where a person finds it. That it can't be kept
// is no reason not to build.
func (b builds) packerLog(act plan.Action, v release.Variant) *packerLog {
	l := &packerLog{path: filepath.Join(b.logs, b.desired.Owner(v).Name(), packerLogName), line: func(line string) {
		b.log.Info(line, "packer", act.Target.Variant())
		b.tell(act.ID, strings.TrimSpace(line), 0)
	}}
	if err := l.open(); err != nil {
		b.log.Warn("Packer's log is not kept", "error", awsapi.Text(err))
		l.path, l.file = "", nil
	}
	return l
}

// open keeps the log of an earlier build of the same variant, too.
func (l *packerLog) open() error {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	l.file = f
	return nil
}

// Write takes whole lines, as packer.Build writes them.
func (l *packerLog) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		line = strings.TrimRight(line, "\n")
		l.line(line)
		if l.file != nil {
			fmt.Fprintf(l.file, "%s  %s\n", time.Now().UTC().Format(time.TimeOnly), line) // a full disk ends no build
		}
	}
	return len(p), nil
}

// where says where the whole log is, after the error of a build.
func (l *packerLog) where() string {
	if l.path == "" {
		return ""
	}
	return "\nPacker's whole log is in " + l.path
}

func (l *packerLog) close() {
	if l.file != nil {
		_ = l.file.Close() // a full disk ends no build
	}
}
