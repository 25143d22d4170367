package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"time"
)

// away is what a call to a region of AWS takes, of all regions about.
const away = 150 * time.Millisecond

// taken is how many grants are revoked by hand.
const taken = 30

// nothingToDo plans a release that is complete, and then one whose grants were
// partly revoked by hand, beside the usual loop over images and regions.
func nothingToDo(ctx context.Context, l *lab) ([]row, error) {
	s, err := l.stock(ctx)
	if err != nil {
		return nil, err
	}
	state := l.path("nothing") // the stock stays as it is
	if err := copied(s.state, state); err != nil {
		return nil, err
	}
	b, err := l.start(ctx, state)
	if err != nil {
		return nil, err
	}
	defer b.stop()
	f, err := newFar(b.url, away)
	if err != nil {
		return nil, err
	}
	defer f.close()
	env, err := b.env(ctx, f.url)
	if err != nil {
		return nil, err
	}
	return l.nothing(ctx, s, b, f, env)
}

func (l *lab) nothing(ctx context.Context, s *stock, b *box, f *far, env []string) ([]row, error) {
	var seconds []float64
	var calls int64
	for range 5 {
		before := f.count.Load()
		r, err := l.plan(ctx, env, s.file, 0)
		if err != nil {
			return nil, err
		}
		seconds, calls = append(seconds, r.took.Seconds()), f.count.Load()-before
	}
	names, err := takeAway(ctx, b, s.want, env)
	if err != nil {
		return nil, err
	}
	r, err := l.plan(ctx, env, s.file, 3)
	if err != nil {
		return nil, err
	}
	missed, err := notPlanned(r.out, names)
	if err != nil {
		return nil, err
	}
	rows := []row{
		less("calls of a plan with nothing to do: 6 images, 19 regions, 2 accounts, 2 listings", float64(calls), 19*(2+2*2)+2*2, "").within(19*(2+2*2)+2*2, "a page each"),
		less("time of it, 150 ms a call, median of 5", median(seconds), 1, "s").within(2*away.Seconds(), "two round trips: AMIs, then their snapshots"),
		less(fmt.Sprintf("grants revoked by hand that it does not find, of %d", taken), float64(missed), 0, ""),
	}
	if !installed(ctx, "python3", "-c", "import boto3") {
		return rows, nil
	}
	return l.usual(ctx, s, f, env, rows)
}

// usual adds what the usual loop takes.
func (l *lab) usual(ctx context.Context, s *stock, f *far, env []string, rows []row) ([]row, error) {
	intent, err := json.Marshal(map[string]any{
		"regions": s.want.regions, "accounts": []string{reader, other}, "products": []string{product(0), product(1)},
		"public": s.want.names(s.want.public), "private": s.want.names(s.want.private),
	})
	if err != nil {
		return nil, err
	}
	before := f.count.Load()
	cmd := command(ctx, "python3", script("loop.py"), string(intent))
	cmd.Env = env
	r, err := finish(cmd, []int{0})
	if err != nil {
		return nil, err
	}
	var missing [][]string
	if err := json.Unmarshal(r.out, &missing); err != nil {
		return nil, err
	}
	const peer = "boto3, image by image and region by region"
	rows[0] = rows[0].beside(peer, float64(f.count.Load()-before))
	rows[1] = rows[1].beside(peer, r.took.Seconds())
	rows[2] = rows[2].beside(peer, float64(taken-len(missing)))
	return rows, nil
}

// names are the AMI names of images.
func (w wanted) names(images []string) []string {
	var out []string
	for _, i := range images {
		out = append(out, strings.ReplaceAll(nameOf(w.project, i), "{version}", version))
	}
	return out
}

// grant is one permission of one AMI.
type grant struct {
	step   string // that gives it again
	region string
	action string // that takes it
	params url.Values
}

// takeAway takes grants away, no two of one AMI, and returns the steps that would
// give them back.
func takeAway(ctx context.Context, b *box, w wanted, env []string) ([]string, error) {
	d, err := b.dump(ctx)
	if err != nil {
		return nil, err
	}
	c := newClient(b.url, value(env, "AWS_ACCESS_KEY_ID"), value(env, "AWS_SECRET_ACCESS_KEY"))
	var names []string
	for _, g := range grants(d, w) {
		if _, err := c.ec2(ctx, g.region, g.action, g.params); err != nil {
			return nil, err
		}
		names = append(names, g.step)
	}
	return names, nil
}

// grants draws them, the same each time.
func grants(d dump, w wanted) []grant {
	random := rand.New(rand.NewPCG(1, 2))
	var all []grant
	for _, region := range w.regions {
		for n, name := range slices.Concat(w.public, w.private) {
			full := w.names([]string{name})[0]
			for _, im := range d.Images[region] {
				if im.Owner == vendor && im.Name == full {
					all = append(all, draw(random, im, region, name, n < len(w.public)))
				}
			}
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:taken]
}

// draw picks one of an AMI's grants: what two accounts may launch and read, and
// what is public.
func draw(random *rand.Rand, im image, region, name string, public bool) grant {
	account := []string{reader, other}[random.IntN(2)]
	g := grant{step: "share/" + name + "/amd64/" + region, region: region}
	switch kind := random.IntN(3); {
	case kind == 2 && public:
		g.step = "publish/" + name + "/amd64/" + region
		g.action, g.params = "ModifyImageAttribute", url.Values{"ImageId": {im.ID}, "LaunchPermission.Remove.1.Group": {"all"}}
	case kind == 1:
		g.action, g.params = "ModifySnapshotAttribute", url.Values{
			"SnapshotId": {im.Mappings[0].Snapshot}, "CreateVolumePermission.Remove.1.UserId": {account},
		}
	default:
		g.action, g.params = "ModifyImageAttribute", url.Values{"ImageId": {im.ID}, "LaunchPermission.Remove.1.UserId": {account}}
	}
	return g
}

// notPlanned is how many of the steps a plan does not have as something to do.
func notPlanned(out []byte, names []string) (missed int, err error) {
	var p struct {
		Plans []struct{ Steps []struct{ ID, State string } }
	}
	if err := json.Unmarshal(out, &p); err != nil {
		return 0, err
	}
	var todo []string
	for _, s := range p.Plans[0].Steps {
		if s.State != "done" {
			todo = append(todo, s.ID)
		}
	}
	for _, n := range names {
		if !slices.Contains(todo, n) {
			missed++
		}
	}
	return missed, nil
}

// median of several, which are sorted by it.
func median(of []float64) float64 { return quantile(of, 0.5) }

// quantile is the value that a fraction of them, between 0 and 1, does not
// exceed.
func quantile(of []float64, q float64) float64 {
	slices.Sort(of)
	return of[min(int(q*float64(len(of))), len(of)-1)]
}
