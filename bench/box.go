package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// box is a sandbox process with instant machines.
type box struct {
	lab        *lab
	url, state string
	cmd        *exec.Cmd
	log        bytes.Buffer
}

// start starts a sandbox on a directory and waits until it serves. Who starts one
// stops it.
func (l *lab) start(ctx context.Context, state string, args ...string) (*box, error) {
	b := &box{lab: l, state: state}
	b.cmd = command(ctx, l.program, append([]string{"sandbox", "--listen", "127.0.0.1:0", "--state", state, "--driver", "instant"}, args...)...)
	b.cmd.Stderr = &b.log
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			b.url = url
			return b, nil
		}
	}
	_ = b.cmd.Wait()
	return nil, fmt.Errorf("the sandbox did not get ready:\n%s", &b.log)
}

// stop ends it as a person would. A second time does nothing.
func (b *box) stop() {
	if b.cmd.ProcessState != nil {
		return
	}
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	_ = b.cmd.Wait()
}

// env points a client at the vendor's account; via, if not empty, is an address
// in between.
func (b *box) env(ctx context.Context, via string) ([]string, error) {
	r, err := b.lab.amiship(ctx, b.lab.env, []int{0}, "sandbox", "env", "--state", b.state)
	if err != nil {
		return nil, err
	}
	env := append([]string{}, b.lab.env...)
	for line := range strings.Lines(string(r.out)) {
		if kv, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
			env = append(env, strings.ReplaceAll(kv, "'", ""))
		}
	}
	if via != "" {
		env = append(env, "AWS_ENDPOINT_URL="+via)
	}
	return env, nil
}

// value is a variable of an environment, the last of its name.
func value(env []string, name string) (out string) {
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			out = v
		}
	}
	return out
}

// advance moves the clock, and returns its time, to a second.
func (b *box) advance(ctx context.Context, d time.Duration) (time.Time, error) {
	r, err := b.lab.amiship(ctx, b.lab.env, []int{0}, "sandbox", "advance", d.String(), "--state", b.state)
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, strings.TrimSpace(string(r.out)))
}

// call is a line of the sandbox's log of calls.
type call struct {
	At                        time.Time
	Action, Region, Key, Code string
	ReadOnly                  bool
}

// calls are those since the last one of skip.
func (b *box) calls(skip int) ([]call, error) {
	text, err := os.ReadFile(filepath.Join(b.state, "calls.jsonl"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var out []call
	for line := range bytes.Lines(text) {
		var c call
		if err := json.Unmarshal(line, &c); err != nil {
			break // the last one is being written
		}
		out = append(out, c)
	}
	return out[min(skip, len(out)):], nil
}

// dump is the part of the sandbox's state that the benches read.
type dump struct {
	Images map[string]map[string]image     `json:"ec2.images"` // by region and id
	Tags   map[string]map[string]tagged    `json:"ec2.tags"`   // by region, and account and id
	Sets   map[string]map[string]changeSet `json:"marketplace.change-sets"`
	Keys   map[string]map[string]key       `json:"credentials"` // by id
}

type key struct{ Account, Secret string }

type image struct {
	ID, Owner, Name string
	Due             time.Time
	Mappings        []struct{ Snapshot string }
	Public          bool
	Users           []string
}

type tagged struct{ Tags map[string]string }

type changeSet struct{ Applied time.Time }

func (b *box) dump(ctx context.Context) (d dump, err error) {
	r, err := b.lab.amiship(ctx, b.lab.env, []int{0}, "sandbox", "dump", "--state", b.state)
	if err == nil {
		err = json.Unmarshal(r.out, &d)
	}
	return d, err
}

// copied is the state of a sandbox that has ended, once more.
func copied(state, to string) error {
	if err := os.Remove(filepath.Join(state, "admin.sock")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.CopyFS(to, os.DirFS(state)); err != nil {
		return fmt.Errorf("copy the state of a sandbox: %w", err)
	}
	return os.Remove(filepath.Join(to, "calls.jsonl"))
}
