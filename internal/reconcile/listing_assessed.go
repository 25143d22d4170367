package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// assessedVersion is a version that buyers can get, and its newest assessment.
type assessedVersion struct {
	world.Version
	world.Assessment
}

// assessedVersions are those of a product that have an assessment, the newest version first.
func assessedVersions(l world.Listing) []assessedVersion {
	var out []assessedVersion
	for _, v := range l.Entity.Val.Versions {
		for _, a := range l.Assessments.Val {
			if v.Offered() && slices.ContainsFunc(v.Options, func(o world.Option) bool { return o.ID == a.Option && o.Visibility != world.VisibleRestricted }) {
				out = append(out, assessedVersion{v, a})
			}
		}
	}
	slices.SortStableFunc(out, func(x, y assessedVersion) int { return y.Version.Created.Compare(x.Version.Created) })
	return out
}

// assessed: what Marketplace has found in versions that buyers can get, since it was published.
// A failed assessment is a blocker that holds no step: the release that clears it must go
// through.
func (x listings) assessed(l *listing) {
	if l.state.Entity.Val.Offered() == 0 {
		return
	}
	need(x.findings, world.Query{Kind: world.LookAssessments, Listing: l.Name}, l.state.Assessments)
	if l.state.Assessments.Missed() {
		x.note("%s: Marketplace's assessments of its versions could not be read: %s", l.Name, l.state.Assessments.Err)
	}
	all := assessedVersions(l.state)
	failed := slices.DeleteFunc(slices.Clone(all), func(v assessedVersion) bool { return !v.Failed })
	if len(failed) == 0 {
		return
	}
	bl := plan.Blocker{ID: "assessment/" + l.Name, Holds: []plan.ID{}}
	var why []string
	var versions []world.Version
	for _, v := range failed {
		need(x.findings, controlsQuery(l.Name, v.Assessment.ID), x.w.Assessments[v.Assessment.ID])
		why = append(why, strings.Join(x.failedAssessment(v), "\n"))
		versions = append(versions, v.Version)
		if bl.Since.IsZero() || v.Assessment.Created.Before(bl.Since) {
			bl.Since = v.Assessment.Created
		}
	}
	bl.Why = strings.Join(why, "\n")
	if all[0].Failed {
		bl.Remedies = append(bl.Remedies, plan.Remedy{
			Name: "patch", Command: "change what has failed, then release a new tag: an AMI cannot be changed", Words: true,
			Cost: "buyers get it beside this version, which can be restricted then",
		})
	}
	bl.Remedies = append(bl.Remedies, x.restrictFailed(l, versions))
	x.blockers = append(x.blockers, bl)
}

func controlsQuery(listing, id string) world.Query {
	return world.Query{Kind: world.LookAssessment, Listing: listing, ID: id}
}

// failedAssessment says what has failed in a version, and what to change.
func (f *facts) failedAssessment(v assessedVersion) []string {
	out := []string{fmt.Sprintf("Marketplace's assessment of %q failed %s: Marketplace may restrict it", v.Title, plan.Moment(v.Assessment.Created))}
	controls := f.w.Assessments[v.Assessment.ID]
	if controls.Missed() {
		out = append(out, "which controls could not be read: "+controls.Err)
	}
	return append(out, controlTexts(controls.Val)...)
}

// controlTexts says of controls what has failed, and what to change.
func controlTexts(all []world.Control) []string {
	var out []string
	for _, c := range all {
		var what []string
		for _, e := range c.Errors {
			text := cmp.Or(e.Message, e.Code)
			if len(e.Scope) > 0 {
				text += " (" + strings.Join(e.Scope, ", ") + ")"
			}
			what = append(what, text)
		}
		out = append(out, fmt.Sprintf("control %s: %s; %s", c.ID, cmp.Or(strings.Join(what, "; "), "failed"), marketplace.ExplainControl(c.ID)))
	}
	return out
}

// restrictFailed restricts versions that have failed, as far as that leaves one for buyers.
func (x listings) restrictFailed(l *listing, failed []world.Version) plan.Remedy {
	slices.Reverse(failed) // the oldest first
	chosen := fitting(l.notLast(failed), len(failed))
	if len(chosen) == 0 {
		return plan.Remedy{Name: "restrict", Cost: "not now: it is the last version that buyers can get; release a patch first"}
	}
	remedy, found := x.restrictAlone(l, "assessment/"+l.Name, "by", chosen)
	x.include(found)
	return remedy
}

// Assessed is a version of a product that Marketplace has assessed.
type Assessed struct {
	Title   string    `json:"title"`
	Failed  bool      `json:"failed"`
	Created time.Time `json:"created,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
	Soon    bool      `json:"soon"`          // it expires soon, or has expired
	Why     []string  `json:"why,omitempty"` // what has failed, and what to change
}

// FailedAssessments are queries for what has failed in versions that buyers can get.
func FailedAssessments(listing string, w world.World) []world.Query {
	var out []world.Query
	for _, v := range assessedVersions(w.Listings[listing]) {
		if v.Failed {
			out = append(out, controlsQuery(listing, v.Assessment.ID))
		}
	}
	return out
}

// listedAssessments are those of the versions that buyers can get.
func (f *facts) listedAssessments(l release.Listing) []Assessed {
	var out []Assessed
	for _, v := range assessedVersions(f.w.Listings[l.Name]) {
		a := Assessed{Title: v.Title, Failed: v.Failed, Created: v.Assessment.Created, Expires: v.Expires}
		a.Soon = !v.Expires.IsZero() && v.Expires.Sub(f.w.Now) <= l.AssessmentNotice
		if v.Failed {
			a.Why = f.failedAssessment(v)[1:]
		}
		out = append(out, a)
	}
	return out
}
