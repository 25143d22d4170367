package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
	var theirs, serial path
	g, under := errgroup.WithContext(ctx)
	g.Go(func() (err error) { serial, err = l.regionByRegion(under); return err })
	g.Go(func() (err error) { ours, err = l.releases(under, b, file); return err })
	g.Go(func() (err error) { theirs, err = l.packs(under, beside, w); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	rows := []row{
		less("first release, 19 regions, copies of 80 s, change set of 80 s: over the critical path", ours.listed.over(), 1.05, "times").within(1, "build, test, one copy, one change set"),
		less("the same until the AMIs are shared: over its critical path", ours.shared.over(), 1.05, "times").within(1, "build, test, one copy"),
		{what: "the same: seconds beyond both", value: ours.listed.beyond(), unit: "s"},
	}
	if theirs.took > 0 {
		rows[1] = rows[1].beside(packerName(ctx)+"'s ami_regions", theirs.over())
	}
	if serial.took > 0 {
		rows = append(rows, row{what: "the same, beside copies of the snapshot, region after region", value: ours.shared.over(), unit: "times"}.
			within(1, "one copy").beside("a loop as awspub's", serial.over()))
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
	var answer struct {
		Plans []struct {
			Steps []struct {
				Kind string
				Took float64 `json:"took_seconds"`
			}
		}
	}
	if err := json.Unmarshal(r.out, &answer); err != nil {
		return released{}, err
	}
	var built time.Duration // and tested
	for _, p := range answer.Plans {
		for _, s := range p.Steps {
			if s.Kind == "build" || s.Kind == "test" {
				built += time.Duration(s.Took * float64(time.Second))
			}
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

// packerName is the Packer that is installed: "Packer v1.6.6".
func packerName(ctx context.Context) string {
	out, err := command(ctx, "packer", "version").Output()
	name, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err != nil || name == "" {
		return "Packer"
	}
	return name
}

// serialSpeed makes a copy short enough for one after the other.
const serialSpeed = 60

// regionByRegion publishes an AMI that is there to as many other regions, one after the other. Its
// path is one copy.
func (l *lab) regionByRegion(ctx context.Context) (path, error) {
	if !installed(ctx, "python3", "-c", "import boto3") {
		return path{}, nil
	}
	const copies = 8 * time.Minute
	given, err := l.file("serial.yaml", world(0, "ec2: {copy_snapshot: "+copies.String()+"}")+
		"ec2: [{account: vendor, region: us-east-1, images: [{name: source, created: 1h}]}]\n")
	if err != nil {
		return path{}, err
	}
	b, err := l.start(ctx, l.path("serial"), "--speed", strconv.Itoa(serialSpeed), "--world", given)
	if err != nil {
		return path{}, err
	}
	defer b.stop()
	env, err := b.env(ctx, "")
	if err != nil {
		return path{}, err
	}
	intent, err := json.Marshal(map[string]any{
		"home": nineteen()[0], "source": "source", "name": "published", "regions": nineteen()[1:], "accounts": []string{reader, other},
		"poll": 15.0 / serialSpeed, // of boto3's waiters
	})
	if err != nil {
		return path{}, err
	}
	cmd := command(ctx, "python3", script("publish.py"), string(intent))
	cmd.Env = env
	r, err := finish(cmd, []int{0})
	if err != nil {
		return path{}, err
	}
	ready := map[string]float64{}
	if err := json.Unmarshal(r.out, &ready); err != nil {
		return path{}, err
	}
	last := slices.Max(slices.Collect(maps.Values(ready)))
	return path{time.Duration(last * float64(time.Second)), copies / serialSpeed}, nil
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
