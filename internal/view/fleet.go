package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/plan"
)

// Fleet is several views side by side: of projects, or of one project's catalogs in several
// partitions of AWS.
type Fleet struct {
	Header
	Headline string `json:"headline"`
	Level    Level  `json:"level"`
	Views    []View `json:"views"`
	// Accounts are those that several of the projects are in.
	Accounts []Account `json:"accounts"`
}

// Account is what several projects have in common.
type Account struct {
	Account   string   `json:"account"`
	Partition string   `json:"partition"`
	Projects  []string `json:"projects"`
	// Quotas of public AMIs by region, the scarcest first. Each is what one release of each of the
	// projects needs.
	Quotas []Quota `json:"quotas"`
	// Blockers are those that hold releases of several of the projects, each once; the tags
	// are "PROJECT TAG".
	Blockers []Blocker `json:"blockers"`
}

// Together puts views side by side. What several projects take from a quota of one account is
// counted once: in each of their views is reserved what the releases of all of them will need.
func Together(h Header, views []View) Fleet {
	f := Fleet{Header: h, Views: slices.Clone(views), Accounts: []Account{}}
	for i, v := range views {
		f.Views[i].Quotas = slices.Clone(v.Quotas)
	}
	groups := map[[2]string][]*View{}
	var order [][2]string
	for i := range f.Views {
		v := &f.Views[i]
		key := [2]string{v.AWS.Partition, v.AWS.Account}
		if v.AWS.Account == "" {
			continue
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], v)
	}
	for _, key := range order {
		if group := groups[key]; len(group) > 1 {
			f.Accounts = append(f.Accounts, shared(group))
		}
	}
	f.Headline, f.Level = f.headline()
	return f
}

// shared counts once what the views of one account have in common, and corrects them.
func shared(views []*View) Account {
	out := Account{Account: views[0].AWS.Account, Partition: views[0].AWS.Partition, Quotas: []Quota{}, Blockers: []Blocker{}}
	var regions []string
	for _, v := range views {
		if !slices.Contains(out.Projects, v.Project) {
			out.Projects = append(out.Projects, v.Project)
		}
		for _, q := range v.Quotas {
			regions = append(regions, q.Region)
		}
	}
	slices.Sort(regions)
	for _, region := range slices.Compact(regions) {
		if q, several := sharedQuota(views, region); several {
			out.Quotas = append(out.Quotas, q)
		}
	}
	slices.SortStableFunc(out.Quotas, scarcer)
	for _, v := range views {
		slices.SortStableFunc(v.Quotas, scarcer)
		v.Headline, v.Level = v.headline()
	}
	out.Blockers = sharedBlockers(views)
	return out
}

// sharedQuota is that of a region, if it is a quota of several views.
func sharedQuota(views []*View, region string) (all Quota, several bool) {
	var takers []*Quota
	aDay, rated := 0.0, true // AMIs that become public there, at the rates of the last releases
	var now time.Time
	for _, v := range views {
		i := slices.IndexFunc(v.Quotas, func(q Quota) bool { return q.Region == region })
		if i < 0 {
			continue
		}
		q := &v.Quotas[i]
		takers, now = append(takers, q), v.Read.At
		all.Region, all.Limit, all.Default, all.Requests = region, q.Limit, q.Default, q.Requests
		all.Used = max(all.Used, q.Used) // the newest of them has all
		all.Reserved += q.Reserved
		all.Each += q.Each
		if v.EveryDays > 0 {
			aDay += float64(q.Each) / v.EveryDays
		} else {
			rated = false
		}
	}
	if len(takers) < 2 {
		return all, false
	}
	capacity := plan.Capacity{Limit: all.Limit, Used: all.Used, Reserved: all.Reserved, Each: all.Each}
	all.ReleasesLeft = capacity.Releases()
	if free := max(0, capacity.Free()); rated && aDay > 0 {
		all.Until = now.Add(time.Duration(float64(free) / aDay * float64(24*time.Hour)))
	}
	for _, q := range takers {
		capacity.Each = q.Each
		q.Used, q.Reserved, q.Until, q.ReleasesLeft = all.Used, all.Reserved, all.Until, capacity.Releases()
	}
	return all, true
}

// sharedBlockers are those that several projects have.
func sharedBlockers(views []*View) []Blocker {
	out := []Blocker{}
	projects := map[string]int{}
	for _, v := range views {
		for _, b := range v.Blockers {
			i := slices.IndexFunc(out, func(have Blocker) bool { return have.ID == b.ID })
			if i < 0 {
				i, out = len(out), append(out, b)
				out[i].Tags, out[i].Steps, out[i].Now, out[i].Need = nil, 0, false, 0
			}
			for _, tag := range b.Tags {
				out[i].Tags = append(out[i].Tags, v.Project+" "+tag)
			}
			out[i].Steps += b.Steps
			out[i].Need += b.Need
			out[i].Now = out[i].Now || b.Now
			projects[b.ID]++
		}
	}
	return slices.DeleteFunc(out, func(b Blocker) bool { return projects[b.ID] < 2 })
}

// headline names the projects by how urgent they are, the most urgent first.
func (f Fleet) headline() (string, Level) {
	var parts []string
	worst := OK
	for _, l := range []struct {
		level      Level
		one, other string
	}{
		{Stopped, "needs a person", "need a person"},
		{Warn, "needs attention", "need attention"},
		{Working, "is under way", "are under way"},
		{OK, "is well", "are well"},
	} {
		var names []string
		for _, v := range f.Views {
			if v.Level == l.level && !slices.Contains(names, v.Project) {
				names = append(names, v.Project)
			}
		}
		if len(names) == 0 {
			continue
		}
		if rankLevel(l.level) > rankLevel(worst) {
			worst = l.level
		}
		text := l.other
		if len(names) == 1 {
			text = l.one
		}
		parts = append(parts, fmt.Sprintf("%s %s.", some(names), text))
	}
	return strings.Join(parts, " "), worst
}
