package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"amiship/internal/release"
)

// ErrNoSecret says that a secret is not there, or empty.
var ErrNoSecret = errors.New("has no value")

// Secret fetches a secret. One that is empty is an error (ErrNoSecret). A file is
// taken as it is; elsewhere the newline at the end is no part of the value.
func Secret(ctx context.Context, s release.Secret) ([]byte, error) {
	value, err := read(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Describe(s), err)
	}
	if s.File == "" {
		value = bytes.TrimRight(value, "\r\n")
	}
	if len(bytes.TrimSpace(value)) == 0 {
		return nil, fmt.Errorf("%s: %w", Describe(s), ErrNoSecret)
	}
	return value, nil
}

func read(ctx context.Context, s release.Secret) ([]byte, error) {
	switch {
	case s.Env != "":
		return []byte(os.Getenv(s.Env)), nil
	case s.File != "":
		return os.ReadFile(s.File)
	case len(s.Command) > 0:
		return output(ctx, s.Command)
	}
	return nil, errors.New("no source of it is named")
}

// A command may ask a person, and a vault that is far away; it may not hang. What it
// started and left behind must not hold its output open either.
const (
	commandWithin = 5 * time.Minute
	outputWithin  = time.Second // after its end
)

func output(ctx context.Context, command []string) ([]byte, error) {
	limit := fmt.Errorf("did not end within %s", commandWithin)
	ctx, cancel := context.WithTimeoutCause(ctx, commandWithin, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.WaitDelay = outputWithin
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return out, nil // it ended well
	}
	return out, err
}

// Describe says where a secret comes from: "environment variable CI_JOB_TOKEN".
func Describe(s release.Secret) string {
	switch {
	case s.Env != "":
		return "environment variable " + s.Env
	case s.File != "":
		return "file " + s.File
	case len(s.Command) > 0:
		return "command " + s.Command[0]
	}
	return "secret"
}

// names lists headers with where their values come from.
func names(headers map[string]release.Secret) []string {
	var out []string
	for name, secret := range headers {
		out = append(out, fmt.Sprintf("%s from %s", name, Describe(secret)))
	}
	slices.Sort(out)
	return out
}

// Digest is the hex SHA-256 of a secret, or "" for none.
func Digest(content []byte) string {
	if len(content) == 0 {
		return ""
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
