package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"amiship/internal/catalog"
	"amiship/internal/history"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
)

// loadSaved is load, for what notes or compares the commit that the catalog is at.
func (a *app) loadSaved(ctx context.Context) (*catalog.Bundle, error) {
	b, err := a.load()
	if err != nil {
		return b, err
	}
	var refused error
	if b.Commit, refused = history.Commit(ctx, b.Dir, b.Paths()); refused != nil {
		a.noted.note(a.Err, refused.Error()+": AMIs do not name their commit, and are compared with today's catalog: "+trusting(refused))
	}
	return b, nil
}

// atTag resolves the catalog at a tag, with what of it is not in git.
func (a *app) atTag(ctx context.Context, b *catalog.Bundle, tag string) (release.Desired, error) {
	d, err := catalog.Resolve(b, tag)
	if err == nil {
		d.Unsaved = history.Unsaved(ctx, b.Dir, b.Paths(), tag)
	}
	return d, err
}

// trusting is the command by which git takes a repository that it refuses.
func trusting(err error) string {
	var refused *history.RefusedError
	if !errors.As(err, &refused) {
		return ""
	}
	return plan.Line("git", "config", "--global", "--add", "safe.directory", refused.Dir)
}

// wanted is what a release was to be.
type wanted struct {
	desired release.Desired
	err     error
	note    string // by which catalog, where it may not be the expected one
	// apart is why the release can't be compared: the catalog that it was made by is there,
	// but out of this clone's reach.
	apart string
}

func (w wanted) notes() []string {
	if w.note == "" {
		return nil
	}
	return []string{w.note}
}

// wanted says what releases were to be: by the catalog as it was at the commit that
// their AMIs name, else by today's. Each commit is read once.
func (a *app) wanted(ctx context.Context, today *catalog.Bundle, all []reconcile.Released) map[string]wanted {
	out, byCommit := map[string]wanted{}, map[string][]string{}
	for _, r := range all {
		if r.Commit == "" || r.Commit == today.Commit {
			out[r.Tag] = resolved(today, r.Tag, "")
			continue
		}
		byCommit[r.Commit] = append(byCommit[r.Commit], r.Tag)
	}
	for commit, tags := range byCommit {
		err := history.At(ctx, today.Dir, commit, func(dir string) error {
			then, err := catalog.Load(filepath.Join(dir, filepath.Base(today.File)), a.set)
			if err != nil {
				return fmt.Errorf("at commit %.12s: %w", commit, err)
			}
			then.Commit = commit
			for _, tag := range tags {
				out[tag] = resolvedThen(then, today, tag)
			}
			return nil
		})
		for _, tag := range tags {
			if err != nil {
				out[tag] = resolved(today, tag, unknownThen(err, commit)).outOfReach(err)
			}
		}
	}
	return out
}

func resolved(b *catalog.Bundle, tag, note string) wanted {
	d, err := catalog.Resolve(b, tag)
	return wanted{desired: d, err: err, note: note}
}

// resolvedThen is what a release was to be by a catalog of its time.
func resolvedThen(then, today *catalog.Bundle, tag string) wanted {
	w := resolved(then, tag, fmt.Sprintf("%s is compared with the catalog of its commit, %.12s", tag, then.Commit))
	if w.err != nil {
		w = resolved(today, tag, unknownThen(fmt.Errorf("at commit %.12s: %w", then.Commit, w.err), then.Commit))
	}
	return w
}

// outOfReach notes of a release that a shallow clone, or one that git refuses, has not got
// its catalog: by today's it may look wrong.
func (w wanted) outOfReach(err error) wanted {
	var away *history.NotHereError
	if errors.As(err, &away) && away.Shallow {
		w.apart = err.Error() + ", which is shallow: git fetch --unshallow"
	}
	if how := trusting(err); how != "" {
		w.apart = err.Error() + ": " + how
	}
	return w
}

// unknownThen says why a release is compared with today's catalog, and what to type
// so that it is compared with its own.
func unknownThen(err error, commit string) string {
	text := fmt.Sprintf("compared with today's catalog, as its own can't be read: %v", err)
	var away *history.NotHereError
	switch how := trusting(err); {
	case how != "":
		return text + ": " + how
	case !errors.As(err, &away):
		return text
	case away.Shallow:
		return text + ": git fetch --unshallow"
	}
	return text + ": git fetch origin " + commit
}
