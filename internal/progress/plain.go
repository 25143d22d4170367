package progress

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"amiship/internal/plan"
	"amiship/internal/terminal"
)

// loud reports whether people are told of an event by a line.
func (e Event) loud() bool {
	switch e.Event {
	case OfStep:
		return e.Step.loud()
	case OfWaiting, OfLog, OfNote:
		return true
	}
	return false
}

// loud: what was done before is no news, and what takes a moment is told once it is done.
func (s Step) loud() bool { return !s.Before && !s.Again && (s.State != plan.Running || s.Kind.Long()) }

// Plain shows each event as a line.
type Plain struct {
	w     io.Writer
	quiet time.Duration
	mu    sync.Mutex
	last  time.Time // of a line
}

// NewPlain writes to w, and tells after so much time without a line what is under way.
func NewPlain(w io.Writer, quiet time.Duration) *Plain { return &Plain{w: w, quiet: quiet} }

// Quiet implements Shower.
func (p *Plain) Quiet() time.Duration { return p.quiet }

// Show implements Shower.
func (p *Plain) Show(events ...Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	events = slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return e.Event == OfWaiting && e.At.Sub(p.last) < p.quiet })
	said := lines(p.w, events)
	if len(said) > 0 {
		p.last = events[len(events)-1].At
	}
	_, _ = io.WriteString(p.w, strings.Join(said, "")) // the writer notes its errors
}

// many is from how many equal steps on they share a line.
const many = 4

// lines are those of events: steps that differ in their region alone share one.
func lines(w io.Writer, events []Event) (out []string) {
	shared := map[string][]Event{}
	for _, e := range events {
		if e.loud() && e.Event == OfStep && e.Step.Region != "" {
			shared[e.Step.group()] = append(shared[e.Step.group()], e)
		}
	}
	for _, e := range events {
		switch {
		case !e.loud():
		case e.Event == OfStep && len(shared[e.Step.group()]) >= many:
			if all := shared[e.Step.group()]; all[0].Step == e.Step {
				out = append(out, clock(e)+together(w, all)+"\n")
			}
		case e.Event == OfStep:
			out = append(out, clock(e)+e.Step.Name+"  "+e.Step.text(w)+"\n")
		case e.Event == OfWaiting:
			for _, x := range e.Waiting {
				out = append(out, clock(e)+x.Text()+"\n")
			}
		case e.Event == OfLog:
			out = append(out, clock(e)+e.Log.text(w)+"\n")
		case e.Event == OfNote:
			out = append(out, e.Note+"\n")
		}
	}
	return out
}

func clock(e Event) string { return e.At.Local().Format("15:04:05") + "  " }

// group is equal for steps that share a line.
func (s Step) group() string {
	return strings.Join([]string{string(s.Kind), s.Variant, string(s.State), strings.ReplaceAll(strings.ReplaceAll(s.Name, s.Region, ""), s.Variant, "")}, "\n")
}

// together is the line of steps that share one. Their reasons differ in ids, if at all.
func together(w io.Writer, all []Event) string {
	first := *all[0].Step
	var regions []string
	for _, e := range all {
		regions = append(regions, e.Step.Region)
		if e.Step.Why != first.Why && first.State != plan.Failed {
			first.Why = ""
		}
	}
	slices.Sort(regions)
	return strings.Replace(first.Name, all[0].Step.Region, fmt.Sprintf("%d regions", len(all)), 1) + "  " + first.text(w) + " (" + strings.Join(regions, " ") + ")"
}

// text says how far a step is, and why.
func (s Step) text(w any) string {
	state := string(s.State)
	if s.Kind.Passive() && s.State == plan.Done {
		state = "open"
	}
	color, some := map[plan.State]terminal.Color{
		plan.Done: terminal.Good, plan.Running: terminal.Busy, plan.Failed: terminal.Bad, plan.Blocked: terminal.Care,
	}[s.State]
	if some {
		state = terminal.Paint(w, color, state)
	}
	if s.Seconds >= 1 {
		state += " in " + short(s.Seconds)
	}
	if s.Why != "" {
		state += ": " + strings.ReplaceAll(strings.TrimSpace(s.Why), "\n", "\n           ")
	}
	return state
}

// Text is a line for people: "test ce/amd64 in us-east-1: 2m10s of 10m; GET / answers 200".
func (x Waiting) Text() string {
	text := x.Name + ": " + short(x.Seconds)
	if x.LimitSeconds > 0 {
		text += " of " + short(x.LimitSeconds)
	}
	if x.UsualSeconds >= 1 {
		text += ", others took " + short(x.UsualSeconds)
	}
	for _, more := range []string{x.Why, x.Answer} {
		if more != "" {
			text += "; " + more
		}
	}
	return text
}

func (l Log) text(w any) string {
	text := l.Message
	if l.Level == "WARN" || l.Level == "ERROR" {
		text = terminal.Paint(w, terminal.Care, strings.ToLower(l.Level)) + ": " + text
	}
	var values []string
	for name, value := range l.Values {
		values = append(values, name+": "+strings.Join(strings.Fields(value), " "))
	}
	slices.Sort(values)
	if len(values) > 0 {
		text += " (" + strings.Join(values, ", ") + ")"
	}
	return text
}

// short is a duration as people read it: "2m10s".
func short(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	text := d.String()
	if d >= time.Minute {
		text = strings.TrimSuffix(text, "m0s") + map[bool]string{true: "m"}[strings.HasSuffix(text, "m0s")]
	}
	return text
}

// After how much time without a line one says what is under way.
const (
	OnPipe     = 30 * time.Second
	OnTerminal = 10 * time.Second
)
