package world

import (
	"time"

	"amiship/internal/record"
)

// Lease is how long a claim lasts after its last renewal. Everything else follows
// from it: a run renews its claims every Renewal; one that could not for GiveUp
// stops what it does under the claim; other runs take the claim over after all of
// the lease, and only when two reads that are a Renewal apart show it unchanged.
const (
	Lease   = 2 * time.Minute
	Renewal = Lease / 4
	GiveUp  = Lease * 3 / 4
)

// Claim is the security group by which a run reserves a build of a variant,
// with what belongs to it.
type Claim struct {
	Group, Name, KeyPair string // KeyPair is empty if there is none of that name
	Tags                 map[string]string
	Alive                time.Time // when its run last renewed it; zero: the tag is missing or can't be parsed
	Run                  string
	Instances            []string // that are not terminated
	// Read is when the claim was last read, Since when it was first read with the same
	// Alive: by this process, by AWS's clock.
	Read, Since time.Time
}

// Tag returns the value of one of Amiship's own tags, without its schema.
func (c Claim) Tag(key string) string {
	v, _ := record.ReadTag(c.Tags[key])
	return v
}

// Expired reports whether the last read showed a claim whose lease is over. That
// alone proves nothing: the read may have been stale.
func (c Claim) Expired() bool { return c.Alive.IsZero() || c.Read.Sub(c.Alive) > Lease }

// Due is the time after which a read that shows the claim unchanged finds it dead.
// Of a claim that does not say when it was renewed only this process knows how old
// it is at least.
func (c Claim) Due() time.Time {
	if c.Alive.IsZero() {
		return c.Since.Add(Lease)
	}
	due := c.Alive.Add(Lease)
	if again := c.Since.Add(Renewal); again.After(due) {
		return again
	}
	return due
}

// Dead reports whether the claim's run is gone: what is under the claim may be ended.
func (c Claim) Dead() bool { return c.Read.After(c.Due()) }

// SawClaims notes what was read of the claims, and since when each has been as it is.
func (r *Region) SawClaims(f Fact[[]Claim]) {
	r.Claims = f
	if f.Missed() {
		return // says nothing about those that were read before
	}
	since := map[string]time.Time{}
	for i := range f.Val {
		c := &f.Val[i]
		as := c.Group + " " + c.Alive.String()
		first, before := r.since[as]
		if !before {
			first = f.At
		}
		c.Read, c.Since, since[as] = f.At, first, first
	}
	r.since = since
}
