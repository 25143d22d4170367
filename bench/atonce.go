package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// How many releases there are at once. Copies take 96 s: eight minutes of AWS's, on
// a clock five times faster, while buckets fill no faster than AWS's.
const (
	many       = 20
	copySpeed  = 5
	throttling = "--throttle"
)

// atOnce resumes twenty releases that are built and tested, in 34 regions of one
// account: with AWS's rates and another client that has taken half of what they
// allow, and without rates.
func atOnce(ctx context.Context, l *lab) ([]row, error) {
	state, files, err := l.tested(ctx)
	if err != nil {
		return nil, err
	}
	free, err := l.together(ctx, state, files)
	if err != nil {
		return nil, fmt.Errorf("without rates: %w", err)
	}
	held, err := l.together(ctx, state, files, throttling)
	if err != nil {
		return nil, fmt.Errorf("with rates: %w", err)
	}
	of := fmt.Sprintf("%d releases at once in %d regions, half of AWS's rates taken by another client: ", many, len(regions34()))
	return []row{
		less(of+"releases that failed", float64(held.failed), 0, ""),
		{what: of + "calls", value: float64(held.calls)},
		{what: of + "calls refused", value: float64(held.refused)},
		less(of+"time until all AMIs are shared, over that without rates", held.took.Seconds()/free.took.Seconds(), 1.1, "times"),
		{what: of + "time until all AMIs are shared, beyond that without rates", value: (held.took - free.took).Seconds(), unit: "s"},
	}, nil
}

// tested is the state of a sandbox with the candidates, and the catalogs.
func (l *lab) tested(ctx context.Context) (state string, files []string, err error) {
	given, err := l.file("many.yaml", world(0, "ec2: {copy_image: 8m}"))
	if err != nil {
		return "", nil, err
	}
	state = l.path("many")
	b, err := l.start(ctx, state, "--speed", "1000", "--world", given)
	if err != nil {
		return "", nil, err
	}
	defer b.stop()
	env, err := b.env(ctx, "")
	if err != nil {
		return "", nil, err
	}
	for n := range many {
		file, err := l.bundle(ctx, wanted{project: fmt.Sprintf("many%02d", n), regions: regions34(), private: []string{"one"}})
		if err != nil {
			return "", nil, err
		}
		files = append(files, file)
	}
	g, under := errgroup.WithContext(ctx)
	g.SetLimit(3)
	for _, file := range files {
		g.Go(func() error {
			_, err := l.amiship(under, env, []int{0}, "release", tag, "--file", file, "--until", "tested", "--poll", "200ms")
			return err
		})
	}
	return state, files, g.Wait()
}

// crowd is how releases at once went.
type crowd struct {
	took                   time.Duration // until the last has ended
	failed, calls, refused int
}

// together carries the releases on in a copy of the state.
func (l *lab) together(ctx context.Context, state string, files []string, args ...string) (out crowd, err error) {
	here := state + "-at-once"
	for _, a := range args {
		here += a
	}
	if err := copied(state, here); err != nil {
		return out, err
	}
	b, err := l.start(ctx, here, append([]string{"--speed", strconv.Itoa(copySpeed)}, args...)...)
	if err != nil {
		return out, err
	}
	defer b.stop()
	env, err := b.env(ctx, "")
	if err != nil {
		return out, err
	}
	another, err := b.another(ctx, value(env, "AWS_ACCESS_KEY_ID"))
	if err != nil {
		return out, err
	}
	if err := another.half(ctx); err != nil {
		return out, err
	}
	busy, enough := context.WithCancel(ctx)
	defer enough()
	for _, region := range regions34() {
		go another.goOn(busy, region)
	}
	ends := make([]bool, len(files))
	var g errgroup.Group
	began := time.Now()
	for n, file := range files {
		g.Go(func() error {
			r, err := l.amiship(ctx, env, []int{0}, "release", tag, "--file", file, "--until", "shared")
			if ends[n] = err == nil; !ends[n] {
				l.say("a release ended with %d: %v", r.code, err)
			}
			return nil
		})
	}
	_ = g.Wait()
	out.took = time.Since(began)
	enough()
	for _, well := range ends {
		if !well {
			out.failed++
		}
	}
	calls, err := b.calls(0)
	which := map[string]int{}
	for _, c := range calls {
		if c.Key != value(env, "AWS_ACCESS_KEY_ID") {
			continue
		}
		out.calls++
		if slices.Contains([]string{"RequestLimitExceeded", "TooManyRequestsException", "ThrottlingException"}, c.Code) {
			out.refused++
			which[c.Action]++
		}
	}
	l.say("%d calls, refused %v", out.calls, which)
	return out, err
}

// another is a client of the same account under another key.
func (b *box) another(ctx context.Context, key string) (*client, error) {
	d, err := b.dump(ctx)
	if err != nil {
		return nil, err
	}
	for _, keys := range d.Keys {
		for id, k := range keys {
			if k.Account == vendor && id != key {
				return newClient(b.url, id, k.Secret), nil
			}
		}
	}
	return nil, fmt.Errorf("account %s has no other key than %s", vendor, key)
}

// burst is what a bucket of AWS's holds (100 tokens; 50 of those for changes that
// have no other), for the calls that releases make most. A call that lacks what it
// needs takes a token as any other does.
func burst() map[string]int {
	return map[string]int{
		"DescribeImages": 100, "DescribeSnapshots": 100, "DescribeSecurityGroups": 100, "CopyImage": 100,
		"ModifyImageAttribute": 100, "ModifySnapshotAttribute": 100, "CreateTags": 100,
	}
}

// half takes half of each bucket in each region.
func (c *client) half(ctx context.Context) error {
	var g errgroup.Group
	g.SetLimit(32)
	for _, region := range regions34() {
		for action, holds := range burst() {
			g.Go(func() error {
				for range holds / 2 {
					c.spend(ctx, region, action)
				}
				return ctx.Err()
			})
		}
	}
	return g.Wait()
}

// spend takes a token. What is answered does not matter: it asks in vain.
func (c *client) spend(ctx context.Context, region, action string) {
	params := url.Values{}
	if action == "DescribeImages" || action == "DescribeSnapshots" || action == "DescribeSecurityGroups" {
		params.Set("MaxResults", "1") // too few
	}
	_, _ = c.ec2(ctx, region, action, params)
}

// goOn takes half of what flows into the buckets that are polled: ten of twenty a
// second.
func (c *client) goOn(ctx context.Context, region string) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.spend(ctx, region, "DescribeImages")
		}
	}
}
