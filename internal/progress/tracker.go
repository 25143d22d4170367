package progress

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/view"
	"amiship/internal/world"
)

// Tracker finds out what is news of a run, and has it shown.
type Tracker struct {
	shower Shower
	now    func() time.Time

	mu     sync.Mutex
	of     release.Desired // zero: a run of no release, which has no board
	begun  bool
	last   time.Time          // a line was shown
	shown  map[plan.ID]string // state and reason, of the last plan
	said   map[plan.ID]string // of those, what a line told last
	amis   map[string]view.AMI
	stages []view.Stage
	held   []Blocker
	gone   []plan.ID // carried out, and perhaps in no plan any longer
	names  map[plan.ID]string
	done   map[plan.Kind]int
	began  map[plan.ID]time.Time // in this run
	seen   map[plan.ID]time.Time // waiting, for the first time
	took   map[plan.Kind][]time.Duration
	under  []plan.Step // under way or waiting, of the last plan
	waits  map[plan.ID]plan.Wait
	heard  map[plan.ID]Answer
	lacks  []string // what is being read before anything is decided
}

// NewTracker tracks a run. Desired is the release whose AMIs are shown.
func NewTracker(shower Shower, d release.Desired, now func() time.Time) *Tracker {
	return &Tracker{
		shower: shower, now: now, of: d, last: now(), shown: map[plan.ID]string{}, said: map[plan.ID]string{}, amis: map[string]view.AMI{}, names: map[plan.ID]string{},
		done: map[plan.Kind]int{}, began: map[plan.ID]time.Time{}, seen: map[plan.ID]time.Time{}, took: map[plan.Kind][]time.Duration{}, heard: map[plan.ID]Answer{},
	}
}

func (t *Tracker) event(kind Kind) Event {
	return Event{Schema: Schema, At: t.now().UTC(), Event: kind}
}

// Changed notes that an action was carried out. The next plan says what came of it, or no
// longer has a step of it: then it is done.
func (t *Tracker) Changed(act plan.Action) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done[act.Kind()]++
	t.gone = append(t.gone, act.ID)
	t.names[act.ID] = view.StepName(act, act.ID)
}

// Sum counts what was carried out, by kind: "deprecate 4, parameter 2".
func (t *Tracker) Sum() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var parts []string
	for _, kind := range plan.Kinds() {
		if n := t.done[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", kind, n))
		}
	}
	if len(parts) == 0 {
		return "nothing was changed"
	}
	return "changed: " + strings.Join(parts, ", ")
}

// Plan shows what has changed since the last plan. Nothing is news while facts are lacking.
func (t *Tracker) Plan(p plan.Plan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var news []Event
	if !t.begun {
		t.begun = true
		news = append(news, t.beginning(p))
	}
	if lacks := reading(p.Look); !slices.Equal(lacks, t.lacks) {
		t.lacks = lacks
		e := t.event(OfReading)
		e.Reading = lacks
		news = append(news, e)
	}
	if len(p.Look) == 0 {
		news = append(news, t.steps(p)...)
		news = append(news, t.board(p)...)
	}
	t.show(news)
}

// show shows news, and notes when a line was shown.
func (t *Tracker) show(news []Event) {
	if len(news) == 0 {
		return
	}
	if slices.ContainsFunc(news, Event.loud) {
		t.last = t.now()
	}
	t.shower.Show(news...)
}

func (t *Tracker) beginning(p plan.Plan) Event {
	e := t.event(OfRelease)
	e.Release = &Release{Project: p.Project, Tag: p.Tag, Variants: []string{}, Regions: []string{}}
	for _, v := range t.of.Variants {
		e.Release.Variants = append(e.Release.Variants, v.Key("").Variant())
	}
	for _, target := range t.of.Targets {
		e.Release.Regions = append(e.Release.Regions, target.Region)
	}
	return e
}

// steps are those that have changed. The text of one that was shown before is not repeated.
func (t *Tracker) steps(p plan.Plan) (news []Event) {
	first := len(t.shown) == 0
	news = t.vanished(p)
	t.under, t.waits = nil, map[plan.ID]plan.Wait{}
	for _, w := range p.Waits {
		t.waits[w.On] = w
	}
	for _, s := range p.Steps {
		t.time(s)
		if s.State == plan.Running || s.State == plan.Waiting {
			t.under = append(t.under, s)
		}
		text := string(s.State)
		if s.Why != "" {
			text += ": " + s.Why
		}
		if s.State == plan.Queued || s.State == plan.Ready || s.Kind().Passive() && s.State != plan.Done || t.shown[s.ID] == text {
			continue
		}
		t.shown[s.ID] = text
		e := t.step(s, first && s.State == plan.Done)
		if e.loud() {
			e.Step.Again = t.said[s.ID] == text
			t.said[s.ID] = text
		}
		news = append(news, e)
	}
	return news
}

// vanished is what was carried out and is in a plan no longer.
func (t *Tracker) vanished(p plan.Plan) (news []Event) {
	t.gone = slices.DeleteFunc(t.gone, func(id plan.ID) bool {
		_, there := p.Step(id)
		if !there {
			t.shown[id] = string(plan.Done)
			kind, _, _ := strings.Cut(string(id), "/")
			e := t.event(OfStep)
			e.Step = &Step{ID: id, Name: t.names[id], Kind: plan.Kind(kind), State: plan.Done, Again: t.said[id] == string(plan.Done)}
			news = append(news, e)
		}
		return !there
	})
	return news
}

func (t *Tracker) step(s plan.Step, before bool) Event {
	e := t.event(OfStep)
	e.Step = &Step{ID: s.ID, Name: view.StepName(s.Action, s.ID), Kind: s.Kind(), Region: s.Target.Region, State: s.State, Why: s.Why, Seconds: s.Took.Seconds(), Before: before}
	if s.Target.Image != "" {
		e.Step.Variant = s.Target.Variant()
	}
	return e
}

// time notes when a step began, and how long it took.
func (t *Tracker) time(s plan.Step) {
	switch at, mine := t.began[s.ID]; {
	case s.State == plan.Running && !mine:
		t.began[s.ID] = t.now()
	case s.State == plan.Done && mine:
		t.took[s.Kind()] = append(t.took[s.Kind()], t.now().Sub(at))
		delete(t.began, s.ID)
	case s.State == plan.Failed || s.State == plan.Blocked:
		delete(t.began, s.ID)
	}
	if s.State != plan.Running {
		delete(t.heard, s.ID)
	}
	if s.State != plan.Waiting {
		delete(t.seen, s.ID)
	} else if t.seen[s.ID].IsZero() {
		t.seen[s.ID] = t.now()
	}
}

// board is what has changed of the release's AMIs, its stages and what blocks it.
func (t *Tracker) board(p plan.Plan) (news []Event) {
	if len(t.of.Variants) == 0 {
		return nil
	}
	r := view.OfPlan(t.of, p)
	for _, a := range r.AMIs {
		if key := a.Variant + " " + a.Region; t.amis[key] != a {
			t.amis[key] = a
			e := t.event(OfAMI)
			e.AMI = &a
			news = append(news, e)
		}
	}
	if !slices.Equal(t.stages, r.Stages) {
		t.stages = r.Stages
		e := t.event(OfStages)
		e.Stages = r.Stages
		news = append(news, e)
	}
	if held := blockersOf(p); !slices.Equal(t.held, held) {
		t.held = held
		e := t.event(OfBlockers)
		e.Blockers = held
		news = append(news, e)
	}
	return news
}

func blockersOf(p plan.Plan) (out []Blocker) {
	for _, b := range p.Blockers {
		one := Blocker{ID: b.ID, Why: b.Why}
		if len(b.Remedies) > 0 {
			one.Command = b.Remedies[0].Command
		}
		out = append(out, one)
	}
	return out
}

// Answer notes what a step under way has heard.
func (t *Tracker) Answer(id plan.ID, text string, limit time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := Answer{Step: id, Text: text, LimitSeconds: limit.Seconds()}
	if t.heard[id] == a {
		return
	}
	t.heard[id] = a
	e := t.event(OfAnswer)
	e.Answer = &a
	t.show([]Event{e})
}

// Tick shows what is under way, if nothing was shown for long enough.
func (t *Tracker) Tick() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now().Sub(t.last) < t.shower.Quiet() {
		return
	}
	e := t.event(OfWaiting)
	if e.Waiting = t.waiting(); len(e.Waiting) > 0 {
		t.show([]Event{e})
	}
}

// UnderWay names what this run is doing.
func (t *Tracker) UnderWay() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []string
	for _, s := range t.under {
		if s.State == plan.Running {
			out = append(out, view.StepName(s.Action, s.ID))
		}
	}
	return out
}

// waiting is what takes time: long steps each, of others those of a kind together.
func (t *Tracker) waiting() (out []Waiting) {
	if len(t.lacks) > 0 {
		return []Waiting{{Name: readingText(t.lacks), Since: t.last, Seconds: t.now().Sub(t.last).Seconds()}}
	}
	var crowds []plan.Kind
	for _, s := range t.under {
		switch {
		case s.Kind().Long() || s.Target.Listing != "":
			out = append(out, t.one(s))
		case !slices.Contains(crowds, s.Kind()):
			crowds = append(crowds, s.Kind())
		}
	}
	for _, kind := range crowds {
		out = append(out, t.crowd(kind))
	}
	return out
}

func (t *Tracker) one(s plan.Step) Waiting {
	since, heard := t.since(s), t.heard[s.ID]
	w := Waiting{
		Name: view.StepName(s.Action, s.ID), Why: s.Why, Since: since, Seconds: t.now().Sub(since).Seconds(), UsualSeconds: usual(t.took[s.Kind()]).Seconds(),
		LimitSeconds: heard.LimitSeconds, Answer: heard.Text,
	}
	return w
}

// crowd is one kind of steps: the first of them, and how many there are besides.
func (t *Tracker) crowd(kind plan.Kind) Waiting {
	all := slices.DeleteFunc(slices.Clone(t.under), func(s plan.Step) bool { return s.Kind() != kind || s.Target.Listing != "" })
	oldest := slices.MinFunc(all, func(x, y plan.Step) int { return t.since(x).Compare(t.since(y)) })
	w := t.one(oldest)
	if len(all) > 1 {
		w.Name += fmt.Sprintf(" and %d more", len(all)-1)
	}
	return w
}

// since is when a step began: in this run, by AWS, or when it was first seen to wait.
func (t *Tracker) since(s plan.Step) time.Time {
	if at, mine := t.began[s.ID]; mine {
		return at
	}
	if w := t.waits[s.ID]; !w.Since.IsZero() && w.Since.Before(t.now()) {
		return w.Since
	}
	return t.seen[s.ID]
}

// reading names what is read.
func reading(queries []world.Query) (out []string) {
	facts := 0
	for _, q := range queries {
		if !q.Fetched() {
			facts++
			continue
		}
		out = append(out, q.Kind.Noun()+" of "+cmp.Or(q.Variant, q.Listing))
	}
	if facts > 0 {
		out = append(out, fmt.Sprintf("%d facts of AWS", facts))
	}
	return out
}

// readingText is what is read, in words.
func readingText(all []string) string {
	const most = 3
	text := "reads " + strings.Join(all[:min(most, len(all))], ", ")
	if more := len(all) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// usual is the median.
func usual(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// End says that the run has ended.
func (t *Tracker) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.show([]Event{t.event(OfEnd)})
}
