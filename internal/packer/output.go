package packer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// lastLines is how much of a failing provisioner's output an error keeps.
const lastLines = 12

// output reads what Packer writes, shows it, and remembers what matters.
type output struct {
	mu       sync.Mutex
	log      io.Writer
	secrets  *Redactor
	streams  []*lines
	errors   []string // of the builds
	shown    []string // error lines on the terminal: all there is when a template is wrong
	recent   []string // the last output of instance and provisioner
	failed   []string // recent, when a provisioner failed
	artifact string
	dropped  int // bytes of the line that is being read
}

func newOutput(log io.Writer, secrets []string) *output {
	if log == nil {
		log = io.Discard
	}
	return &output{log: log, secrets: NewRedactor(secrets)}
}

// Bounds, in bytes: of a line, and of what is remembered of one.
const (
	mostLine  = 1 << 20
	mostKept  = 4 << 10
	mostTexts = 64 // error texts
)

// unheard says that what is set to see Packer's log is not handed on.
func (o *output) unheard(env []string) {
	for _, name := range []string{"PACKER_LOG", "PACKER_LOG_PATH"} {
		if lookup(env, name) != "" {
			o.show(name + " is not handed on to Packer: its log holds secrets")
		}
	}
}

// lines cuts a stream into lines. Of one that is too long the end is dropped.
type lines struct {
	out     *output
	rest    []byte
	dropped int // bytes of the line
}

// stream returns a writer for one of Packer's two streams.
func (o *output) stream() io.Writer {
	s := &lines{out: o}
	o.streams = append(o.streams, s)
	return s
}

func (s *lines) Write(p []byte) (int, error) {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	n := len(p)
	for {
		line, rest, found := bytes.Cut(p, []byte("\n"))
		s.add(line)
		if !found {
			return n, nil
		}
		s.end()
		p = rest
	}
}

// add takes a piece of a line. A secret that begins within the bound is kept whole.
func (s *lines) add(p []byte) {
	keep := min(len(p), max(0, mostLine+s.out.secrets.longest-len(s.rest)))
	s.rest = append(s.rest, p[:keep]...)
	s.dropped += len(p) - keep
}

func (s *lines) end() {
	s.out.dropped = s.dropped
	s.out.line(string(s.rest))
	s.out.dropped, s.rest, s.dropped = 0, s.rest[:0], 0
}

// flush takes the text after the last newline as a line.
func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.streams {
		if len(s.rest) > 0 {
			s.end()
		}
	}
}

// clean takes secrets out of a text of the line that is being read. Where the line was
// cut, the beginning of a secret may be its end.
func (o *output) clean(text string) string {
	text = o.secrets.Replace(text)
	if o.dropped == 0 {
		return text
	}
	text = text[:max(0, len(text)-o.secrets.longest)]
	return strings.ToValidUTF8(text, "") + fmt.Sprintf("… [cut: the line has %d more bytes]", o.dropped+o.secrets.longest)
}

// kept is what is remembered of a text.
func kept(text string) string {
	if len(text) <= mostKept {
		return text
	}
	return strings.ToValidUTF8(text[:mostKept], "") + fmt.Sprintf("… [cut: %d more bytes]", len(text)-mostKept)
}

func (o *output) line(line string) {
	e, ok := parse(line)
	if !ok {
		o.show(o.clean(line))
		return
	}
	switch {
	case e.kind == "ui" && len(e.data) > 1:
		o.ui(e.data[0], e.data[1])
	case e.kind == "error" && e.target != "" && len(e.data) > 0 && len(o.errors) < mostTexts:
		o.errors = append(o.errors, kept(o.clean(e.data[0])))
	case e.kind == "artifact" && len(e.data) > 2 && e.data[1] == "id":
		o.artifact = e.data[2]
	}
}

// ui takes a line for people. A multi-line one is shown as several.
func (o *output) ui(level, text string) {
	text = strings.Trim(o.clean(text), "\r\n")
	for line := range strings.SplitSeq(text, "\n") {
		o.show(line)
		if strings.Contains(line, "Provisioning step had errors") {
			o.failed = o.recent
		}
		if line = kept(line); level == "error" && len(o.shown) < lastLines {
			o.shown = append(o.shown, strings.TrimPrefix(strings.TrimSpace(line), "==> "))
		}
		if level != "say" {
			o.recent = append(o.recent, withoutSource(line))
			o.recent = o.recent[max(0, len(o.recent)-lastLines):]
		}
	}
}

// show writes a line out of which secrets were taken.
func (o *output) show(line string) {
	fmt.Fprintln(o.log, strings.TrimRight(line, "\r"))
}

// withoutSource cuts Packer's prefix of an instance's line: "
// amazon-ebs.image: ".
func withoutSource(line string) string {
	if source, text, found := strings.Cut(strings.TrimPrefix(strings.TrimLeft(line, " "), "==> "), ": "); found && !strings.Contains(source, " ") {
		return text
	}
	return line
}

// failure turns a bad end of Packer into an error.
func (o *output) failure(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("packer build: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	e := &Error{Code: exit.ExitCode(), Texts: o.errors, Last: o.failed}
	if len(e.Texts) == 0 {
		e.Last = o.shown
	}
	return e
}

// result finds the AMI: in the manifest if the template writes one, else in
// the output.
func (o *output) result(manifest string) (Result, error) {
	artifact := o.artifact
	text, err := os.ReadFile(manifest)
	if err == nil {
		artifact, err = fromManifest(text)
	}
	if err != nil && !os.IsNotExist(err) {
		return Result{}, fmt.Errorf("read packer's manifest: %w", err)
	}
	region, ami, found := strings.Cut(artifact, ":")
	if !found || !strings.HasPrefix(ami, "ami-") || strings.ContainsAny(ami, ",:") {
		return Result{}, fmt.Errorf("packer build: made %q, not one AMI in one region", artifact)
	}
	return Result{AMI: ami, Region: region}, nil
}

func fromManifest(text []byte) (string, error) {
	var m struct {
		Builds []struct {
			Artifact string `json:"artifact_id"`
			Run      string `json:"packer_run_uuid"`
		} `json:"builds"`
		Last string `json:"last_run_uuid"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return "", err
	}
	var made []string
	for _, b := range m.Builds {
		if b.Run == m.Last {
			made = append(made, b.Artifact)
		}
	}
	if len(made) != 1 {
		return "", fmt.Errorf("has %d builds of this run, want one", len(made))
	}
	return made[0], nil
}
