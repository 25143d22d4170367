package plan

import (
	"cmp"
	"slices"
	"time"

	"amiship/internal/release"
)

// Queue are the versions that are to be added to a listing, in their order. AWS Marketplace
// works on one at a time.
type Queue struct {
	Listing string `json:"listing"`
	// Took is how long the change sets of one version take, as the median of those that
	// AWS still shows; 0: none has succeeded.
	Took time.Duration `json:"-"` // took_seconds
	// Free is when the change set is expected to end that locks the product; zero: nothing
	// locks it, or it is not known.
	Free     time.Time `json:"free,omitzero"`
	Locked   bool      `json:"locked,omitempty"`
	Versions []Turn    `json:"versions"`
	Newest   string    `json:"newest,omitempty"` // the newest version that the product offers already
	Latest   bool      `json:"latest,omitempty"` // the listing shows the latest version alone
}

// Turn is the place of one version in a queue.
type Turn struct {
	Tag       string    `json:"tag"`
	Version   string    `json:"version"`
	Submitted bool      `json:"submitted,omitempty"`
	End       time.Time `json:"end,omitzero"` // expected, if every version is ready in its turn; zero: not known
}

// Expect sorts the versions, submitted ones first, and says when each is expected to be added.
func (q Queue) Expect(now time.Time) Queue {
	q.Versions = slices.Clone(q.Versions)
	slices.SortStableFunc(q.Versions, compareTurns)
	if q.Latest { // what is older is skipped once the newest is there
		q.Versions = slices.DeleteFunc(q.Versions, func(v Turn) bool { return !v.Submitted && v.Tag != q.Versions[len(q.Versions)-1].Tag })
	}
	at, known := now, q.Took > 0 && (!q.Locked || !q.Free.IsZero())
	if q.Free.After(now) {
		at = q.Free
	}
	for i := range q.Versions {
		v := &q.Versions[i]
		if !v.Submitted {
			at = at.Add(q.Took)
		}
		if v.End = (time.Time{}); known {
			v.End = at
		}
	}
	return q
}

func compareTurns(x, y Turn) int {
	if x.Submitted != y.Submitted {
		return map[bool]int{true: -1, false: 1}[x.Submitted]
	}
	return cmp.Or(compareVersions(x.Version, y.Version), cmp.Compare(x.Tag, y.Tag))
}

// compareVersions orders versions; one that can't be parsed comes before all others.
func compareVersions(x, y string) int {
	vx, _ := release.ParseVersion(x)
	vy, _ := release.ParseVersion(y)
	return vx.Compare(vy)
}

// Shown is the version that buyers are offered first once the queue is done: the one that was
// added last.
func (q Queue) Shown() string {
	if len(q.Versions) == 0 {
		return q.Newest
	}
	return q.Versions[len(q.Versions)-1].Version
}

// Overtakes reports whether an older version is added after a newer one.
func (q Queue) Overtakes() bool {
	highest := q.Newest
	for _, v := range q.Versions {
		if compareVersions(v.Version, highest) < 0 {
			return true
		}
		highest = v.Version
	}
	return false
}

// Queues puts the queues of several plans together, which were made one after the other.
func Queues(plans []Plan) []Queue {
	var out []Queue
	for _, p := range plans {
		for _, q := range p.Queues {
			i := slices.IndexFunc(out, func(o Queue) bool { return o.Listing == q.Listing })
			if i < 0 {
				out = append(out, q)
				continue
			}
			for _, v := range q.Versions {
				if !slices.ContainsFunc(out[i].Versions, func(o Turn) bool { return o.Tag == v.Tag }) {
					out[i].Versions = append(slices.Clone(out[i].Versions), v)
				}
			}
			out[i] = out[i].Expect(p.Now)
		}
	}
	return out
}
