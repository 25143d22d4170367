package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// growth plans the same release in accounts that have made ever more before, and has the commands
// that are about all releases read a hundred.
func growth(ctx context.Context, l *lab) ([]row, error) {
	s, err := l.stock(ctx)
	if err != nil {
		return nil, err
	}
	d, err := l.sold(ctx, s)
	if err != nil {
		return nil, err
	}
	file, err := l.unlisted(s)
	if err != nil {
		return nil, err
	}
	g := grown{lab: l, stock: s, dump: d, file: file}
	for _, releases := range []int{1, 10, 100} {
		if err := g.after(ctx, releases); err != nil {
			return nil, fmt.Errorf("%d releases: %w", releases, err)
		}
	}
	if err := g.polls(ctx); err != nil {
		return nil, fmt.Errorf("polls: %w", err)
	}
	const most = 1000
	if err := g.after(ctx, most); err != nil { // on a busy machine the sandbox takes too long for 114,000 AMIs
		l.say("%d releases were not measured: %v", most, err)
	}
	return g.rows, nil
}

// How the polls of pending copies are counted.
const (
	pollEvery = 2 * time.Second
	pollFrom  = 10 * time.Second // by then all else is read
	pollUntil = 30 * time.Second
)

// polls counts the calls of a run that waits for copies.
func (g *grown) polls(ctx context.Context) error {
	given, err := g.lab.history(g.stock, g.dump, 1, true)
	if err != nil {
		return err
	}
	b, err := g.lab.start(ctx, g.lab.path("pending"), "--world", given)
	if err != nil {
		return err
	}
	defer b.stop()
	env, err := b.env(ctx, "")
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := g.lab.amiship(ctx, env, []int{75}, "release", tag, "--file", g.file, "--poll", pollEvery.String(), "--wait", pollUntil.String()); err != nil {
		return err
	}
	calls, err := b.calls(0)
	if err != nil {
		return err
	}
	n := 0
	for _, c := range calls {
		if since := c.At.Sub(began); since > pollFrom && since < pollUntil {
			n++
		}
	}
	regions := float64(len(g.stock.want.regions))
	g.rows = append(g.rows, less("calls of a poll while AWS makes 114 copies in 19 regions", float64(n)/float64((pollUntil-pollFrom)/pollEvery), regions, "").
		within(regions, "one a region"))
	return nil
}

// grown measures accounts that grow.
type grown struct {
	lab   *lab
	stock *stock
	dump  dump
	file  string
	few   cost // after one release
	rows  []row
}

// What a plan may take after many releases, over that after one.
var grows = map[int]struct{ time, memory float64 }{100: {2, 1.5}, 1000: {3, 0}}

// after measures after a number of releases.
func (g *grown) after(ctx context.Context, releases int) error {
	b, env, err := g.lab.aged(ctx, g.stock, g.dump, releases)
	if err != nil {
		return err
	}
	defer b.stop()
	plan := []string{"plan", tag, "--file", g.file, "--exit-code", "--json"}
	all, err := g.lab.costs(ctx, b, env, 5, 0, plan...)
	if err != nil {
		return err
	}
	of := fmt.Sprintf("plan of 6 images in 19 regions after %s (%d AMIs)", count(releases, "release"), releases*len(g.stock.want.regions)*6)
	// A region has one call for the release's AMIs, one for those of its names, and two for each account.
	g.rows = append(g.rows,
		less(of+": calls", all.calls, 19*(2+2*2)+2, "").within(19*(2+2*2)+2, "a page each, and two to say whose account it is"),
		row{what: of + ": time", value: all.seconds, unit: "s"},
		row{what: of + ": memory at most", value: all.memory, unit: "MB"},
	)
	if releases == 1 {
		g.few = all
	}
	if most, ok := grows[releases]; ok {
		after := fmt.Sprintf(" of a plan after %d releases over that after 1", releases)
		memory := row{what: "memory" + after, value: all.memory / g.few.memory, unit: "times"}
		if most.memory > 0 {
			memory = less(memory.what, memory.value, most.memory, memory.unit)
		}
		g.rows = append(g.rows, less("time"+after, all.seconds/g.few.seconds, most.time, "times"), memory)
	}
	if releases == 100 {
		if err := g.pages(ctx, env, releases); err != nil {
			return fmt.Errorf("pages: %w", err)
		}
	}
	return g.everything(ctx, b, env, releases)
}

// counted is a command that reads what an account has, with the calls that it takes at least: a page
// holds a thousand AMIs, snapshots or security groups, so that each region has one of each.
type counted struct {
	after int // releases
	what  string
	args  []string
	code  int
	least int
	from  string // what these are
}

// everything measures the commands that are about all releases. An audit of them asks for the
// permissions of every AMI and snapshot, so that its calls grow as they do.
func (g *grown) everything(ctx context.Context, b *box, env []string, releases int) error {
	for _, c := range []counted{
		{100, "plan of a new public release", []string{"plan", "v2.43.0", "--exit-code"}, 3, 19*(3+7) + 19*6 + 2 + 4, "a region: 3 pages of AMIs, 7 calls for its limits, 6 dry runs; 2 more and 4 for the build"},
		{100, "release --all-open, with none open", []string{"release", "--all-open"}, 0, 4, "2 pages of AMIs, one of claims, and who calls"},
		{100, "status", []string{"status"}, 0, 19*(2+1+7) + 1 + 16*3, "a region: 2 pages of AMIs, one of claims, 7 for its limits; 3 for each of the others"},
		{100, "blockers --forecast 5", []string{"blockers", "--forecast", "5"}, 0, 1 + 19*(1+7+1) + 4, "a region: a page of AMIs, 7 calls for its limits, a page of claims; 5 for the next version and the build"},
		{100, "retire --plan", []string{"retire", "--plan"}, 0, 19*3 + 16*3, "a region: a page of AMIs, of snapshots and of parameters; 3 for each of the others"},
		{10, "verify --all", []string{"verify", "--all", "--as", "customer"}, 0, 19*2 + 10*(2+19*(3+6*2+2)), "2 pages a region; for each release and region 3, 2 for each AMI, and one for each that is private"},
	} {
		if c.after != releases {
			continue
		}
		got, err := g.lab.costs(ctx, b, env, 1, c.code, append(c.args, "--file", g.file)...)
		if err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
		of := c.what + " after " + count(releases, "release")
		g.rows = append(g.rows,
			less(of+": calls", got.calls, float64(c.least), "").within(float64(c.least), c.from),
			row{what: of + ": time", value: got.seconds, unit: "s"},
			row{what: of + ": memory at most", value: got.memory, unit: "MB"})
	}
	return nil
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// sold is what the stock's sandbox holds.
func (l *lab) sold(ctx context.Context, s *stock) (dump, error) {
	b, err := l.start(ctx, s.state)
	if err != nil {
		return dump{}, err
	}
	defer b.stop()
	return b.dump(ctx)
}

// unlisted is the stock's catalog without its listings, as worlds have none, and with a policy by
// which nothing is retired yet.
func (l *lab) unlisted(s *stock) (string, error) {
	text, err := os.ReadFile(s.file)
	if err != nil {
		return "", err
	}
	images, _, _ := strings.Cut(string(text), "listings:\n")
	file := strings.TrimSuffix(s.file, "amiship.yaml") + "unlisted.yaml"
	return file, os.WriteFile(file, []byte(images+"keep: {public: {patches: 1, minors: 2000}}\n"), 0o600)
}

// cost is what a command took: the median of several.
type cost struct{ calls, seconds, memory float64 }

// aged starts a sandbox in which a number of releases were made.
func (l *lab) aged(ctx context.Context, s *stock, d dump, releases int) (b *box, env []string, err error) {
	given, err := l.history(s, d, releases, false)
	if err != nil {
		return nil, nil, err
	}
	if b, err = l.start(ctx, l.path(fmt.Sprintf("after-%d", releases)), "--world", given); err != nil {
		return nil, nil, err
	}
	if env, err = b.env(ctx, ""); err != nil {
		b.stop()
	}
	return b, env, err
}

// costs runs a command several times.
func (l *lab) costs(ctx context.Context, b *box, env []string, times, code int, args ...string) (cost, error) {
	var out cost
	var seconds, memory []float64
	for range times {
		before, err := b.calls(0)
		if err != nil {
			return cost{}, err
		}
		r, err := l.amiship(ctx, env, []int{code}, args...)
		if err != nil {
			return cost{}, err
		}
		made, err := b.calls(len(before))
		if err != nil {
			return cost{}, err
		}
		out.calls = float64(len(made))
		seconds, memory = append(seconds, r.took.Seconds()), append(memory, r.memory)
	}
	out.seconds, out.memory = median(seconds), median(memory)
	return out, nil
}

// history is a world with the stock's AMIs, and with those of older versions that
// differ from them by the version only.
func (l *lab) history(s *stock, d dump, releases int, pending bool) (path string, err error) {
	const disk = 10 // GiB, as the catalog has it
	type entry struct {
		Name       string            `json:"name"`
		Created    string            `json:"created"`
		Public     bool              `json:"public"`
		SharedWith []string          `json:"shared_with"`
		Tags       map[string]string `json:"tags"`
		Pending    bool              `json:"pending,omitempty"`
		Size       int               `json:"size"`
	}
	var places []any
	for _, region := range s.want.regions {
		var all []entry
		for _, im := range d.Images[region] {
			if im.Owner != vendor {
				continue
			}
			for n := range releases {
				v := strings.NewReplacer(version, versionOf(n))
				e := entry{
					Name: v.Replace(im.Name), Created: fmt.Sprintf("%dh", 24*(n+1)), Public: im.Public, SharedWith: im.Users, Tags: map[string]string{}, Pending: pending, Size: disk,
				}
				if pending {
					e.Created, e.Public, e.SharedWith = "1m", false, nil
				}
				for k, t := range d.Tags[region][vendor+"/"+im.ID].Tags {
					e.Tags[k] = v.Replace(t)
				}
				all = append(all, e)
			}
		}
		places = append(places, map[string]any{"account": "vendor", "region": region, "images": all})
	}
	text, err := json.Marshal(places)
	if err != nil {
		return "", err
	}
	return l.file(fmt.Sprintf("after-%d-%t.yaml", releases, pending), world(0, "")+"ec2: "+string(text)+"\n")
}

// versionOf is the measured version, or the n-th of those before it.
func versionOf(n int) string {
	if n == 0 {
		return version
	}
	return fmt.Sprintf("1.%d.0", n)
}
