package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/world"
)

// scarce is how few versions may be left before a person is told.
const scarce = 5

// versionsLeft tells a person that a listing will soon be full.
func (b *builder) versionsLeft(l *listing) {
	if !l.facts.Entity.Known() {
		return
	}
	offered := l.facts.Entity.Val.Offered()
	if left := l.Limit - offered; left < scarce {
		b.note("%s: %d of %d versions are there, room for %d", l.Name, offered, l.Limit, max(0, left))
	}
}

// full: the product has as many versions as it may have. Its change set takes as
// many away as it needs room for, if a person has approved of exactly those.
func (b *builder) full(l *listing) bool {
	e := l.facts.Entity.Val
	need := e.Offered() + 1 + b.r.Ahead - l.Limit
	if need <= 0 {
		return false
	}
	may, unread := b.dispensableVersions(l)
	if len(unread) > 0 {
		b.note("%s: never restricted, since titles (%s) can't read them: %s", l.Name, l.Titles, strings.Join(unread, ", "))
	}
	chosen := fitting(may, need)
	enough := len(chosen) == need
	id := stepID(Restrict, l.Key())
	if enough && b.r.Approved[id] == SeenVersions(chosen) {
		l.restrict = chosen
		return false
	}
	b.crowded = append(b.crowded, "versions/"+l.Name)
	bl := Blocker{
		ID: "versions", Why: fmt.Sprintf("the product has %d versions of %d", e.Offered(), l.Limit),
		Have: max(0, l.Limit-e.Offered()), Need: 1 + b.r.Ahead, Since: filled(offered(e), l.Limit-1-b.r.Ahead),
	}
	if enough {
		bl.Remedies = []Remedy{b.together(l, id, chosen), b.restrictFirst(l, chosen)}
	} else {
		bl.Remedies = []Remedy{{
			Name: "restrict", Cost: fmt.Sprintf("not enough: room for %d is missing, and %d may go: %s; amiship listings %s shows all", need, len(chosen), b.mayGo(), l.Name),
		}}
	}
	b.refuse(l, bl)
	return true
}

// offered is when the versions were made that buyers can still get.
func offered(e world.Entity) []time.Time {
	var out []time.Time
	for _, v := range e.Versions {
		if v.Offered() {
			out = append(out, v.Created)
		}
	}
	return out
}

// together restricts in the change set that adds the version: the product is
// never without room, and locked once.
func (b *builder) together(l *listing, id ID, chosen []world.Version) Remedy {
	return Remedy{
		Name: "together", Command: fmt.Sprintf("%s --approve %s@%s", b.command(), id, SeenVersions(chosen)),
		Cost: "in the change set of the new version, " + restricting(chosen), IAM: []string{"aws-marketplace:StartChangeSet"},
	}
}

// restrictFirst restricts alone; the release then goes on by itself.
func (b *builder) restrictFirst(l *listing, chosen []world.Version) Remedy {
	s := Step{Action: Action{ID: stepID(Restrict, l.Key()), Kind: Restrict, Target: l.Key()}}
	rem := Remedy{
		Name: "restrict", Command: b.unblocking("versions/"+l.Name, "restrict"),
		Cost: "before it, by a change set of its own that takes hours, " + restricting(chosen), IAM: []string{"aws-marketplace:StartChangeSet"},
	}
	b.ready(l, &s, restriction(chosen))
	if s.State != Ready {
		rem.Command, rem.Cost = "", "not now: "+s.Why
		return rem
	}
	rem.Do = []Action{s.Action}
	return rem
}

// restriction is a change set that adds nothing.
func restriction(chosen []world.Version) offer {
	return offer{purpose: marketplace.Restrict, digest: SeenVersions(chosen), restrict: chosen}
}

// restricting says what a restriction does to buyers.
func restricting(chosen []world.Version) string {
	var titles []string
	for _, v := range chosen {
		titles = append(titles, fmt.Sprintf("%q of %s", v.Title, v.Created.Format(time.DateOnly)))
	}
	return "takes from new buyers: " + strings.Join(titles, ", ") + "; can't be undone, and owes those who have it 90 days of support"
}

// fitting takes as many as are needed, and as one change can restrict.
func fitting(versions []world.Version, need int) []world.Version {
	var out []world.Version
	for _, v := range versions {
		if len(out) == need || len(options(out))+len(options([]world.Version{v})) > marketplace.MaxRestricted {
			break
		}
		out = append(out, v)
	}
	return out
}

// options are the delivery options of versions that buyers can still get.
func options(versions []world.Version) []string {
	var out []string
	for _, v := range versions {
		for _, o := range v.Options {
			if o.Visibility != world.VisibleRestricted {
				out = append(out, o.ID)
			}
		}
	}
	return out
}

// SeenVersions is the digest of versions that were shown: it can be approved to
// restrict exactly those. 12 hex digits.
func SeenVersions(versions []world.Version) string {
	var parts []string
	for _, v := range versions {
		parts = append(parts, v.ID, v.Title)
	}
	sum := sha256.Sum256([]byte(strings.Join(append(parts, options(versions)...), "\x00")))
	return hex.EncodeToString(sum[:6])
}
