package marketplace

import (
	"cmp"
	"slices"
	"time"

	"amiship/sandbox/wire"
)

type filter struct {
	Name      string
	ValueList []string
}

type sorting struct{ SortBy, SortOrder string }

type listSetsIn struct {
	Catalog    string `check:"required"`
	FilterList []filter
	Sort       *sorting
	MaxResults *int
	NextToken  string
}

type setSummary struct {
	setOut
	ChangeSetName string
	StartTime     string
	EndTime       string `json:",omitempty"`
	Status        string
	EntityIDList  []string `json:"EntityIdList"`
	FailureCode   string   `json:",omitempty"`
}

type listSetsOut struct {
	ChangeSetSummaryList []setSummary
	NextToken            *string `json:",omitempty"`
}

// listChangeSets lists the account's change sets, the newest first.
func (m *Marketplace) listChangeSets(c *wire.Call, in *listSetsIn) (*listSetsOut, error) {
	if err := checkCatalog(in.Catalog); err != nil {
		return nil, err
	}
	if err := checkFilters(in.FilterList, setFilters); err != nil {
		return nil, err
	}
	found := m.mine(c, in.FilterList)
	if err := in.sort(found); err != nil {
		return nil, err
	}
	page, next, err := wire.Page(wire.Paging{Max: 20, BadToken: "ValidationException"}, found, in.MaxResults, in.NextToken)
	out := &listSetsOut{ChangeSetSummaryList: []setSummary{}, NextToken: next}
	for _, s := range page {
		out.ChangeSetSummaryList = append(out.ChangeSetSummaryList, s.summary())
	}
	return out, err
}

func (s ChangeSet) summary() setSummary {
	sum := setSummary{
		setOut: setOut{s.ID, s.arn()}, ChangeSetName: s.Name, StartTime: stamp(s.Started), EndTime: s.endTime(),
		Status: s.Status, FailureCode: s.FailureCode, EntityIDList: []string{},
	}
	for _, change := range s.Changes {
		if !slices.Contains(sum.EntityIDList, change.Product) {
			sum.EntityIDList = append(sum.EntityIDList, change.Product)
		}
	}
	return sum
}

// mine lists what is not forgotten and passes all filters.
func (m *Marketplace) mine(c *wire.Call, filters []filter) []ChangeSet {
	var out []ChangeSet
	for _, part := range []string{pendingSets, endedSets} {
		for _, s := range sets.All(c.Tx, part) {
			if s.Account == c.Account.ID && !m.forgotten(s, c.Now) && passes(s, filters, setFilters) {
				out = append(out, s)
			}
		}
	}
	return out
}

// forgotten reports whether a change set ended too long ago to be shown.
func (m *Marketplace) forgotten(s ChangeSet, now time.Time) bool {
	return !s.Ended.IsZero() && !now.Before(s.Ended.Add(m.set.Retention))
}

// setFilters says of each filter whether a change set passes it. One that has
// not ended passes neither of those by its end.
var setFilters = map[string]func(ChangeSet, []string) bool{
	"ChangeSetName":   func(s ChangeSet, vals []string) bool { return slices.Contains(vals, s.Name) },
	"Status":          func(s ChangeSet, vals []string) bool { return slices.Contains(vals, s.Status) },
	"EntityId":        func(s ChangeSet, vals []string) bool { return slices.ContainsFunc(vals, s.touches) },
	"BeforeStartTime": func(s ChangeSet, vals []string) bool { return stamp(s.Started) < vals[0] },
	"AfterStartTime":  func(s ChangeSet, vals []string) bool { return stamp(s.Started) > vals[0] },
	"BeforeEndTime":   func(s ChangeSet, vals []string) bool { return s.endTime() != "" && s.endTime() < vals[0] },
	"AfterEndTime":    func(s ChangeSet, vals []string) bool { return s.endTime() > vals[0] },
}

const (
	maxFilters      = 8
	maxFilterValues = 10
)

// checkFilters refuses filters that are not known or not in order. Moments are
// compared as text, which needs them to be in the one form.
func checkFilters[F any](filters []filter, known map[string]F) error {
	if len(filters) > maxFilters {
		return invalid("There are %d filters, the limit is %d.", len(filters), maxFilters)
	}
	for _, f := range filters {
		if _, ok := known[f.Name]; !ok {
			return invalid("The filter '%s' is not supported.", f.Name)
		}
		if len(f.ValueList) < 1 || len(f.ValueList) > maxFilterValues {
			return invalid("The filter '%s' must have between 1 and %d values.", f.Name, maxFilterValues)
		}
		if !slices.Contains([]string{"BeforeStartTime", "AfterStartTime", "BeforeEndTime", "AfterEndTime", "BeforeLastModifiedDate", "AfterLastModifiedDate"}, f.Name) {
			continue
		}
		if err := checkMoment(f.ValueList[0]); err != nil || len(f.ValueList) != 1 {
			return invalid("The filter '%s' takes one moment, such as 2026-11-30T23:59:59Z.", f.Name)
		}
	}
	return nil
}

// passes reports whether a thing passes all filters, which are checked.
func passes[T any](v T, filters []filter, known map[string]func(T, []string) bool) bool {
	return !slices.ContainsFunc(filters, func(f filter) bool { return !known[f.Name](v, f.ValueList) })
}

func checkMoment(text string) error {
	_, err := time.Parse("2006-01-02T15:04:05Z", text)
	return err
}

func (in *listSetsIn) sort(all []ChangeSet) error {
	var s sorting
	if in.Sort != nil {
		s = *in.Sort
	}
	s.SortBy = cmp.Or(s.SortBy, "StartTime")
	descending, err := s.descending()
	if err != nil {
		return err
	}
	key := map[string]func(ChangeSet) time.Time{
		"StartTime": func(s ChangeSet) time.Time { return s.Started },
		"EndTime":   func(s ChangeSet) time.Time { return s.Ended },
	}[s.SortBy]
	if key == nil {
		return invalid("Sorting by '%s' is not supported. Use StartTime or EndTime.", s.SortBy)
	}
	slices.SortStableFunc(all, func(a, b ChangeSet) int {
		if descending {
			a, b = b, a
		}
		return cmp.Or(key(a).Compare(key(b)), cmp.Compare(a.ID, b.ID))
	})
	return nil
}

func (s sorting) descending() (bool, error) {
	switch s.SortOrder {
	case "ASCENDING":
		return false, nil
	case "DESCENDING", "":
		return true, nil
	}
	return false, violates(s.SortOrder, "sort.sortOrder", "Member must satisfy enum value set: [ASCENDING, DESCENDING]")
}
