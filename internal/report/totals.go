package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/terminal"
)

// Totals add up the plans of several releases: a patch day.
type Totals struct {
	Tags  []TagTotal  `json:"tags"`
	Kinds []KindTotal `json:"kinds"`
	// PublicAMIs is what the plans need of the public-AMI quota, by region.
	PublicAMIs map[string]int `json:"public_amis"`
	Clashes    []Clash        `json:"clashes,omitempty"`
	Queues     []plan.Queue   `json:"queues,omitempty"` // versions of all releases, by listing
}

// TagTotal is how much one release has left to do.
type TagTotal struct {
	Tag      string `json:"tag"`
	Skip     string `json:"skip,omitempty"` // why it releases nothing
	Steps    int    `json:"steps"`
	Blockers int    `json:"blockers,omitempty"`
}

// KindTotal is how much of one kind is left to do.
type KindTotal struct {
	Kind    plan.Kind      `json:"kind"`
	Steps   int            `json:"steps"`
	Regions map[string]int `json:"regions"` // of change sets: listings
}

// Clash says that several releases want AMIs of the same names.
type Clash struct {
	Tags  []string `json:"tags"`
	Names []string `json:"names"`
}

// NewTotals adds up; the plans are those of the releases, in the same order.
func NewTotals(desired []release.Desired, plans []plan.Plan) Totals {
	t := Totals{Kinds: []KindTotal{}, PublicAMIs: map[string]int{}, Clashes: clashes(desired, plans), Queues: plan.Queues(plans)}
	seen := map[string]bool{}
	for _, p := range plans {
		tag := TagTotal{Tag: p.Tag, Skip: p.Skip, Blockers: len(p.Obstacles())}
		for _, s := range p.Steps {
			if s.State == plan.Done || s.State == plan.Skipped {
				continue
			}
			tag.Steps++
			if same := sameThing(s); same == "" || !seen[same] {
				seen[same] = true
				t.add(s)
			}
		}
		t.Tags = append(t.Tags, tag)
	}
	slices.SortFunc(t.Kinds, func(x, y KindTotal) int { return x.Kind.Compare(y.Kind) })
	return t
}

// sameThing is equal for steps of several plans that are one: an AMI that two
// releases replace goes once.
func sameThing(s plan.Step) string {
	if s.Image().AMI == "" {
		return ""
	}
	return string(s.Kind()) + " " + s.Target.Region + " " + s.Image().AMI
}

func (t *Totals) add(s plan.Step) {
	i := slices.IndexFunc(t.Kinds, func(k KindTotal) bool { return k.Kind == s.Kind() })
	if i < 0 {
		i, t.Kinds = len(t.Kinds), append(t.Kinds, KindTotal{Kind: s.Kind(), Regions: map[string]int{}})
	}
	t.Kinds[i].Steps++
	t.Kinds[i].Regions[cmp.Or(s.Target.Listing, s.Target.Region)]++
	if s.Kind() == plan.Publish {
		t.PublicAMIs[s.Target.Region]++
	}
}

// clashes finds the names that several releases want; a release that AWS has
// replaced, or that is none, wants nothing.
func clashes(desired []release.Desired, plans []plan.Plan) []Clash {
	tags := map[string][]string{} // by AMI name
	for i, d := range desired {
		for _, v := range d.Variants {
			if plans[i].Skip == "" && !slices.Contains(tags[v.Name], d.Tag) {
				tags[v.Name] = append(tags[v.Name], d.Tag)
			}
		}
	}
	var out []Clash
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		if len(tags[name]) < 2 {
			continue
		}
		i := slices.IndexFunc(out, func(c Clash) bool { return slices.Equal(c.Tags, tags[name]) })
		if i < 0 {
			i, out = len(out), append(out, Clash{Tags: tags[name]})
		}
		out[i].Names = append(out[i].Names, name)
	}
	return out
}

// Write writes the sums for people.
func (t Totals) Write(w io.Writer) {
	fmt.Fprintf(w, "\n%s together\n", count(len(t.Tags), "release"))
	table := terminal.NewTable(w)
	for _, k := range t.Kinds {
		if !k.Kind.Housekeeping() {
			fmt.Fprintf(table, "  %s\t%d to do\t%s\n", k.Kind, k.Steps, perRegion(k.Regions))
		}
	}
	table.Flush()
	if len(t.PublicAMIs) > 0 {
		fmt.Fprintf(w, "  quota    public AMIs: %s\n", perRegion(t.PublicAMIs))
	}
	queues(w, t.Queues)
	for _, c := range t.Clashes {
		fmt.Fprintf(w, "  SAME     %s want the same AMI names: %s\n", strings.Join(c.Tags, " and "), strings.Join(c.Names, ", "))
	}
	for _, tag := range t.Tags {
		tag.write(w)
	}
}

func (t TagTotal) write(w io.Writer) {
	switch {
	case t.Skip != "":
		fmt.Fprintf(w, "  skipped  %s: %s\n", t.Tag, t.Skip)
	case t.Blockers > 0:
		fmt.Fprintf(w, "  BLOCKED  %s: %s, see above\n", t.Tag, count(t.Blockers, "blocker"))
	case t.Steps == 0:
		fmt.Fprintf(w, "  complete %s\n", t.Tag)
	}
}

// perRegion puts regions with the same number together, the highest first.
func perRegion(numbers map[string]int) string {
	regions := map[int][]string{}
	for region, n := range numbers {
		regions[n] = append(regions[n], region)
	}
	var parts []string
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(regions))) {
		each := ""
		if len(regions[n]) > 1 {
			each = "each of "
		}
		parts = append(parts, fmt.Sprintf("%d in %s%s", n, each, few(regions[n], "region")))
	}
	return strings.Join(parts, ", ")
}
