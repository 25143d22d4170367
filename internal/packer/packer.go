// Package packer runs "packer build" for one variant and says which AMI came
// out of it. It works with Packer 1.6.6 and with current Packer, 1.16 with amazon plugin 1.8.
//
// Packer is several processes (it wraps itself, and each plugin is one more),
// and a killed parent leaves the others running. They all share a process
// group with a guard, a shell that ends the group and deletes its directory
// as soon as this process is gone, however it went. And Packer hides nothing,
// sensitive variables neither: secrets are files here, never variables, and
// their values are taken out of every line.
package packer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ErrNotInstalled says that there is no packer to run.
var ErrNotInstalled = errors.New("packer is not installed")

// Runner runs Packer. The zero value is ready to use.
type Runner struct {
	Path  string        // of packer; empty: searched in PATH
	Env   []string      // where Packer's environment is taken from; nil: this process's
	Poll  time.Duration // between two reads of AWS, rounded to seconds; 2 s if zero
	Grace time.Duration // for Packer's own clean-up after a cancel; 3 minutes if zero
	// Session is where builds get credentials from, as often as they ask. Nil, or no session: from
	// the environment, as this process does.
	Session func(context.Context) (*Session, error)
}

// Build is what to build.
type Build struct {
	Template string            // absolute path
	Vars     map[string]any    // texts, numbers, maps of texts; those that the template declares are passed on
	Required []string          // variables that the template must declare: Required(), for a release
	Files    map[string][]byte // secrets: a variable of the name holds the path of a 0600 file with the content
	Secrets  []string          // besides the files and the caller's keys: values that must not show up in the output
	Log      io.Writer         // gets the output, line by line, with secrets redacted; nil: discarded
}

// Result is a finished build.
type Result struct {
	AMI, Region string
	Base        string // what it was built from: the variable source_ami
	Took        time.Duration
}

// Error is a failed build.
type Error struct {
	Code  int      // Packer's exit code
	Texts []string // what Packer says is wrong
	Last  []string // the last lines of a provisioner that failed
}

// Says reports whether Packer has named a text as an error.
func (e *Error) Says(text string) bool {
	return slices.ContainsFunc(e.Texts, func(t string) bool { return strings.Contains(t, text) })
}

func (e *Error) Error() string {
	text := strings.Join(e.Texts, "; ")
	if text == "" {
		text = fmt.Sprintf("exit code %d", e.Code)
	}
	lines := append([]string{"packer build: " + text}, e.Last...)
	return strings.Join(lines, "\n  | ")
}

// Build runs Packer to its end. When ctx ends, Packer is asked to clean up what
// it made, and is killed if that takes longer than Grace. A failed build is an
// *Error.
func (r Runner) Build(ctx context.Context, b Build) (Result, error) {
	program, err := r.program()
	if err != nil {
		return Result{}, err
	}
	g, err := newGuard()
	if err != nil {
		return Result{}, err
	}
	defer g.end()
	manifest := filepath.Join(g.dir, "manifest.json")
	vars, err := r.writeVars(b, g.dir, manifest)
	if err != nil {
		return Result{}, err
	}
	env, end, err := r.lent(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("credentials for packer: %w", err)
	}
	defer end()
	start := time.Now()
	out := newOutput(b.Log, hide(env, b))
	out.unheard(r.from())
	cmd := exec.CommandContext(ctx, program, "build", "-machine-readable", "-color=false", "-var-file="+vars, b.Template)
	cmd.Env, cmd.Dir = env, filepath.Dir(b.Template)
	cmd.Stdout, cmd.Stderr = out.stream(), out.stream()
	err = g.run(cmd, r.grace())
	out.flush()
	switch {
	case ctx.Err() != nil:
		return Result{}, fmt.Errorf("packer build: %w", context.Cause(ctx))
	case err != nil:
		return Result{}, out.failure(err)
	}
	res, err := out.result(manifest)
	res.Took = time.Since(start)
	res.Base, _ = b.Vars["source_ami"].(string)
	return res, err
}

func (r Runner) grace() time.Duration {
	if r.Grace == 0 {
		return 3 * time.Minute
	}
	return r.Grace
}

// versionWithin is how long Packer may take to say its version.
const versionWithin = time.Minute

// Version returns what packer says its version is: "1.6.6".
func (r Runner) Version(ctx context.Context) (string, error) {
	program, err := r.program()
	if err != nil {
		return "", err
	}
	g, err := newGuard()
	if err != nil {
		return "", err
	}
	defer g.end()
	ctx, cancel := context.WithTimeoutCause(ctx, versionWithin, fmt.Errorf("did not end within %s", versionWithin))
	defer cancel()
	out := &firstLine{}
	cmd := exec.CommandContext(ctx, program, "version")
	cmd.Env, cmd.Stdout = r.Environment(), out
	if err := g.run(cmd, time.Second); err != nil {
		return "", fmt.Errorf("%s version: %w", program, cmp.Or(context.Cause(ctx), err))
	}
	first, _, _ := strings.Cut(out.String(), "\n")
	return strings.TrimPrefix(strings.TrimSpace(first), "Packer v"), nil
}

func (r Runner) program() (string, error) {
	path, err := exec.LookPath(orElse(r.Path, "packer"))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotInstalled, err)
	}
	return path, nil
}

// firstLine keeps what a program prints first.
type firstLine struct{ strings.Builder }

func (f *firstLine) Write(p []byte) (int, error) {
	const most = 1 << 10 // bytes
	f.Builder.Write(p[:min(len(p), max(0, most-f.Len()))])
	return len(p), nil
}

// hide returns the values that must not show up, those of Packer's environment among them.
func hide(env []string, b Build) []string {
	hide := append(secretsIn(env), b.Secrets...)
	for _, content := range b.Files {
		hide = append(hide, string(content))
	}
	return hide
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
