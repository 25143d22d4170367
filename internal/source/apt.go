package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"amiship/internal/release"
)

// fromApt takes a package that this machine's apt offers. Its digest is that of
// the index, whose signature apt has checked.
func fromApt(ctx context.Context, c cache, p release.Package) (path, digest string, err error) {
	full, file, digest, err := offered(ctx, p)
	if err != nil {
		return "", "", err
	}
	if found, ok := c.find(file, digest); ok {
		return found, digest, nil
	}
	dir, err := os.MkdirTemp(c.dir, "partial-")
	if err != nil {
		return "", "", err
	}
	defer os.RemoveAll(dir)
	// apt's own user cannot write into our directory; as root, stay root.
	if _, err := apt(ctx, dir, "apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", full); err != nil {
		return "", "", err
	}
	return c.keep(file, digest, func(to *os.File) error {
		in, err := os.Open(filepath.Join(dir, file))
		if err != nil {
			return err
		}
		defer in.Close()
		_, err = to.ReadFrom(in)
		return err
	})
}

// offered asks apt for the package and version that are wanted: as apt names them,
// with the file and the digest that its index gives.
func offered(ctx context.Context, p release.Package) (full, file, digest string, err error) {
	name, err := aptName(ctx, p)
	if err != nil {
		return "", "", "", err
	}
	version, err := candidate(ctx, name, p.Version)
	if err != nil {
		return "", "", "", err
	}
	full = name + "=" + version
	text, err := apt(ctx, "", "apt-get", "-qq", "--print-uris", "download", full)
	if err != nil {
		return "", "", "", err
	}
	file, digest, err = parseURI(text)
	if err != nil {
		return "", "", "", fmt.Errorf("package %s: %w", full, err)
	}
	return full, file, digest, nil
}

// aptName adds the architecture to a package's name, if it is not this machine's.
func aptName(ctx context.Context, p release.Package) (string, error) {
	own, err := apt(ctx, "", "dpkg", "--print-architecture")
	if err != nil || strings.TrimSpace(own) == p.Arch || p.Arch == "" {
		return p.Apt, err
	}
	return p.Apt + ":" + p.Arch, nil
}

// Versions lists what apt offers of a package, the newest first.
func Versions(ctx context.Context, name string) ([]string, error) {
	text, err := apt(ctx, "", "apt-cache", "madison", name)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(text) {
		fields := strings.Split(line, "|")
		if len(fields) < 3 || !strings.HasSuffix(strings.TrimSpace(fields[2]), "Packages") {
			continue
		}
		if version := strings.TrimSpace(fields[1]); !slices.Contains(out, version) {
			out = append(out, version)
		}
	}
	return out, nil
}

// candidate returns the newest available version that matches the request.
func candidate(ctx context.Context, name, want string) (string, error) {
	versions, err := Versions(ctx, name)
	if err != nil {
		return "", err
	}
	for _, v := range versions {
		if fits(v, want) {
			return v, nil
		}
	}
	if len(versions) == 0 {
		return "", fmt.Errorf("package %s: this machine's apt does not know it; is its archive in the sources, and was apt-get update run?", name)
	}
	return "", fmt.Errorf("package %s: this machine's apt offers %s, not %s", name, strings.Join(versions, ", "), want)
}

// fits reports whether a Debian version is the wanted one, or the wanted one
// with an epoch, a repackaging mark or a revision: 2.42.0 fits 2.42.0+ds-5+deb12u1.
func fits(version, want string) bool {
	bare := withoutEpoch(version)
	revision := strings.LastIndex(bare, "-")
	return version == want || bare == want || Upstream(version) == want || revision > 0 && bare[:revision] == want
}

func withoutEpoch(version string) string {
	if _, rest, found := strings.Cut(version, ":"); found {
		return rest
	}
	return version
}

// Upstream is the part of a Debian version that the program's makers gave it:
// 2.42.0 of 2.42.0+ds-5+deb12u1.
func Upstream(version string) string {
	version = withoutEpoch(version)
	if i := strings.LastIndex(version, "-"); i >= 0 {
		version = version[:i]
	}
	version, _, _ = strings.Cut(version, "+")
	return version
}

var uriLine = regexp.MustCompile(`^'[^']*' (\S+) \d+ SHA256:([0-9a-f]{64})\s*$`)

// parseURI reads what apt-get --print-uris says: 'URI' NAME SIZE SHA256:HEX.
func parseURI(text string) (file, digest string, err error) {
	m := uriLine.FindStringSubmatch(text)
	if m == nil || m[1] != filepath.Base(m[1]) {
		return "", "", fmt.Errorf("apt gives no SHA-256 for it: %q", withoutUsers(text))
	}
	return m[1], m[2], nil
}

var userInfo = regexp.MustCompile(`//[^/@\s]+@`)

// withoutUsers drops user and password of addresses, which sources of apt may have.
func withoutUsers(text string) string {
	return userInfo.ReplaceAllString(strings.TrimSpace(text), "//")
}

// apt runs a tool of this machine's package manager and returns what it prints. Of one that is
// ended no temporary file stays.
func apt(ctx context.Context, dir, tool string, args ...string) (string, error) {
	tmp, err := os.MkdirTemp("", "amiship-package-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, append(os.Environ(), "LC_ALL=C", "TMPDIR="+tmp), outputWithin
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("package from apt: this machine has no %s; name a file or url instead", tool)
	case errors.As(err, &exit):
		return "", fmt.Errorf("%s %s: %s", tool, args[len(args)-1], withoutUsers(string(exit.Stderr)))
	}
	return string(out), err
}
