package packer

import (
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
	secrets  *strings.Replacer
	streams  []*lines
	errors   []string // of the builds
	shown    []string // error lines on the terminal: all there is when a template is wrong
	recent   []string // what machine and provisioner wrote last
	failed   []string // recent, when a provisioner failed
	artifact string
}

func newOutput(log io.Writer, secrets []string) *output {
	if log == nil {
		log = io.Discard
	}
	return &output{log: log, secrets: Redactor(secrets)}
}

// lines cuts a stream into lines.
type lines struct {
	out  *output
	rest []byte
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
	s.rest = append(s.rest, p...)
	for {
		line, rest, found := strings.Cut(string(s.rest), "\n")
		if !found {
			return len(p), nil
		}
		s.rest = []byte(rest)
		s.out.line(line)
	}
}

// flush takes what stands behind the last newline as a line.
func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.streams {
		if len(s.rest) > 0 {
			o.line(string(s.rest))
		}
		s.rest = nil
	}
}

func (o *output) line(line string) {
	e, ok := parse(line)
	if !ok {
		o.show(line)
		return
	}
	switch {
	case e.kind == "ui" && len(e.data) > 1:
		o.ui(e.data[0], e.data[1])
	case e.kind == "error" && e.target != "" && len(e.data) > 0:
		o.errors = append(o.errors, o.secrets.Replace(e.data[0]))
	case e.kind == "artifact" && len(e.data) > 2 && e.data[1] == "id":
		o.artifact = e.data[2]
	}
}

// ui takes a line for people. A multi-line one is shown as several.
func (o *output) ui(level, text string) {
	text = o.secrets.Replace(text)
	for line := range strings.SplitSeq(strings.Trim(text, "\r\n"), "\n") {
		o.show(line)
		if strings.Contains(line, "Provisioning step had errors") {
			o.failed = o.recent
		}
		if level == "error" {
			o.shown = append(o.shown, strings.TrimPrefix(strings.TrimSpace(line), "==> "))
		}
		if level != "say" {
			o.recent = append(o.recent, withoutSource(line))
			o.recent = o.recent[max(0, len(o.recent)-lastLines):]
		}
	}
}

func (o *output) show(line string) {
	fmt.Fprintln(o.log, strings.TrimRight(o.secrets.Replace(line), "\r"))
}

// withoutSource cuts what Packer puts in front of a machine's line:
// "    amazon-ebs.image: ".
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
		e.Last = o.shown[:min(len(o.shown), lastLines)]
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
