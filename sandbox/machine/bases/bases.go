// Package bases makes the operating systems that machines start from: small
// cloud images, built from a distribution's own archive with mmdebstrap.
//
// A base is built once per host and recipe, and shared read-only by every
// disk of every sandbox, so nothing may ever be changed in one; a changed
// recipe makes a new base beside the old. Where Ubuntu's archive does not
// answer, Debian is built in its place and says so in Description, for as
// long as it is there. Debian's mirror is the host's own: this source names
// no mirror.
package bases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/emulation"
)

// Store is a directory of bases.
type Store struct {
	dir    string
	ubuntu map[string]string // Ubuntu's archive for an architecture, where the host has no mirror of it
	log    *slog.Logger
}

// Open returns the store in dir, which need not exist yet.
func Open(dir string, log *slog.Logger) *Store { return &Store{dir, ubuntuArchives(), log} }

// DefaultDir is where the bases of this user's sandboxes are: below the cache
// directory that the user's environment names.
func DefaultDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil { // no HOME: the system may know where it is
		u, unknown := user.Current()
		if unknown != nil || !filepath.IsAbs(u.HomeDir) {
			return "", fmt.Errorf("find a place for machine bases: %w: set XDG_CACHE_HOME to a directory", err)
		}
		cache = filepath.Join(u.HomeDir, ".cache")
	}
	return filepath.Join(cache, "amiship", "bases"), nil
}

// info lies beside a finished base.
type info struct {
	Description string
	Built       time.Time
	Seconds     int // that it took
}

// List returns every base that can be named, with what those that are built
// really are.
func (s *Store) List() []machine.Base {
	all := List()
	for i, b := range all {
		r, err := find(b.Layer)
		if err != nil {
			continue
		}
		if dir, ok := s.built(r); ok {
			if is, err := readInfo(dir); err == nil {
				all[i].Description = r.promise(is)
			}
		}
	}
	return all
}

// Has reports whether the base is there or can be built.
func (s *Store) Has(layer string) bool {
	r, err := find(layer)
	return err == nil && r.buildable() == nil
}

// Prepare returns the directory of the base. Where it is missing it is built,
// which takes a minute or two, root, and a package archive.
func (s *Store) Prepare(ctx context.Context, layer string) (string, error) {
	r, err := find(layer)
	if err == nil {
		err = r.buildable()
	}
	if err != nil {
		return "", err
	}
	if dir, ok := s.built(r); ok {
		return filepath.Join(dir, "root"), nil
	}
	lock, err := s.lock(ctx, r)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", layer, err)
	}
	defer lock.Close()
	if dir, ok := s.built(r); ok { // by whoever held the lock
		return filepath.Join(dir, "root"), nil
	}
	dir, err := s.build(ctx, lock, r)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", layer, err)
	}
	return filepath.Join(dir, "root"), nil
}

// built finds the base, or else its replacement.
func (s *Store) built(r recipe) (dir string, ok bool) {
	for _, r := range append([]recipe{r}, r.standIns()...) {
		dir := s.path(r)
		if _, err := os.Stat(filepath.Join(dir, "base.json")); err == nil {
			return dir, true
		}
	}
	return "", false
}

// path is the directory of a finished base.
func (s *Store) path(r recipe) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s-%s-%s", r.name, r.arch, r.digest()))
}

// build makes the base beside its place and moves it there when it is whole.
func (s *Store) build(ctx context.Context, lock *os.File, r recipe) (string, error) {
	began := time.Now()
	r, src, err := s.choose(ctx, r)
	if err != nil {
		return "", err
	}
	s.log.Info("build machine base", "base", r.name, "arch", r.arch, "is", r.describe(), "from", src.uri)
	dir := s.path(r)
	half := dir + ".new"
	if err := errors.Join(os.RemoveAll(half), os.MkdirAll(half, 0o755)); err != nil {
		return "", err
	}
	if err := s.fill(ctx, lock, half, r, src); err != nil {
		return "", err
	}
	took := time.Since(began).Round(time.Second)
	is := info{Description: r.describe(), Built: time.Now().UTC(), Seconds: int(took.Seconds())}
	if err := writeInfo(half, is); err != nil {
		return "", err
	}
	if err := os.Rename(half, dir); err != nil {
		return "", err
	}
	s.log.Info("machine base is ready", "base", r.name, "arch", r.arch, "after", took)
	return dir, nil
}

// fill makes the base's root below dir.
func (s *Store) fill(ctx context.Context, lock *os.File, dir string, r recipe, src source) error {
	if os.Geteuid() != 0 {
		return errors.New("a base is built as root only")
	}
	hold, err := emulation.Open(r.arch)
	if err != nil {
		return err
	}
	defer hold.Close()
	root := filepath.Join(dir, "root")
	if r.foreign() {
		err = s.cross(ctx, lock, dir, r, src)
	} else {
		err = bootstrap(ctx, lock, root, r, src)
	}
	if err != nil {
		return err
	}
	return finish(ctx, root, r, src)
}

// cross bootstraps a base for another processor with the help of its twin.
func (s *Store) cross(ctx context.Context, lock *os.File, dir string, r recipe, src source) error {
	twin, err := s.Prepare(ctx, r.twin().layer())
	if err != nil {
		return err
	}
	return cross{
		recipe: r, src: src, lock: lock, twin: twin,
		root: filepath.Join(dir, "root"), work: filepath.Join(dir, "work"),
	}.bootstrap(ctx)
}

// choose returns the recipe or, where its archive does not answer, its
// replacement.
func (s *Store) choose(ctx context.Context, r recipe) (recipe, source, error) {
	src, err := s.source(ctx, r)
	if err == nil {
		return r, src, nil
	}
	for _, other := range r.standIns() {
		s.log.Warn(other.describe(), "because", err)
		if src, err2 := s.source(ctx, other); err2 == nil {
			return other, src, nil
		} else {
			err = errors.Join(err, err2)
		}
	}
	return r, src, err
}

// lock keeps others from building the same base until the file is closed.
func (s *Store) lock(ctx context.Context, r recipe) (*os.File, error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(s.dir, r.name+"-"+r.arch+".lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
	return f, nil
}

func readInfo(dir string) (is info, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "base.json"))
	if err == nil {
		err = json.Unmarshal(b, &is)
	}
	return is, err
}

func writeInfo(dir string, is info) error {
	b, err := json.MarshalIndent(is, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "base.json"), append(b, '\n'), 0o644)
}
