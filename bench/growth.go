package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// growth plans the same release in accounts that have made ever more before.
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
	var rows []row
	var few cost
	for _, releases := range []int{1, 10, 100} {
		all, err := l.costs(ctx, s, d, file, releases)
		if err != nil {
			return nil, fmt.Errorf("%d releases: %w", releases, err)
		}
		if releases == 1 {
			few = all
		}
		of := fmt.Sprintf("plan of 6 images in 19 regions after %s (%d AMIs)", count(releases, "release"), releases*len(s.want.regions)*6)
		rows = append(rows,
			less(of+": calls", all.calls, 19*(1+2*2), ""),
			row{what: of + ": time", value: all.seconds, unit: "s"},
			row{what: of + ": memory at most", value: all.memory, unit: "MB"},
		)
		if releases == 100 {
			rows = append(rows,
				row{what: "time of it over that after 1 release", value: all.seconds / few.seconds, unit: "times"},
				row{what: "memory of it over that after 1 release", value: all.memory / few.memory, unit: "times"})
		}
	}
	return rows, nil
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

// unlisted is the stock's catalog without its listings: worlds have none.
func (l *lab) unlisted(s *stock) (string, error) {
	text, err := os.ReadFile(s.file)
	if err != nil {
		return "", err
	}
	images, _, _ := strings.Cut(string(text), "listings:\n")
	file := strings.TrimSuffix(s.file, "amiship.yaml") + "unlisted.yaml"
	return file, os.WriteFile(file, []byte(images), 0o600)
}

// cost is what a plan took: the median of five.
type cost struct{ calls, seconds, memory float64 }

// costs plans in a world with a number of releases.
func (l *lab) costs(ctx context.Context, s *stock, d dump, file string, releases int) (cost, error) {
	given, err := l.history(s, d, releases)
	if err != nil {
		return cost{}, err
	}
	b, err := l.start(ctx, l.path(fmt.Sprintf("after-%d", releases)), "--world", given)
	if err != nil {
		return cost{}, err
	}
	defer b.stop()
	env, err := b.env(ctx, "")
	if err != nil {
		return cost{}, err
	}
	var out cost
	var seconds, memory []float64
	for range 5 {
		before, err := b.calls(0)
		if err != nil {
			return cost{}, err
		}
		r, err := l.plan(ctx, env, file, 0)
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
func (l *lab) history(s *stock, d dump, releases int) (path string, err error) {
	type entry struct {
		Name       string            `json:"name"`
		Created    string            `json:"created"`
		Public     bool              `json:"public"`
		SharedWith []string          `json:"shared_with"`
		Tags       map[string]string `json:"tags"`
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
				e := entry{v.Replace(im.Name), fmt.Sprintf("%dh", 24*(n+1)), im.Public, im.Users, map[string]string{}}
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
	return l.file(fmt.Sprintf("after-%d.yaml", releases), world(0, "")+"ec2: "+string(text)+"\n")
}

// versionOf is the measured version, or the n-th of those before it.
func versionOf(n int) string {
	if n == 0 {
		return version
	}
	return fmt.Sprintf("1.%d.0", n)
}
