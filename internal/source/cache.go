package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// keptFor is how long a package stays in the cache after its last use.
const keptFor = 30 * 24 * time.Hour

// cache is a directory of files, each in a directory named by its SHA-256.
type cache struct{ dir string }

func (s *Store) open() (cache, error) {
	dir := s.Dir
	if dir == "" {
		own, err := userCache(user.Current)
		if err != nil {
			return cache{}, fmt.Errorf("find a place for packages: %w", err)
		}
		dir = filepath.Join(own, "amiship", "packages")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return cache{}, fmt.Errorf("make a place for packages: %w; XDG_CACHE_HOME names another", err)
	}
	return cache{dir}, nil
}

// userCache is the cache directory of the user: as the environment says, or where there is
// no HOME, as in some runners, in the home that the system knows.
func userCache(current func() (*user.User, error)) (string, error) {
	dir, err := os.UserCacheDir()
	if err == nil {
		return dir, nil
	}
	if u, unknown := current(); unknown == nil && filepath.IsAbs(u.HomeDir) {
		return filepath.Join(u.HomeDir, ".cache"), nil
	}
	return "", fmt.Errorf("%w: set XDG_CACHE_HOME to a directory", err)
}

// find returns the file with a digest, if it is in the cache and whole. One
// that has changed is removed.
func (c cache) find(name, digest string) (path string, ok bool) {
	path = filepath.Join(c.dir, digest, name)
	got, err := hashFile(path)
	if err != nil {
		return "", false
	}
	if got != digest {
		_ = os.RemoveAll(filepath.Dir(path))
		return "", false
	}
	now := time.Now()
	_ = os.Chtimes(filepath.Dir(path), now, now)
	return path, true
}

// keep puts what fill writes into the cache under its digest. If want is given
// and another comes out, nothing is kept, and the error is a *MismatchError.
func (c cache) keep(name, want string, fill func(*os.File) error) (path, digest string, err error) {
	c.prune()
	tmp, err := os.CreateTemp(c.dir, "partial-*")
	if err != nil {
		return "", "", err
	}
	defer os.Remove(tmp.Name())
	if err := hold(tmp); err != nil {
		return "", "", err
	}
	if err := errors.Join(fill(tmp), tmp.Close()); err != nil {
		return "", "", fmt.Errorf("package %s: %w", name, err)
	}
	if digest, err = hashFile(tmp.Name()); err != nil {
		return "", "", err
	}
	if want != "" && digest != want {
		return "", "", &MismatchError{Package: name, What: "SHA-256", Got: digest, Want: want}
	}
	path = filepath.Join(c.dir, digest, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", "", err
	}
	return path, digest, os.Rename(tmp.Name(), path)
}

// hold marks a file as one that this process writes, for as long as it is open.
func hold(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// abandoned reports whether a partial file is one that a killed run left behind: no
// process holds it, and it is not so young that its own may not have come to that.
func (c cache) abandoned(e os.DirEntry, age time.Duration) bool {
	if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), "partial-") || age < time.Minute {
		return false
	}
	f, err := os.Open(filepath.Join(c.dir, e.Name()))
	if err != nil {
		return false
	}
	defer f.Close()
	return hold(f) == nil
}

// prune removes what was not used for long, and what killed runs left behind.
// It is housekeeping: that it fails is no reason to stop.
func (c cache) prune() {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue
		}
		if age := time.Since(info.ModTime()); age > keptFor || c.abandoned(e, age) {
			_ = os.RemoveAll(filepath.Join(c.dir, e.Name()))
		}
	}
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
