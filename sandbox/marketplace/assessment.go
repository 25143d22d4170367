package marketplace

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/marketplace/scan"
)

// Assessment is the result of assessing the image of one version
// (docs/reference/aws.md#assessments). One is made with each scan, and when a world
// says so.
type Assessment struct {
	ID, Account, Product string
	ChangeSet            string `json:",omitempty"` // that was scanned
	Option               string `json:",omitempty"` // of the version; none before it is there
	Created, Expires     time.Time
	Controls             []Control
}

// Control is the result of one of the controls.
type Control struct {
	ID, Result string
	Errors     []ControlError `json:",omitempty"`
}

// ControlError is why a control failed.
type ControlError struct {
	Code, Message string
	Scope         []ErrorScope `json:",omitempty"`
}

// ErrorScope names a thing that an error is about: "FILE_PATH" is "/root/.ssh/authorized_keys".
type ErrorScope struct{ Name, Value string }

// Results of assessments and of controls.
const (
	pass          = "PASS"
	fail          = "FAIL"
	notExecuted   = "NOT_EXECUTED"
	exemptionPass = "EXEMPTION_PASS"
)

// notScanned are controls of what AWS's policies name and no scan here finds. AWS does
// not publish the ids of its controls: these and the scan's own are made up [?].
var notScanned = []string{"end-of-life", "malware", "vulnerabilities"}

// Assessments by id, in partition "".
var assessments = cloud.NewTable[Assessment]("marketplace.assessments")

func (a Assessment) arn() string {
	return "arn:aws:aws-marketplace:" + home + "::" + catalogName + "/Assessment/" + a.ID
}

// result is FAIL if one of the controls has failed.
func (a Assessment) result() string {
	if slices.ContainsFunc(a.Controls, func(c Control) bool { return c.Result == fail }) {
		return fail
	}
	return pass
}

// assess notes an assessment. Controls that are not among the failed ones have passed, or
// were not executed.
func (set Settings) assess(tx *cloud.Tx, a Assessment, failed map[string][]ControlError, scanned bool) {
	p, _ := products.Get(tx, "", a.Product)
	a.ID = "assessment-" + madeUp(13, a.Product, a.ChangeSet, a.Option, a.Created.String())
	a.Account, a.Expires = p.Account, a.Created.Add(set.AssessmentValid)
	for _, id := range controlIDs(failed) {
		c := Control{ID: id, Result: pass, Errors: failed[id]}
		switch {
		case len(c.Errors) > 0 && slices.Contains(p.Exempt, id):
			c.Result = exemptionPass
		case len(c.Errors) > 0:
			c.Result = fail
		case !scanned || slices.Contains(notScanned, id):
			c.Result = notExecuted
		}
		a.Controls = append(a.Controls, c)
	}
	assessments.Put(tx, "", a.ID, a)
}

// controlIDs are all controls, sorted; a world may name others.
func controlIDs(failed map[string][]ControlError) []string {
	all := slices.Concat(scan.Rules(), notScanned)
	for id := range failed {
		all = append(all, id)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// assessChange notes the assessment of a change that was scanned.
func (set Settings) assessChange(tx *cloud.Tx, s ChangeSet, c Change, found []scan.Finding, scanned bool) {
	failed := map[string][]ControlError{}
	for _, f := range found {
		scope := []ErrorScope{{"AMI_ID", parse[addDetails](c).source().AmiID}}
		if f.Path != "" {
			scope = append(scope, ErrorScope{"FILE_PATH", f.Path})
		}
		failed[f.Rule] = append(failed[f.Rule], ControlError{controlCode(f.Rule), f.Text, scope})
	}
	set.assess(tx, Assessment{Product: c.Product, ChangeSet: s.ID, Created: s.Prepared}, failed, scanned)
}

// assessFate notes the assessments of a change set whose failure the world names, as
// far as its errors are controls'.
func (set Settings) assessFate(tx *cloud.Tx, s ChangeSet, problems []Problem, at time.Time) {
	failed := map[string][]ControlError{}
	for _, p := range problems {
		if p.Control != "" {
			failed[p.Control] = append(failed[p.Control], ControlError{Code: controlCode(p.Control), Message: p.Message})
		}
	}
	if len(failed) > 0 {
		set.assess(tx, Assessment{Product: s.Changes[0].Product, ChangeSet: s.ID, Created: at}, failed, true)
	}
}

// controlCode is the error code of a control [?].
func controlCode(control string) string {
	return strings.ToUpper(strings.ReplaceAll(control, "-", "_"))
}

// unexcused are the findings that the product has no exemption for.
func (p Product) unexcused(found []scan.Finding) []scan.Finding {
	return slices.DeleteFunc(slices.Clone(found), func(f scan.Finding) bool { return slices.Contains(p.Exempt, f.Rule) })
}

// assessedAs gives the assessment of a change set the version that it has added.
func assessedAs(tx *cloud.Tx, set string, p Product, option string) {
	for id, a := range assessments.All(tx, "") {
		if a.ChangeSet == set && a.Product == p.ID {
			a.Option = option
			assessments.Put(tx, "", id, a)
		}
	}
}

// WorldAssessment is an assessment that AWS makes of a version some time after it was added.
type WorldAssessment struct {
	Product string       `yaml:"product"`         // id
	Version string       `yaml:"version"`         // title; it may be added later
	After   ec2.Age      `yaml:"after,omitempty"` // how long after the version was added
	Failed  []WorldError `yaml:"failed,omitempty"`
}

func (w WorldAssessment) load(tx *cloud.Tx, n int) error {
	if _, found := products.Get(tx, "", w.Product); !found {
		return fmt.Errorf("there is no product %q", w.Product)
	}
	if w.Version == "" {
		return errors.New("it names no version")
	}
	for _, e := range w.Failed {
		if !controlForm.MatchString(e.Control) {
			return fmt.Errorf("the control %q is not letters, digits, _ and -", e.Control)
		}
	}
	expectedAssessments.Put(tx, "", fmt.Sprintf("%06d", n), w)
	return nil
}

var controlForm = regexp.MustCompile(`^[\w-]+$`)

// due is when an assessment of a world is to be made of which version; found is false while
// there is no such version.
func (w WorldAssessment) due(tx *cloud.Tx) (at time.Time, v Version, found bool) {
	p, _ := products.Get(tx, "", w.Product)
	i := slices.IndexFunc(p.Versions, func(v Version) bool { return v.Title == w.Version })
	if i < 0 {
		return at, v, false
	}
	return p.Versions[i].Created.Add(time.Duration(w.After)), p.Versions[i], true
}

// expectedAssessments are those of the world that were not made, in partition "".
var expectedAssessments = cloud.NewTable[WorldAssessment]("marketplace.expected-assessments")

// assessDue makes those that are due. It reports whether there are any.
func (m *Marketplace) assessDue(tx *cloud.Tx, do bool) (any bool) {
	for key, w := range expectedAssessments.All(tx, "") {
		at, v, found := w.due(tx)
		if !found || tx.Now.Before(at) {
			continue
		}
		if any = true; !do {
			break
		}
		failed := map[string][]ControlError{}
		for _, e := range w.Failed {
			failed[e.Control] = append(failed[e.Control], ControlError{cmp.Or(e.Code, controlCode(e.Control)), e.Message, []ErrorScope{{"AMI_ID", v.Source.Image}}})
		}
		m.set.assess(tx, Assessment{Product: w.Product, Option: v.Option.ID, Created: at}, failed, true)
		expectedAssessments.Delete(tx, "", key)
	}
	return any
}
