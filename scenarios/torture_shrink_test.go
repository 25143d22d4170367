package scenarios

import (
	"slices"
	"testing"
	"time"
)

// mostTries is how many lesser ordeals are tried: each takes seconds.
const mostTries = 20

// shrink takes away, one by one, what an ordeal does not need to fail.
func (o ordeal) shrink(fails func(ordeal) bool) ordeal {
	for tries := 0; ; {
		lesser := o.lesser()
		i := slices.IndexFunc(lesser, func(less ordeal) bool {
			tries++
			return tries <= mostTries && fails(less)
		})
		if i < 0 {
			return o
		}
		o = lesser[i]
	}
}

// lesser are the ordeals with one trouble less. A run keeps its place.
func (o ordeal) lesser() []ordeal {
	var out []ordeal
	for i, r := range o.runs {
		for _, t := range r.less() {
			less := o
			less.runs = slices.Clone(o.runs)
			less.runs[i] = t
			out = append(out, less)
		}
	}
	if o.clock != 0 {
		less := o
		less.clock = 0
		out = append(out, less)
	}
	return out
}

// less is the trouble with one thing less, in all ways.
func (t trouble) less() (out []trouble) {
	without := func(change func(*trouble)) {
		less := t
		change(&less)
		out = append(out, less)
	}
	if len(t.faults) > 1 {
		without(func(t *trouble) { t.faults = nil })
	}
	for i := range t.faults {
		without(func(t *trouble) { t.faults = slices.Delete(slices.Clone(t.faults), i, i+1) })
	}
	if t.kill != (blow{}) {
		without(func(t *trouble) { t.kill = blow{} })
	}
	if t.server != "" {
		without(func(t *trouble) { t.server = "" })
	}
	if t.twice {
		without(func(t *trouble) { t.twice = false })
	}
	for i := range t.neighbors {
		without(func(t *trouble) { t.neighbors = slices.Delete(slices.Clone(t.neighbors), i, i+1) })
	}
	if t.crash > 0 {
		without(func(t *trouble) { t.crash = 0 })
	}
	return out
}

// TestShrink: what is left is what it takes to fail, and nothing else.
func TestShrink(t *testing.T) {
	o := ordeal{kind: "images", clock: time.Minute, runs: []trouble{
		{faults: []string{"a", "b", "c"}, kill: blow{call: 1}},
		{faults: []string{"d"}, kill: blow{time: time.Second}, twice: true, crash: time.Second},
	}}
	got := o.shrink(func(o ordeal) bool {
		return slices.Contains(o.runs[0].faults, "b") && o.runs[1].kill.time > 0
	})
	want := ordeal{kind: "images", runs: []trouble{{faults: []string{"b"}}, {kill: blow{time: time.Second}}}}
	if got.String() != want.String() {
		t.Errorf("left:\n%s\nwant:\n%s", got, want)
	}
}

// TestDrawOrdeal: a seed is one ordeal, and all kinds have their turn.
func TestDrawOrdeal(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(40) {
		o := drawOrdeal(seed)
		seen[o.kind] = true
		if o.String() != drawOrdeal(seed).String() {
			t.Errorf("seed %d is\n%s\nand then\n%s", seed, o, drawOrdeal(seed))
		}
	}
	if len(seen) != len(kinds) || len(kindNames)+1 != len(kinds) {
		t.Errorf("%v are drawn of %v", seen, kindNames)
	}
}
