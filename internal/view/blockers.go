package view

import (
	"cmp"
	"slices"

	"amiship/internal/plan"
)

// blockers are those of open releases, and then of the next ones, each once.
func (s Sources) blockers() []Blocker {
	out := []Blocker{}
	for _, p := range s.Open {
		out = merged(out, p.Plan, true)
	}
	for _, p := range s.Next {
		out = merged(out, p, false)
	}
	return out
}

func merged(all []Blocker, p plan.Plan, now bool) []Blocker {
	for _, b := range p.Blockers {
		i := slices.IndexFunc(all, func(have Blocker) bool { return have.ID == b.ID })
		if i < 0 {
			i, all = len(all), append(all, blocker(b))
		}
		all[i].Tags = append(all[i].Tags, p.Tag)
		all[i].Steps += len(b.Holds)
		all[i].Now = all[i].Now || now
	}
	return all
}

func blocker(b plan.Blocker) Blocker {
	out := Blocker{ID: b.ID, Why: b.Why, Since: b.Since, Have: b.Have, Need: b.Need, Remedies: []Remedy{}}
	for _, r := range b.Remedies {
		out.Remedies = append(out.Remedies, Remedy{Name: r.Name, Command: r.Command, Words: r.Words, Cost: r.Cost, Permissions: r.IAM})
	}
	return out
}

func holds(all []plan.Blocker) []Hold {
	var out []Hold
	for _, b := range all {
		out = append(out, Hold{b.ID, b.Why, b.Since})
	}
	slices.SortFunc(out, func(x, y Hold) int { return cmp.Compare(x.ID, y.ID) })
	return out
}
