package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// contender is a release of the project that is to add a version to the same listing, as far
// as the facts show it that this release reads anyhow.
type contender struct {
	tag          string
	version      release.Version
	began, moved time.Time // when its first AMI was made, and when it last got further
	candidate    bool
	claimed      bool // its build, or boot test
	copies       int
	amis         []string
	failed       bool // its boot test
	over         bool
	set          *world.ChangeSet // its newest for the listing
}

// count adds an AMI of the release.
func (c *contender) count(i world.Image) {
	if c.began.IsZero() || i.Created.Before(c.began) {
		c.began = i.Created
	}
	c.move(i.Created)
	c.amis = append(c.amis, i.ID)
	stage := i.Tag(record.TagStage)
	c.over = c.over || record.Over(stage)
	if stage != record.StageCandidate {
		c.copies++
		return
	}
	verdict, tested := record.ReadVerdict(i.Tag(record.TagTested))
	c.candidate, c.failed = true, c.failed || tested && !verdict.OK
}

func (c *contender) move(at time.Time) {
	if at.After(c.moved) {
		c.moved = at
	}
}

// contenders are the releases of the project with AMIs or claims of the variant that backs a
// listing, this one included, sorted by version.
func (x changeSets) contenders(l *listing) []*contender {
	byTag := map[string]*contender{}
	of := func(tag, version string) *contender {
		if byTag[tag] == nil {
			v, err := release.ParseVersion(version)
			if tag == "" || err != nil {
				return &contender{} // whose version can't be parsed has no place in an order
			}
			byTag[tag] = &contender{tag: tag, version: v}
		}
		return byTag[tag]
	}
	for _, region := range l.regions() {
		for _, i := range x.here(region).byVariant[l.Image+"/"+l.Arch] {
			if i.State != world.Failed {
				of(i.Tag(record.TagTag), i.Tag(record.TagVersion)).count(*i)
			}
		}
	}
	for _, c := range x.w.Regions[l.build].Claims.Val {
		if c.Tag(record.TagProject) == x.d.Project && c.Tag(record.TagImage) == l.Image && c.Tag(record.TagArch) == l.Arch && !c.Expired() {
			one := of(c.Tag(record.TagTag), c.Tag(record.TagVersion))
			one.claimed = true
			one.move(c.Alive)
		}
	}
	var out []*contender
	for _, c := range byTag {
		x.findSet(l, c)
		out = append(out, c)
	}
	slices.SortFunc(out, func(x, y *contender) int { return cmp.Or(x.version.Compare(y.version), cmp.Compare(x.tag, y.tag)) })
	return out
}

// regions are those in which a release shows that it is under way: where it builds, and where
// its AMI backs the listing.
func (l *listing) regions() []string {
	out := []string{marketplace.Region}
	if l.build != "" && l.build != marketplace.Region {
		out = append(out, l.build)
	}
	return out
}

// findSet finds the newest change set of a release.
func (x changeSets) findSet(l *listing, c *contender) {
	stem := marketplace.Stem(x.d.Project, c.tag, l.Name)
	for _, set := range l.state.Sets.Val { // the newest first
		if _, _, ok := marketplace.ReadName(stem, set.Name); ok {
			c.set = &set
			c.move(set.Start)
			c.move(set.End)
			return
		}
	}
}

// submitted reports whether Marketplace works on the release's version.
func (c *contender) submitted() bool { return c.set != nil && c.set.Pending() }

// underWay reports whether a release is to add its version still: as release --all-open finds
// it, or as it is built and tested.
func (c *contender) underWay(l *listing) bool {
	unsubmitted := c.set != nil && (c.set.Status != world.Succeeded || !strings.Contains(c.set.Name, " "+marketplace.Add+" "))
	return !c.over && !c.failed && (c.candidate || c.claimed || unsubmitted) && !l.offers(c)
}

// offers reports whether the product has the version of a release, restricted since or not.
func (l *listing) offers(c *contender) bool {
	return slices.ContainsFunc(l.state.Entity.Val.Versions, func(v world.Version) bool {
		version, err := l.title(v.Title)
		return slices.Contains(c.amis, v.AMI) || err == nil && version.Compare(c.version) == 0
	})
}

// does says how far a release is.
func (c *contender) does() string {
	switch {
	case c.set != nil && !c.set.Pending():
		return "its change set " + c.set.ID + " is " + c.set.Status
	case c.copies > 0:
		return "not submitted yet"
	case c.candidate:
		return "being tested, or waiting to be published"
	}
	return "being built"
}

// turn is what a version is behind of in the order of versions.
type turn struct {
	ahead     []*contender // older, and waited for
	overtaken []string     // older, and not waited for any longer, each with the reason
	until     time.Time    // how long it waits
	since     time.Time    // zero: not recorded yet
}

// turn finds the older releases that a version waits for. A listing that shows the latest
// alone skips them.
func (x changeSets) turn(l *listing) (t turn) {
	if l.Only != release.OnlyAll || l.OlderWithin <= 0 {
		return t
	}
	all := x.contenders(l)
	t.since = x.inLineSince(l)
	t.until = x.orNow(t.since).Add(l.OlderWithin)
	if end := lastEnd(l.state.Sets.Val).Add(l.OlderWithin); end.After(t.until) { // while the product was locked, no time passed
		t.until = end
	}
	for _, c := range all {
		if c.tag == x.d.Tag || c.version.Compare(x.d.Version) >= 0 || !c.underWay(l) {
			continue
		}
		if why := x.notAwaited(l, c, x.began(all), t.until); why != "" {
			t.overtaken = append(t.overtaken, c.tag+" "+why+": "+c.does())
			continue
		}
		t.ahead = append(t.ahead, c)
	}
	return t
}

// notAwaited says why an older release is not waited for; "": it is. What was left as it is
// for longer than the time before this release began delays no one, nor does what was only
// tested, and waits for an approval.
func (x changeSets) notAwaited(l *listing, c *contender, began, until time.Time) string {
	switch {
	case c.moved.Before(began.Add(-l.OlderWithin)), c.copies == 0 && x.w.Now.Sub(c.moved) > l.OlderWithin:
		return "has not got further since " + plan.Moment(c.moved)
	case !x.w.Now.Before(until):
		return fmt.Sprintf("was not submitted by %s (wait_for_older%s)", plan.Moment(until), l.line("wait_for_older"))
	}
	return ""
}

// began is when the first AMI of this release was made.
func (x changeSets) began(all []*contender) time.Time {
	i := slices.IndexFunc(all, func(c *contender) bool { return c.tag == x.d.Tag })
	if i < 0 {
		return x.w.Now
	}
	return x.orNow(all[i].began)
}

// orNow is a time, or now where it is not known.
func (f *facts) orNow(at time.Time) time.Time {
	if at.IsZero() {
		return f.w.Now
	}
	return at
}

// lastEnd is when the last change set of a product ended.
func lastEnd(sets []world.ChangeSet) (last time.Time) {
	for _, s := range sets {
		if s.End.After(last) {
			last = s.End
		}
	}
	return last
}

// inLineSince is when the release was first found to be in line; zero: that is not recorded.
// Without a candidate to record it on, it is when the AMI was made that backs the listing.
func (x changeSets) inLineSince(l *listing) time.Time {
	switch {
	case l.candidate == nil && l.ami == nil:
		return time.Time{}
	case l.candidate == nil:
		return l.ami.Created
	}
	if at, err := time.Parse(time.RFC3339, l.candidate.Tag(record.TagInLine)); err == nil {
		return at
	}
	return x.r.Changed[l.orderID()].At
}

func (l *listing) orderID() plan.ID { return plan.StepID(plan.Order, l.Key()) }

// inOrder has a version wait for older ones; nil: it is its turn.
func (x changeSets) inOrder(l *listing, s plan.Step, t turn) *verdict {
	if len(t.ahead) == 0 {
		return nil
	}
	order := x.settle(x.awaitTurn(l, t))
	out := queued(s, order.step.ID)
	out.conclude(order)
	return out
}

// awaitTurn records since when the release is in line, and waits.
func (x changeSets) awaitTurn(l *listing, t turn) *verdict {
	key := release.Key{Image: l.Image, Arch: l.Arch, Listing: l.Name, Place: release.Place{Region: l.build}}
	s := plan.Step{Required: true, Action: plan.Action{ID: l.orderID(), Target: key, Change: plan.AwaitTurn{}}}
	if t.since.IsZero() {
		s.State, s.Guard.Image = plan.Ready, plan.Seen(*l.candidate)
		s.Change = plan.AwaitTurn{Image: plan.Image{AMI: l.candidate.ID, Name: l.candidate.Name}, Tags: map[string]string{
			record.TagInLine: record.TagValue(x.w.Now.UTC().Format(time.RFC3339)),
		}}
		return &verdict{step: s}
	}
	var names []string
	for _, c := range t.ahead {
		names = append(names, c.tag+" ("+c.does()+")")
	}
	why := fmt.Sprintf("in line behind %s, until %s at most (wait_for_older%s)", strings.Join(names, ", "), plan.Moment(t.until), l.line("wait_for_older"))
	out := decided(s, plan.Waiting, why)
	out.waitSince(s.ID, why, l.look(), t.since)
	for _, region := range l.regions() {
		out.waitSince(s.ID, why, world.Query{Kind: world.LookImages, Region: region}, t.since)
	}
	if slices.ContainsFunc(t.ahead, func(c *contender) bool { return c.claimed }) {
		out.waitSince(s.ID, why, world.Query{Kind: world.LookClaims, Region: l.build}, t.since)
	}
	return out
}

// queue is the order in which the versions of this release and of others are added, as far as
// AWS shows it.
func (x changeSets) queue(l *listing) plan.Queue {
	q := plan.Queue{Listing: l.Name, Took: typicalSet(l.state.Sets.Val), Newest: l.newest(), Latest: l.Only != release.OnlyAll}
	if l.Validate {
		q.Took *= 2
	}
	for _, set := range l.pending() {
		q.Locked = true
		if took := typicalSet(l.state.Sets.Val); took > 0 {
			q.Free = set.Start.Add(took)
		}
	}
	waited := x.turn(l).ahead
	own := plan.Turn{Tag: x.d.Tag, Version: x.d.Version.Text}
	for _, c := range x.contenders(l) {
		one := plan.Turn{Tag: c.tag, Version: c.version.Text, Submitted: c.submitted()}
		switch older := c.version.Compare(x.d.Version) < 0; {
		case c.tag == x.d.Tag:
			own.Submitted = one.Submitted
		case one.Submitted || slices.ContainsFunc(waited, func(w *contender) bool { return w.tag == c.tag }):
			q.Versions = append(q.Versions, one)
		case !older && c.underWay(l):
			q.Versions = append(q.Versions, one)
		}
	}
	q.Versions = append(q.Versions, own)
	return q.Expect(x.w.Now)
}

// newest is the newest version that the product offers.
func (l *listing) newest() string {
	var newest release.Version
	for _, text := range l.titles() {
		if v, err := release.ParseVersion(text); err == nil && v.Compare(newest) > 0 {
			newest = v
		}
	}
	return newest.Text
}

// typicalSet is the median of how long change sets of a product took that succeeded; 0: AWS
// shows none.
func typicalSet(sets []world.ChangeSet) time.Duration {
	var all []time.Duration
	for _, s := range sets {
		if s.Status == world.Succeeded && s.End.After(s.Start) {
			all = append(all, s.End.Sub(s.Start))
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// shownFirst notes which version buyers are offered first, where it is not the newest.
func shownFirst(q plan.Queue) (found findings) {
	if !q.Latest && q.Overtakes() {
		found.note("%s: buyers are offered %s first, though it is not the newest: it is added last (only: %s)", q.Listing, q.Shown(), release.OnlyAll)
	}
	return found
}
