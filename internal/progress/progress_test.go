package progress

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/terminal"
)

var update = flag.Bool("update", false, "write docs/progress.schema.json")

const committed = "../../docs/progress.schema.json"

// TestSchemaIsCommitted: names of the JSON can't change unseen.
func TestSchemaIsCommitted(t *testing.T) {
	r := jsonschema.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true}
	s := r.Reflect(Event{})
	s.Title = "a line of amiship release --progress json, schema 1"
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(committed, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("go test ./internal/progress -update writes it anew; a name that is there stays: %s", diff)
	}
}

// clockAt is a clock that a test moves.
type clockAt struct{ time.Time }

func (c *clockAt) now() time.Time { return c.Time }

// noon is where the tests' clocks begin, in the zone in which lines are written.
func noon() *clockAt { return &clockAt{time.Date(2026, 11, 29, 12, 0, 0, 0, time.Local)} }

func key(region string) release.Key {
	return release.Key{Image: "ce", Arch: "amd64", Place: release.Place{Region: region}}
}

func step(kind plan.Kind, region string, state plan.State, why string) plan.Step {
	return plan.Step{Action: plan.Action{ID: plan.StepID(kind, key(region)), Target: key(region), Change: kind.Change()}, State: state, Why: why, Required: true}
}

// plain is a run that is shown as lines, and what was written since it was last asked.
func plain(c *clockAt, quiet time.Duration) (*Tracker, func() []string) {
	var out bytes.Buffer
	return NewTracker(NewPlain(&out, quiet), release.Desired{}, c.now), func() []string {
		defer out.Reset()
		return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	}
}

// TestLinesAreNews: what was done before is none, nor what was told last; what takes a moment
// is told when it is done.
func TestLinesAreNews(t *testing.T) {
	c := noon()
	tr, said := plain(c, time.Minute)
	show := func(steps ...plan.Step) { tr.Plan(plan.Plan{Steps: steps}) }
	show(step(plan.Build, "us-east-1", plan.Done, ""), step(plan.Claim, "us-east-1", plan.Waiting, "another run (x) is at it"), step(plan.Share, "us-east-1", plan.Queued, ""))
	show(step(plan.Claim, "us-east-1", plan.Running, ""), step(plan.Copy, "us-east-1", plan.Running, ""))
	show(step(plan.Claim, "us-east-1", plan.Waiting, "another run (x) is at it"), step(plan.Copy, "us-east-1", plan.Failed, "copy ami-1: no"))
	c.Time = c.Add(3 * time.Second)
	show(step(plan.Claim, "us-east-1", plan.Done, ""), step(plan.Gate, "", plan.Done, ""))
	want := []string{
		"12:00:00  claim ce/amd64 in us-east-1  waiting: another run (x) is at it",
		"12:00:00  copy ce/amd64 to us-east-1  failed: copy ami-1: no",
		"12:00:03  claim ce/amd64 in us-east-1  done",
		"12:00:03  gate ce/amd64 in   open",
	}
	if diff := cmp.Diff(want, said()); diff != "" {
		t.Error(diff)
	}
}

// TestEqualStepsShareALine: those that differ in their region alone, in one look.
func TestEqualStepsShareALine(t *testing.T) {
	tr, said := plain(noon(), time.Minute)
	var steps []plan.Step
	for i := range 5 {
		steps = append(steps, step(plan.Copy, fmt.Sprintf("r-%d", i), plan.Waiting, fmt.Sprintf("AWS is copying ami-%d", i)))
	}
	tr.Plan(plan.Plan{Steps: append(steps, step(plan.Copy, "r-9", plan.Failed, "no"))})
	want := []string{"12:00:00  copy ce/amd64 to 5 regions  waiting (r-0 r-1 r-2 r-3 r-4)", "12:00:00  copy ce/amd64 to r-9  failed: no"}
	if diff := cmp.Diff(want, said()); diff != "" {
		t.Error(diff)
	}
}

// TestLongWaitsAreTold: each half minute what is waited for, for how long, and what was
// answered last.
func TestLongWaitsAreTold(t *testing.T) {
	c := noon()
	tr, said := plain(c, OnPipe)
	tr.Plan(plan.Plan{Steps: []plan.Step{
		step(plan.Test, "us-east-1", plan.Running, ""), step(plan.Copy, "a", plan.Waiting, "AWS is copying ami-1"), step(plan.Copy, "b", plan.Waiting, "AWS is copying ami-2"),
	}})
	said()
	tr.Answer("test/ce/amd64/us-east-1", "GET / answers 200 'Welcome'", 10*time.Minute)
	for range 2 {
		c.Time = c.Add(29 * time.Second)
		tr.Tick()
		if got := said(); got[0] != "" {
			t.Errorf("after 29 s it says %q", got)
		}
		c.Time = c.Add(time.Second)
		tr.Tick()
		tr.Tick()
		at := short(c.Sub(noon().Time).Seconds())
		want := []string{
			"12:00:30  test ce/amd64 in us-east-1: " + at + " of 10m; GET / answers 200 'Welcome'",
			"12:00:30  copy ce/amd64 to a and 1 more: " + at + "; AWS is copying ami-1",
		}
		for i := range want {
			want[i] = c.Format("15:04:05") + want[i][len("12:00:30"):]
		}
		if diff := cmp.Diff(want, said()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSum(t *testing.T) {
	tr, said := plain(noon(), time.Minute)
	if got := tr.Sum(); got != "nothing was changed" {
		t.Errorf("the sum of nothing is %q", got)
	}
	demote, copied := plan.Action{ID: "demote/a", Change: plan.Demote.Change()}, plan.Action{ID: "copy/b", Change: plan.Copy.Change()}
	both := plan.Plan{Steps: []plan.Step{{Action: demote, State: plan.Ready}, {Action: copied, State: plan.Ready}}}
	tr.Plan(both)
	tr.Changed(demote)
	tr.Changed(copied)
	tr.Plan(both)
	if got := said(); got[0] != "" {
		t.Errorf("said before it is known: %q", got)
	}
	for range 2 {
		tr.Plan(plan.Plan{Steps: []plan.Step{{Action: copied, State: plan.Waiting, Why: "AWS is making ami-1"}}})
	}
	if got := said(); len(got) != 2 || !strings.HasSuffix(got[0], "  done") || !strings.HasSuffix(got[1], "  waiting: AWS is making ami-1") {
		t.Errorf("it says %q", got)
	}
	if got := tr.Sum(); got != "changed: copy 1, demote 1" {
		t.Errorf("the sum is %q", got)
	}
	tr.Plan(plan.Plan{Steps: []plan.Step{{Action: copied, State: plan.Done}}})
	tr.Plan(plan.Plan{})
	if got := said(); len(got) != 1 || !strings.HasSuffix(got[0], "  done") {
		t.Errorf("what is done, and then in no plan, is told as %q", got)
	}
}

// region is a place for a table in a test.
type region struct {
	frame terminal.Frame
	ended bool
}

func (r *region) Show(f terminal.Frame) { r.frame, r.ended = f, false }
func (r *region) Draw()                 {}
func (r *region) End()                  { r.ended = true }

// large is a release of six images in 34 regions, in the middle.
func large(tr func(release.Desired) *Tracker) {
	d := release.Desired{Project: "gitlab", Tag: "17.5.0+ee.0"}
	p := plan.Plan{Project: "gitlab", Tag: "17.5.0+ee.0", Blockers: []plan.Blocker{{ID: "quota/eu-west-3", Why: "1 more AMIs needed, capacity for 0"}}}
	for i := range 6 {
		v := release.Variant{Image: fmt.Sprintf("image-%d", i), Arch: "amd64", Public: true}
		d.Variants = append(d.Variants, v)
	}
	for i := range 34 {
		d.Targets = append(d.Targets, release.Target{Region: fmt.Sprintf("ap-southeast-%d", i+1), Required: true})
	}
	for _, v := range d.Variants {
		for i, target := range d.Targets {
			states := []plan.State{plan.Done, plan.Waiting, plan.Failed, plan.Queued}
			p.Steps = append(p.Steps, plan.Step{
				Action: plan.Action{ID: plan.StepID(plan.Copy, v.Key(target.Region)), Target: v.Key(target.Region), Change: plan.CopyImage{Image: plan.Image{AMI: "ami-1"}}},
				State:  states[i%4], Why: "AWS is copying ami-1",
			})
		}
	}
	tr(d).Plan(p)
}

// TestTableFits: at any size, with what is most urgent; lines that are too long are cut by
// the screen, but none of the board is.
func TestTableFits(t *testing.T) {
	for _, size := range [][2]int{{39, 23}, {79, 23}, {119, 39}, {299, 59}, {79, 7}, {20, 3}} {
		c, r := noon(), &region{}
		live := NewLive(r, io.Discard, false, c.now)
		large(func(d release.Desired) *Tracker { return NewTracker(live, d, c.now) })
		c.Time = c.Add(70 * time.Second)
		lines := r.frame(size[0], size[1])
		text := strings.Join(lines, "\n")
		if len(lines) > size[1] && size[1] > 5 {
			t.Errorf("%v: %d lines\n%s", size, len(lines), text)
		}
		for _, want := range []string{"gitlab 17.5.0+ee.0", "1m10s", "copy image-0/amd64 to ap-southeast-2 and 53 more: 1m10s", "BLOCKED  quota/eu-west-3"} {
			if size[1] > 5 && !strings.Contains(text, want) {
				t.Errorf("%v: no %q in\n%s", size, want, text)
			}
		}
		for _, line := range lines {
			if ansi.StringWidth(line) > size[0] && strings.Contains(line, "◔ ") && size[0] > 100 {
				t.Errorf("%v: the board is cut: %q", size, line)
			}
		}
	}
}

// TestTableEnds: with the run, after which nothing moves.
func TestTableEnds(t *testing.T) {
	var out bytes.Buffer
	c, r := noon(), &region{}
	live := NewLive(r, &out, true, c.now)
	tr := NewTracker(live, release.Desired{}, c.now)
	tr.Plan(plan.Plan{Project: "p", Tag: "v1", Steps: []plan.Step{step(plan.Build, "us-east-1", plan.Running, "")}})
	if text := strings.Join(r.frame(80, 24), "\n"); !strings.Contains(text, "build ce/amd64 in us-east-1") || out.Len() > 0 {
		t.Errorf("%s\n%s", text, &out)
	}
	tr.Plan(plan.Plan{Project: "p", Tag: "v1", Steps: []plan.Step{step(plan.Build, "us-east-1", plan.Done, "")}})
	if !strings.HasSuffix(out.String(), "build ce/amd64 in us-east-1  done\n") || r.ended {
		t.Errorf("%q", &out)
	}
	tr.End()
	if !r.ended {
		t.Error("the table is left")
	}
}

// TestJSONIsTheSame: what another process shows of its events is what it would show of them here.
func TestJSONIsTheSame(t *testing.T) {
	c := noon()
	var here, there bytes.Buffer
	relay := NewRelay(NewPlain(&there, time.Minute), func(line string) { there.WriteString(line + "\n") })
	far := NewJSON(relay, c.now)
	for _, s := range []Shower{NewPlain(&here, time.Minute), far} {
		large(func(d release.Desired) *Tracker { return NewTracker(s, d, c.now) })
		slog.New(NewHandler(s, slog.LevelWarn)).With("a", 1).Warn("boot test", "answer", "no\nmore")
		slog.New(NewHandler(s, slog.LevelWarn)).Info("nothing")
	}
	fmt.Fprintln(NewNotes(far, c.now), "amiship: account 1")
	here.WriteString("amiship: account 1\n")
	drop := func(b *bytes.Buffer) []string { // records have the time at which they are made
		var out []string
		for line := range strings.Lines(b.String()) {
			_, text, _ := strings.Cut(line, "  ")
			out = append(out, text)
		}
		return out
	}
	if diff := cmp.Diff(drop(&here), drop(&there)); diff != "" || !slices.Contains(drop(&here), "warn: boot test (a: 1, answer: no more)\n") {
		t.Errorf("%s\n%s", diff, &here)
	}
}
