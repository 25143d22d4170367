package reconcile

import (
	"cmp"
	"slices"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/retention"
	"amiship/internal/world"
)

// unused are the AMIs that nothing keeps, by whom they may be used left aside.
func (t Retire) unused(f *facts) []retention.Decision {
	t.Policy.Referenced, t.Policy.UsedByOthers = false, false
	return slices.DeleteFunc(t.decisions(f), func(d retention.Decision) bool { return d.Kept })
}

// needsOfUse asks who uses the AMIs that nothing else keeps: most are kept, and not asked about.
func (t Retire) needsOfUse(f *facts) (found findings) {
	references, usage := t.Policy.Referenced && !t.Ended, t.Policy.UsedByOthers && !t.Ended
	amis := map[string][]string{}
	for _, d := range t.unused(f) {
		amis[d.Region] = append(amis[d.Region], d.AMI)
	}
	var noReferences, noReports unshown
	for _, region := range t.Regions {
		ids, has := amis[region], f.w.Regions[region]
		if len(ids) == 0 {
			continue
		}
		if references || t.Users {
			found.include(needReferences(f, region, ids))
		}
		if usage || t.Users {
			needFresh(&found, usageOf(region), has.Usage, f.w.Now)
		}
		noReferences.add(region, has.References.Err+has.References.Val.Denied)
		noReports.add(region, has.Usage.Err+has.Usage.Val.Denied)
	}
	if !references { // else each AMI that it keeps says so
		noReferences.note(&found, "what refers to AMIs that will be retired")
	}
	if !usage {
		noReports.note(&found, "which other accounts use AMIs that will be retired")
	}
	return found
}

// unshown are the regions of which AWS did not say something, and the first reason.
type unshown struct {
	regions []string
	why     string
}

func (u *unshown) add(region, why string) {
	if why != "" {
		u.regions, u.why = append(u.regions, region), cmp.Or(u.why, why)
	}
}

func (u unshown) note(found *findings, what string) {
	switch n := len(u.regions); n {
	case 0:
	case 1:
		found.note("%s is not shown in %s: %s", what, u.regions[0], u.why)
	default:
		found.note("%s is not shown in %d regions: %s", what, n, u.why)
	}
}

func needReferences(f *facts, region string, amis []string) (found findings) {
	q, has := world.ReferencesQuery(region, amis), f.w.Regions[region].References
	unasked := func(ami string) bool { _, asked := has.Val.ByAMI[ami]; return !asked }
	if has.Known() && has.Val.Denied == "" && slices.ContainsFunc(amis, unasked) {
		found.refresh(q)
		return found
	}
	needFresh(&found, q, has, f.w.Now)
	return found
}

func usageOf(region string) world.Query { return world.Query{Kind: world.LookUsage, Region: region} }

// unreported says that AMIs are kept for want of a report: in a schedule no one reads why each is.
func (x retirement) unreported(decisions []retention.Decision) {
	n, why := 0, ""
	for _, d := range decisions {
		if d.Use.Unreported {
			n, why = n+1, cmp.Or(why, d.Why)
		}
	}
	if n > 0 {
		x.note("keep.used_by_others keeps %d: %s", n, why)
	}
}

// UsageReports has AWS report which other accounts use the AMIs that nothing else keeps, unless
// there is a report that still counts.
type UsageReports struct{ Retire }

// Reconcile lists a step for each report.
func (t UsageReports) Reconcile(w world.World, r plan.Run) plan.Plan {
	t.Users, t.Policy.UsedByOthers = false, false
	f := t.facts(w, r)
	b := newBuilder(f)
	b.apply(t.needs(f))
	if len(b.look) > 0 {
		return b.finish()
	}
	b.apply(t.needsOfUse(f))
	x := usageReports{f.subject(), t.Project}
	asked := map[string]bool{}
	for _, d := range t.decisions(f) {
		if d.Kept {
			continue
		}
		if !asked[d.Region] {
			asked[d.Region] = true
			x.needReports(d.Region)
		}
		if has := f.w.Regions[d.Region].Usage; has.Known() && has.Val.Denied == "" {
			x.decide(x.reported(d, has.Val))
		}
	}
	b.apply(*x.findings)
	return b.finish()
}

type usageReports struct {
	subject
	project string
}

func (x usageReports) needReports(region string) {
	has := x.w.Regions[region].Usage
	need(x.findings, usageOf(region), has)
	if why := has.Err + has.Val.Denied; why != "" {
		x.note("%s: usage reports can't be read, and are not made: %s", region, why)
	}
}

// reported is the step of a report. A run makes one of an AMI, once.
func (x usageReports) reported(d retention.Decision, has world.Usage) *verdict {
	key := release.Key{Image: d.Image, Arch: d.Arch, Place: release.Place{Region: d.Region}}
	s := plan.Step{State: plan.Ready, Why: d.Name, Action: plan.Action{
		ID: plan.StepID(plan.ReportUsage, key, d.AMI), Target: key, Change: plan.CreateUsageReport{
			Image: imageOf(d.Found), Token: token("usage", x.r.ID, d.AMI), Tags: plan.Tags{record.TagProject: record.TagValue(x.project)},
		},
	}}
	made, did := x.r.Changed[s.ID]
	is := func(r world.UsageReport) plan.Step {
		if out := s; did && r.Ours {
			plan.Edit(&out.Action, func(c *plan.CreateUsageReport) { c.Report = r.ID })
			return out
		}
		return s
	}
	if r, fresh := retention.FreshReport(has, d.AMI, x.w.Now); fresh {
		return decided(is(r), plan.Done, "")
	}
	if r, pending := has.Newest(d.AMI, world.Pending); pending {
		v := decided(is(r), plan.Waiting, "AWS is making the usage report "+r.ID+" of "+d.AMI)
		v.wait(s.ID, v.step.Why, usageOf(d.Region))
		return v
	}
	if r, failed := has.Newest(d.AMI, world.Erroneous); failed && did {
		return decided(is(r), plan.Skipped, "AWS could not make the usage report "+r.ID+": "+r.Reason)
	}
	if did && x.w.Now.Sub(made.At) >= shownWithin {
		return decided(s, plan.Skipped, "AWS does not show the usage report that this run requested")
	}
	return &verdict{step: s}
}

// DeleteReports deletes usage reports of the project.
type DeleteReports struct {
	Project string
	Regions []string
	IDs     map[string]bool
}

// Reconcile lists a step for each.
func (t DeleteReports) Reconcile(w world.World, r plan.Run) plan.Plan {
	f := newFacts(release.Desired{Project: t.Project}, w, r).continuedBy("amiship sweep")
	x := f.subject()
	for _, region := range t.Regions {
		x.deleteReports(region, func(r world.UsageReport) bool { return t.IDs[r.ID] })
	}
	b := newBuilder(f)
	b.apply(*x.findings)
	return b.finish()
}

// deleteReports deletes usage reports of the project. A caller who may not read them has made none.
func (x subject) deleteReports(region string, which func(world.UsageReport) bool) {
	has := x.w.Regions[region].Usage
	need(x.findings, usageOf(region), has)
	if has.Missed() {
		x.note("%s: usage reports that are left are not deleted: %s", region, has.Err)
	}
	for _, r := range has.Val.Reports {
		if !r.Ours || !which(r) {
			continue
		}
		key := release.Key{Place: release.Place{Region: region}}
		x.add(plan.Step{State: plan.Ready, Required: true, Why: "usage report of " + r.AMI, Action: plan.Action{
			ID: plan.StepID(plan.DeleteReport, key, r.ID), Target: key, Change: plan.DeleteUsageReport{Image: plan.Image{AMI: r.AMI}, Report: r.ID},
		}})
	}
}
