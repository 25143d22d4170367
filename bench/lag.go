package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// phases is how many releases wait at once, each for an end at another moment.
const phases = 50

// What is left of a copy, and of a change set, when the release that waits for it
// begins: at random, and over more than the time between two reads.
const (
	copyLeft = 15 * time.Second
	copyOver = 45 * time.Second
	setLeft  = 15 * time.Second
	setOver  = 75 * time.Second
)

// lag measures how long after AWS is done Amiship acts, at AWS's own speed. Each
// phase is a sandbox of its own in which a copy, and then a change set, is under
// way; its clock moves on to shortly before the end.
func lag(ctx context.Context, l *lab) ([]row, error) {
	file, err := l.bundle(ctx, wanted{project: "lag", regions: []string{"us-east-1"}, private: []string{"one"}, listings: 1})
	if err != nil {
		return nil, err
	}
	state, err := l.copying(ctx, file)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(3, 4))
	places := make(chan struct{}, 3) // to begin in: beginning is work, waiting is none
	lags := make([][2]time.Duration, phases)
	g, under := errgroup.WithContext(ctx)
	for n := range phases {
		p := phase{
			lab: l, file: file, state: fmt.Sprintf("%s-%d", state, n), begin: places,
			copyLeft: copyLeft + time.Duration(random.Int64N(int64(copyOver))),
			setLeft:  setLeft + time.Duration(random.Int64N(int64(setOver))),
		}
		if err := copied(state, p.state); err != nil {
			return nil, err
		}
		g.Go(func() (err error) { lags[n], err = p.run(under); return err })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var copies, sets []float64
	for _, x := range lags {
		copies, sets = append(copies, x[0].Seconds()), append(sets, x[1].Seconds())
	}
	of := fmt.Sprintf(" until Amiship acts, speed 1, %d phases: ", phases)
	return []row{
		{what: "from a copy's end" + of + "median", value: median(copies), unit: "s"},
		less("from a copy's end"+of+"worst", slices.Max(copies), 5, "s"),
		{what: "from a change set's end" + of + "median", value: median(sets), unit: "s"},
		less("from a change set's end"+of+"worst", slices.Max(sets), 60, "s"),
	}, nil
}

// copying is the state of a sandbox in which a tested candidate is being copied.
func (l *lab) copying(ctx context.Context, file string) (state string, err error) {
	given, err := l.file("lag.yaml", world(1, ""))
	if err != nil {
		return "", err
	}
	state = l.path("lag")
	if err := l.within(ctx, state, []string{"--speed", "1000", "--world", given}, file, 0, "--until", "tested", "--poll", "200ms"); err != nil {
		return "", err
	}
	return state, l.within(ctx, state, nil, file, 75, "--until", "shared", "--wait", "0s")
}

// within starts a sandbox and runs a release in it, which must end with a code.
func (l *lab) within(ctx context.Context, state string, args []string, file string, code int, how ...string) error {
	b, err := l.start(ctx, state, args...)
	if err != nil {
		return err
	}
	defer b.stop()
	env, err := b.env(ctx, "")
	if err != nil {
		return err
	}
	_, err = l.amiship(ctx, env, []int{code}, append([]string{"release", tag, "--file", file}, how...)...)
	return err
}

// phase is one of the releases that wait.
type phase struct {
	lab               *lab
	file, state       string
	begin             chan struct{}
	copyLeft, setLeft time.Duration
}

// run returns both lags.
func (p phase) run(ctx context.Context) (lags [2]time.Duration, err error) {
	p.begin <- struct{}{}
	b, err := p.lab.start(ctx, p.state)
	<-p.begin
	if err != nil {
		return lags, err
	}
	defer func() {
		b.stop()
		_ = os.RemoveAll(p.state)
	}()
	env, err := b.env(ctx, "")
	if err != nil {
		return lags, err
	}
	d, err := b.dump(ctx)
	if err != nil {
		return lags, err
	}
	lags[0], err = p.acts(ctx, b, env, d.copied(), p.copyLeft, "ModifyImageAttribute", "--until", "shared")
	if err != nil {
		return lags, fmt.Errorf("copy: %w", err)
	}
	p.begin <- struct{}{}
	_, err = p.lab.amiship(ctx, env, []int{75}, "release", tag, "--file", p.file, "--wait", "0s")
	<-p.begin
	if err != nil {
		return lags, err
	}
	if d, err = b.dump(ctx); err != nil {
		return lags, err
	}
	lags[1], err = p.acts(ctx, b, env, d.offered(), p.setLeft, "DeregisterImage")
	if err != nil {
		return lags, fmt.Errorf("change set: %w", err)
	}
	return lags, nil
}

// acts moves the clock to shortly before the end of something, runs the release,
// and says how long after the end it acts upon it.
func (p phase) acts(ctx context.Context, b *box, env []string, end time.Time, left time.Duration, action string, how ...string) (time.Duration, error) {
	if end.IsZero() {
		return 0, errors.New("nothing is under way")
	}
	before, err := b.calls(0)
	if err != nil {
		return 0, err
	}
	p.begin <- struct{}{}
	now, err := b.advance(ctx, 0)
	if err == nil {
		_, err = b.advance(ctx, end.Sub(now)-left)
	}
	cmd := p.lab.command(ctx, env, append([]string{"release", tag, "--file", p.file}, how...)...)
	<-p.begin
	if err != nil {
		return 0, err
	}
	if _, err := finish(cmd, []int{0}); err != nil {
		return 0, err
	}
	made, err := b.calls(len(before))
	if err != nil {
		return 0, err
	}
	for _, c := range made {
		if c.Action != action {
			continue
		}
		if c.At.Before(end) {
			return 0, fmt.Errorf("%s at %v, before the end at %v", action, c.At, end)
		}
		return c.At.Sub(end), nil
	}
	return 0, fmt.Errorf("it made no call %s", action)
}

// copied is when the vendor's last copy ends.
func (d dump) copied() (end time.Time) {
	for _, images := range d.Images {
		for _, im := range images {
			if im.Owner == vendor && im.Due.After(end) {
				end = im.Due
			}
		}
	}
	return end
}

// offered is when the last change set ends.
func (d dump) offered() (end time.Time) {
	for _, sets := range d.Sets {
		for _, s := range sets {
			if s.Applied.After(end) {
				end = s.Applied
			}
		}
	}
	return end
}
