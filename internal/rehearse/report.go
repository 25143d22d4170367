package rehearse

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/terminal"
)

// Phase is a part of the rehearsal, and how it went.
type Phase struct {
	Name    string        `json:"name"`
	Variant string        `json:"variant,omitempty"` // "ce/arm64", if it is about one
	Result  string        `json:"result"`
	Took    time.Duration `json:"-"` // took_seconds
}

// Report is how a rehearsal went.
type Report struct {
	Title    string        `json:"title"`
	Standins []Standin     `json:"standins,omitempty"`
	Phases   []Phase       `json:"phases"`
	Releases []Release     `json:"releases"`
	Total    time.Duration `json:"-"` // total_seconds
}

// Release is how one release went.
type Release struct {
	Tag    string    `json:"tag"`
	Plan   plan.Plan `json:"plan"` // as `amiship release` left it
	Phases []Phase   `json:"phases"`
	Notes  []string  `json:"notes"`
	// Listings are the steps of its listings, once Marketplace was done.
	Listings []plan.Step `json:"listings,omitempty"`
	// Verified is what `amiship verify` printed.
	Verified string `json:"verified"`

	desired release.Desired
}

// MarshalJSON writes durations in seconds.
func (p Phase) MarshalJSON() ([]byte, error) {
	type plain Phase
	return json.Marshal(struct {
		plain
		TookSeconds float64 `json:"took_seconds"`
	}{plain(p), p.Took.Seconds()})
}

func (r *Report) add(name, result string, since time.Time) {
	r.Phases = append(r.Phases, Phase{Name: name, Result: result, Took: time.Since(since)})
}

func (r *Release) add(name, result string, since time.Time) {
	r.Phases = append(r.Phases, Phase{Name: name, Result: result, Took: time.Since(since)})
}

// addSteps notes how long the steps of the release took: each, where they are
// long and a variant has one of a kind; else the slowest.
func (r *Release) addSteps() {
	byKind := map[plan.Kind][]plan.Step{}
	var kinds []plan.Kind
	for _, s := range r.Plan.Steps {
		if s.Took == 0 {
			continue
		}
		if byKind[s.Kind()] == nil {
			kinds = append(kinds, s.Kind())
		}
		byKind[s.Kind()] = append(byKind[s.Kind()], s)
	}
	for _, kind := range kinds {
		r.addKind(kind, byKind[kind])
	}
}

func (r *Release) addKind(kind plan.Kind, steps []plan.Step) {
	variants := map[string]bool{}
	slowest := steps[0]
	for _, s := range steps {
		variants[s.Target.Variant()] = true
		if s.Took > slowest.Took {
			slowest = s
		}
	}
	if len(steps) > len(variants) || slowest.Took < time.Second {
		result := fmt.Sprintf("the slowest of %d: %s", len(steps), strings.TrimPrefix(string(slowest.ID), string(kind)+"/"))
		r.Phases = append(r.Phases, Phase{Name: "  " + string(kind), Result: result, Took: slowest.Took})
		return
	}
	for _, s := range steps {
		r.Phases = append(r.Phases, Phase{Name: "  " + string(kind), Variant: s.Target.Variant(), Took: s.Took})
	}
}

// noteEmulation says which machines ran by emulation, and how long.
func (r *Release) noteEmulation() {
	for _, v := range r.desired.Variants {
		if v.Arch == runtime.GOARCH {
			continue
		}
		var parts []string
		for _, p := range r.Phases {
			if p.Variant == v.Image+"/"+v.Arch && p.Took >= time.Second {
				parts = append(parts, fmt.Sprintf("%s %.1f s", strings.TrimSpace(p.Name), p.Took.Seconds()))
			}
		}
		if len(parts) > 0 {
			r.Notes = append(r.Notes, fmt.Sprintf("%s/%s ran by emulation: %s", v.Image, v.Arch, strings.Join(parts, ", ")))
		}
	}
}

// Write writes the report for people: what each part took and came to.
func (r Report) Write(w io.Writer) {
	fmt.Fprintf(w, "\nRehearsal of %s\n\n", r.Title)
	phases(w, r.Phases)
	for _, s := range r.Standins {
		fmt.Fprintf(w, "  STAND-IN  %s is not the real package: %s made it\n", s.Name, s.Program)
	}
	for _, rel := range r.Releases {
		rel.write(w)
	}
	fmt.Fprintf(w, "\n  in all %s\n", seconds(r.Total))
}

func (r Release) write(w io.Writer) {
	fmt.Fprintf(w, "\n%s %s\n\n", r.desired.Project, r.Tag)
	if len(r.Plan.Steps) > 0 {
		report.AMIs(w, report.Part{Desired: r.desired, Plan: r.Plan})
		report.Listings(w, plan.Plan{Steps: r.Listings})
		report.Trouble(w, r.Plan)
		fmt.Fprintln(w)
	}
	phases(w, r.Phases)
	if r.Verified != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimRight(r.Verified, "\n"))
	}
	for _, note := range slices.Compact(slices.Clone(r.Notes)) {
		fmt.Fprintln(w, "  note:", note)
	}
}

func phases(w io.Writer, all []Phase) {
	t := terminal.NewTable(w)
	for _, p := range all {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", p.Name, seconds(p.Took), strings.TrimSpace(p.Variant+"  "+p.Result))
	}
	t.Flush()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%6.1f s", d.Seconds()) }
