package main

import (
	"context"
	"path/filepath"
)

// stock is a release that is complete: six images in nineteen regions, shared with
// two accounts, two of them listed.
type stock struct {
	state string // of the sandbox that it is in, which has ended
	file  string // the catalog
	want  wanted
}

// stock makes it once, by a release like any other.
func (l *lab) stock(ctx context.Context) (*stock, error) {
	if l.stocked != nil {
		return l.stocked, nil
	}
	s := &stock{state: l.path("stock"), want: wanted{
		project: "six", regions: nineteen(), public: []string{"one", "two", "three", "four"},
		private: []string{"five", "six"}, listings: 2,
	}}
	file, err := l.bundle(ctx, s.want)
	if err != nil {
		return nil, err
	}
	s.file = file
	given, err := l.file("stock.yaml", world(s.want.listings, ""))
	if err != nil {
		return nil, err
	}
	b, err := l.start(ctx, s.state, "--speed", "2000", "--world", given)
	if err != nil {
		return nil, err
	}
	defer b.stop()
	env, err := b.env(ctx, "")
	if err != nil {
		return nil, err
	}
	if _, err := l.amiship(ctx, env, []int{0}, "release", tag, "--file", file, "--poll", "200ms", "--wait", "2m"); err != nil {
		return nil, err
	}
	l.stocked = s
	return s, nil
}

// plan runs `amiship plan` and wants one of the exit codes.
func (l *lab) plan(ctx context.Context, env []string, file string, codes ...int) (ran, error) {
	return l.amiship(ctx, env, codes, "plan", tag, "--file", file, "--exit-code", "--json")
}

// script is the path of a peer's script.
func script(name string) string { return filepath.Join("bench", "peers", name) }
