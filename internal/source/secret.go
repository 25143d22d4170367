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
		return exec.CommandContext(ctx, s.Command[0], s.Command[1:]...).Output()
	}
	return nil, errors.New("no source of it is named")
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
