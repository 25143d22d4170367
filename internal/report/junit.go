package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"amiship/internal/plan"
)

// The elements of a JUnit report, as CI systems read them.
type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"` // seconds
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Skipped *junitMessage `xml:"skipped"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a plan as it ended: a suite for each kind of step, a case for
// each step. What failed or is blocked is a failure; what was left out, is
// waited for or was not come to is skipped.
func JUnit(w io.Writer, p plan.Plan) error {
	r := junitReport{Name: p.Project + " " + p.Tag}
	for _, kind := range kinds(p) {
		if kind.Passive() {
			continue // what holds it is a case of its own
		}
		suite := junitOf(p, kind)
		r.Tests += suite.Tests
		r.Failures += suite.Failures
		r.Skipped += suite.Skipped
		r.Suites = append(r.Suites, suite)
	}
	text, err := xml.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

func junitOf(p plan.Plan, kind plan.Kind) junitSuite {
	suite := junitSuite{Name: string(kind)}
	var took time.Duration
	for _, s := range p.Steps {
		if s.Kind() != kind {
			continue
		}
		c := junitCase{Name: string(s.ID), Class: p.Project + "." + string(kind), Time: seconds(s.Took)}
		switch s.State {
		case plan.Done:
		case plan.Failed, plan.Blocked:
			c.Failure = &junitMessage{Message: firstLine(s.Why), Type: string(s.State), Text: waysOut(p, s)}
			suite.Failures++
		default:
			c.Skipped = &junitMessage{Message: notDone(s)}
			suite.Skipped++
		}
		took += s.Took
		suite.Tests++
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = seconds(took)
	return suite
}

// waysOut is all that is said of a step that cannot go on: why, and what to type.
func waysOut(p plan.Plan, s plan.Step) string {
	lines := []string{s.Why}
	for _, b := range p.Blockers {
		if !slices.Contains(b.Holds, s.ID) {
			continue
		}
		if b.Why != s.Why {
			lines = append(lines, b.Why)
		}
		for _, r := range b.Remedies {
			lines = append(lines, fmt.Sprintf("%s: %s (%s)", r.Name, r.Command, r.Cost))
		}
	}
	return strings.Join(lines, "\n")
}

// notDone says why a step is neither done nor in trouble.
func notDone(s plan.Step) string {
	state := string(s.State)
	switch s.State {
	case plan.Skipped:
		return firstLine(s.Why)
	case plan.Ready, plan.Queued:
		state = "not come to"
	}
	return strings.TrimSuffix(state+": "+firstLine(s.Why), ": ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
