package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"amiship/internal/catalog"
	"amiship/internal/history"
	"amiship/internal/reconcile"
	"amiship/internal/release"
)

// loadSaved is load, for what notes or compares the commit that the catalog is at.
func (a *app) loadSaved(ctx context.Context) (*catalog.Bundle, error) {
	b, err := a.load()
	if err == nil {
		b.Commit = history.Commit(ctx, b.Dir, b.Paths())
	}
	return b, err
}

// wanted is what a release was to be.
type wanted struct {
	desired release.Desired
	err     error
	note    string // by which catalog, where it may not be the expected one
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
				out[tag] = resolved(today, tag, unknownThen(err, commit))
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

// unknownThen says why a release is compared with today's catalog, and what to type
// so that it is compared with its own.
func unknownThen(err error, commit string) string {
	text := fmt.Sprintf("compared with today's catalog, as its own can't be read: %v", err)
	var away *history.NotHereError
	switch {
	case !errors.As(err, &away):
		return text
	case away.Shallow:
		return text + ": git fetch --unshallow"
	}
	return text + ": git fetch origin " + commit
}
