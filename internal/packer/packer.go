// Package packer runs "packer build" for one variant and says which AMI came
// out of it. It works with Packer 1.6.6 and with current Packer.
//
// What a newcomer would get wrong: Packer is several processes (it wraps
// itself, and each plugin is one more), and a killed parent leaves the others
// running. They all share a process group with a guard, a shell that ends the
// group and deletes its directory as soon as this process is gone, however it
// went. And Packer hides nothing, sensitive variables neither: secrets are
// files here, never variables, and their values are taken out of every line.
package packer

import (
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
	Path  string        // of packer; empty: looked for in PATH
	Env   []string      // where Packer's environment is taken from; nil: this process's
	Poll  time.Duration // between two looks at AWS, rounded to seconds; 2 s if zero
	Grace time.Duration // for Packer's own clean-up after a cancel; 3 minutes if zero
}

// Build is what to build.
type Build struct {
	Template string            // absolute path
	Vars     map[string]any    // texts, numbers, maps of texts; those that the template declares are passed on
	Files    map[string][]byte // secrets: a variable of the name holds the path of a 0600 file with the content
	Secrets  []string          // more values that must not show up in the output
	Log      io.Writer         // gets the output, line by line, secrets taken out; nil: nobody
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
	start := time.Now()
	out := newOutput(b.Log, b.hide())
	cmd := exec.CommandContext(ctx, program, "build", "-machine-readable", "-color=false", "-var-file="+vars, b.Template)
	cmd.Env = append(r.environment(), "TMPDIR="+g.dir)
	cmd.Dir = filepath.Dir(b.Template)
	err = r.run(cmd, g, out)
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

// Version returns what packer says its version is: "1.6.6".
func (r Runner) Version(ctx context.Context) (string, error) {
	program, err := r.program()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, program, "version")
	cmd.Env = r.environment()
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s version: %w", program, err)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimPrefix(strings.TrimSpace(first), "Packer v"), nil
}

func (r Runner) program() (string, error) {
	path, err := exec.LookPath(orElse(r.Path, "packer"))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotInstalled, err)
	}
	return path, nil
}

// hide returns the values that must not show up.
func (b Build) hide() []string {
	hide := slices.Clone(b.Secrets)
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
