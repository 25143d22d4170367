package progress

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"amiship/internal/plan"
	"amiship/internal/terminal"
	"amiship/internal/view"
)

// Region is where a table is drawn again and again.
type Region interface {
	Show(terminal.Frame)
	Draw()
	End()
}

// Live shows one table of a run below its lines: what ended stays above it.
type Live struct {
	region Region
	out    io.Writer // lines above the table
	now    func() time.Time
	signs  map[view.AMIState]string

	mu       sync.Mutex
	release  Release
	amis     map[string]view.AMI // by variant and region
	stages   []view.Stage
	reading  []string
	blockers []Blocker
	under    []plan.ID // in the order in which they began
	steps    map[plan.ID]Step
	since    map[plan.ID]time.Time
	heard    map[plan.ID]Answer
	took     map[plan.Kind][]time.Duration
	began    time.Time
	ending   string // what is said while the run ends
}

// NewLive draws in a region, and writes lines to out. With plain signs a terminal needs no
// Unicode.
func NewLive(region Region, out io.Writer, plainSigns bool, now func() time.Time) *Live {
	l := &Live{region: region, out: out, now: now, signs: signs(plainSigns)}
	l.reset()
	return l
}

func (l *Live) reset() {
	l.amis, l.steps, l.since, l.heard = map[string]view.AMI{}, map[plan.ID]Step{}, map[plan.ID]time.Time{}, map[plan.ID]Answer{}
	l.took, l.under, l.stages, l.blockers, l.began = map[plan.Kind][]time.Duration{}, nil, nil, nil, l.now()
}

// signs are those of the states of an AMI.
func signs(plain bool) map[view.AMIState]string {
	all, out := "·◌○◔◑◕●⊘□✗–~?", map[view.AMIState]string{}
	if plain {
		all = ".bt>csPWRX-w?"
	}
	for i, sign := range []rune(all) {
		out[view.AMIStates()[i]] = string(sign)
	}
	return out
}

// Quiet implements Shower: the table moves by itself.
func (l *Live) Quiet() time.Duration { return time.Hour }

// Show implements Shower.
func (l *Live) Show(events ...Event) {
	l.mu.Lock()
	var ended []Event
	begin, over := false, false
	for _, e := range events {
		l.take(e)
		begin, over = begin || e.Event == OfRelease, over || e.Event == OfEnd
		if e.Event != OfWaiting && (e.Event != OfStep || e.Step.State != plan.Running && e.Step.State != plan.Waiting) {
			ended = append(ended, e)
		}
	}
	text := strings.Join(lines(l.out, ended), "")
	l.mu.Unlock() // drawing asks for the frame
	if text != "" {
		_, _ = io.WriteString(l.out, text) // the writer notes its errors
	}
	switch {
	case over:
		l.region.End()
	case begin:
		l.region.Show(l.Frame)
	default:
		l.region.Draw()
	}
}

// take takes an event into the table.
func (l *Live) take(e Event) {
	switch e.Event {
	case OfRelease:
		l.reset()
		l.release = *e.Release
	case OfAMI:
		l.amis[e.AMI.Variant+" "+e.AMI.Region] = *e.AMI
	case OfReading:
		l.reading = e.Reading
	case OfStages:
		l.stages = e.Stages
	case OfBlockers:
		l.blockers = e.Blockers
	case OfAnswer:
		l.heard[e.Answer.Step] = *e.Answer
	case OfStep:
		l.step(*e.Step, e.At)
	}
}

func (l *Live) step(s Step, at time.Time) {
	under := s.State == plan.Running || s.State == plan.Waiting
	was := slices.Contains(l.under, s.ID)
	switch {
	case under && !was:
		l.under, l.since[s.ID] = append(l.under, s.ID), at
	case !under && was:
		l.under = slices.DeleteFunc(l.under, func(id plan.ID) bool { return id == s.ID })
		if s.State == plan.Done {
			l.took[s.Kind] = append(l.took[s.Kind], at.Sub(l.since[s.ID]))
		}
		delete(l.heard, s.ID)
	}
	l.steps[s.ID] = s
}

// Ending has the table say how the run ends.
func (l *Live) Ending(text string) {
	l.mu.Lock()
	l.ending = text
	l.mu.Unlock()
	l.region.Draw()
}

// Frame implements terminal.Frame: what is most urgent is left if there is little space.
func (l *Live) Frame(columns, rows int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	head := []string{"", l.title(columns)}
	tail := l.blocked()
	if l.ending != "" {
		tail = append(tail, terminal.Paint(l.out, terminal.Care, l.ending))
	}
	board := l.board(columns)
	left := rows - len(head) - len(tail)
	under := l.underWay(max(1, min(8, left-len(board))))
	if len(board)+len(under) > left {
		board = l.counts()
	}
	if len(board)+len(under) > left {
		board = nil
	}
	return slices.Concat(head, board, under, tail)
}

func (l *Live) title(columns int) string {
	text := strings.TrimSpace(l.release.Project + " " + l.release.Tag)
	if text == "" {
		text = "amiship"
	}
	text += "   " + short(l.now().Sub(l.began).Seconds())
	for _, s := range l.stages {
		text += fmt.Sprintf("   %s %d/%d", s.Name, s.Done, s.Total)
	}
	if ansi.StringWidth(text) > columns {
		text = strings.ReplaceAll(text, "   ", " ")
	}
	return terminal.Paint(l.out, terminal.Head, text)
}

// board has a row for each variant, and a column for each region: in bands, if they are many.
func (l *Live) board(columns int) (out []string) {
	name := 0
	for _, v := range l.release.Variants {
		name = max(name, len(v))
	}
	cells := l.release.Regions
	widest := 0
	for _, region := range cells {
		widest = max(widest, len(region))
	}
	write := func(region string) string { return region }
	if (widest+1)*len(cells)+name+3 > columns {
		write, widest = abbreviated, 5
	}
	each := max(1, (columns-name-3)/(widest+1))
	for band := range slices.Chunk(cells, each) {
		line := strings.Repeat(" ", name+3)
		for _, region := range band {
			line += fmt.Sprintf("%-*s ", widest, write(region))
		}
		out = append(out, terminal.Paint(l.out, terminal.Faint, strings.TrimRight(line, " ")))
		for _, v := range l.release.Variants {
			line := fmt.Sprintf("  %-*s ", name, v)
			for _, region := range band {
				line += l.cell(v, region) + strings.Repeat(" ", widest)
			}
			out = append(out, strings.TrimRight(line, " "))
		}
	}
	if len(l.amis) == 0 {
		return nil
	}
	return append(out, "  "+l.legend())
}

// abbreviated is a region as short as the ids of its zones begin: "apse2".
func abbreviated(region string) string {
	parts := strings.Split(region, "-")
	if len(parts) != 3 {
		return region[:min(5, len(region))]
	}
	short := strings.NewReplacer("north", "n", "south", "s", "east", "e", "west", "w", "central", "c").Replace(parts[1])
	return parts[0] + short + parts[2]
}

func (l *Live) cell(variant, region string) string {
	a, known := l.amis[variant+" "+region]
	if !known {
		return l.signs[view.Missing]
	}
	color := terminal.Busy
	switch {
	case a.Final:
		color = terminal.Good
	case a.State == view.Failed:
		color = terminal.Bad
	case a.State == view.Missing:
		color = terminal.Faint
	}
	return terminal.Paint(l.out, color, l.signs[a.State])
}

// legend says what the signs mean that are there.
func (l *Live) legend() string {
	var parts []string
	for _, state := range view.AMIStates() {
		if n := l.count(state, ""); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s %d", l.signs[state], state, n))
		}
	}
	return strings.Join(parts, "  ")
}

func (l *Live) count(state view.AMIState, variant string) (n int) {
	for _, a := range l.amis {
		if a.State == state && (variant == "" || a.Variant == variant) {
			n++
		}
	}
	return n
}

// counts is the board in one line for each variant.
func (l *Live) counts() (out []string) {
	for _, v := range l.release.Variants {
		line := "  " + v + " "
		for _, state := range view.AMIStates() {
			if n := l.count(state, v); n > 0 {
				line += fmt.Sprintf(" %s %d", state, n)
			}
		}
		out = append(out, line)
	}
	return out
}

// underWay are the steps under way, those of a kind that is no long one together.
func (l *Live) underWay(most int) (out []string) {
	if len(l.reading) > 0 {
		out = append(out, "  "+readingText(l.reading))
	}
	crowds := map[plan.Kind]int{}
	for _, id := range l.under {
		crowds[l.steps[id].Kind]++
	}
	for _, id := range l.under {
		s := l.steps[id]
		if crowds[s.Kind] == 0 {
			continue // it is counted
		}
		heard := l.heard[id]
		w := Waiting{Name: s.Name, Why: s.Why, Answer: heard.Text, LimitSeconds: heard.LimitSeconds, Seconds: l.now().Sub(l.since[id]).Seconds(), UsualSeconds: usual(l.took[s.Kind]).Seconds()}
		if n := crowds[s.Kind]; n > 1 && !s.Kind.Long() {
			w.Name += fmt.Sprintf(" and %d more", n-1)
			crowds[s.Kind] = 0
		}
		out = append(out, "  "+w.Text())
	}
	if len(out) > most {
		out = append(out[:most-1], fmt.Sprintf("  and %d more under way", len(out)-most+1))
	}
	return out
}

// blocked are the blockers, each on a line.
func (l *Live) blocked() (out []string) {
	const most = 3
	for i, b := range l.blockers {
		if i == most {
			return append(out, fmt.Sprintf("  and %d more blockers: amiship blockers", len(l.blockers)-most))
		}
		out = append(out, "  "+terminal.Paint(l.out, terminal.Care, "BLOCKED")+"  "+b.ID+": "+firstLine(b.Why))
	}
	return out
}

func firstLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return first
}
