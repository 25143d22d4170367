package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// On the shortened clock of the first release, speed times faster than AWS: a copy
// takes eight minutes of AWS, and a change set as long.
const (
	speed    = 6
	copying  = 8 * time.Minute / speed
	offering = 8 * time.Minute / speed
	shorter  = "copy_image: 8m"
	market   = "preparing: 3m, applying: 5m"
)

// firstRelease releases one image to nineteen regions and a listing, at the default
// poll settings, and has Packer bring the same to as many regions meanwhile.
func firstRelease(ctx context.Context, l *lab) ([]row, error) {
	w := wanted{project: "first", regions: nineteen(), private: []string{"one"}, listings: 1}
	file, err := l.bundle(ctx, w)
	if err != nil {
		return nil, err
	}
	given, err := l.file("first.yaml", world(1, "ec2: {"+shorter+"}, marketplace: {"+market+"}"))
	if err != nil {
		return nil, err
	}
	args := []string{"--speed", strconv.Itoa(speed), "--world", given}
	b, err := l.start(ctx, l.path("first"), args...)
	if err != nil {
		return nil, err
	}
	defer b.stop()
	beside, err := l.start(ctx, l.path("first-beside"), args...)
	if err != nil {
		return nil, err
	}
	defer beside.stop()
	var ours released
	var theirs path
	g, under := errgroup.WithContext(ctx)
	g.Go(func() (err error) { ours, err = l.releases(under, b, file); return err })
	g.Go(func() (err error) { theirs, err = l.packs(under, beside, w); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	const peer = "Packer's ami_regions"
	rows := []row{
		less("first release, 19 regions, copies of 80 s, change set of 80 s: over the critical path", ours.listed.over(), 1.05, "times"),
		less("the same until the AMIs are shared: over its critical path", ours.shared.over(), 1.05, "times"),
		{what: "the same: seconds beyond both", value: ours.listed.beyond(), unit: "s"},
	}
	if theirs.took > 0 {
		rows[1] = rows[1].beside(peer, theirs.over())
	}
	return rows, nil
}

// path is how long something took, and how long it had to take.
type path struct{ took, critical time.Duration }

func (p path) over() float64   { return p.took.Seconds() / p.critical.Seconds() }
func (p path) beyond() float64 { return (p.took - p.critical).Seconds() }

// released is a release, until its AMIs are shared and until it is listed.
type released struct{ shared, listed path }

// releases runs Amiship.
func (l *lab) releases(ctx context.Context, b *box, file string) (released, error) {
	env, err := b.env(ctx, "")
	if err != nil {
		return released{}, err
	}
	began := time.Now()
	r, err := l.amiship(ctx, env, []int{0}, "release", tag, "--file", file, "--json")
	if err != nil {
		return released{}, err
	}
	var p struct {
		Steps []struct {
			Kind string
			Took time.Duration
		}
	}
	if err := json.Unmarshal(r.out, &p); err != nil {
		return released{}, err
	}
	var built time.Duration // and tested
	for _, s := range p.Steps {
		if s.Kind == "build" || s.Kind == "test" {
			built += s.Took
		}
	}
	calls, err := b.calls(0)
	if err != nil {
		return released{}, err
	}
	shared := lastOf(calls, "ModifySnapshotAttribute", "ModifyImageAttribute").Sub(began)
	return released{
		shared: path{shared, built + copying},
		listed: path{r.took, built + copying + offering},
	}, nil
}

// lastOf is when the last call of some actions was made.
func lastOf(calls []call, actions ...string) (at time.Time) {
	for _, c := range calls {
		for _, a := range actions {
			if c.Action == a {
				at = c.At
			}
		}
	}
	return at
}

// packs has Packer do it. What it takes until the first copy begins is its build.
func (l *lab) packs(ctx context.Context, b *box, w wanted) (path, error) {
	if !installed(ctx, "packer", "version") {
		return path{}, nil
	}
	env, err := b.env(ctx, "")
	if err != nil {
		return path{}, err
	}
	began := time.Now()
	cmd := command(ctx, "packer", "build", "-color=false",
		"-var", "endpoint="+b.url, "-var", "file="+l.path("package.deb"), "-var", "name=first one "+version,
		"-var", "regions="+strings.Join(w.regions, ","), "-var", "accounts="+reader+","+other, script("regions.json"))
	cmd.Env = append(env, "CHECKPOINT_DISABLE=1")
	r, err := finish(cmd, []int{0})
	if err != nil {
		return path{}, err
	}
	calls, err := b.calls(0)
	if err != nil {
		return path{}, err
	}
	for _, c := range calls {
		if c.Action == "CopyImage" {
			return path{r.took, c.At.Sub(began) + copying}, nil
		}
	}
	return path{}, fmt.Errorf("packer has copied nothing:\n%s", tail(string(r.out)))
}
