package reconcile

import (
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// settled is after what time AWS shows the AMI that a snapshot belongs to.
const settled = time.Hour

// deleteSnapshots deletes what is left of AMIs that were deregistered.
func (x sweep) deleteSnapshots(region string) {
	steps, found := leftSnapshots(x.facts, region, func(world.Snapshot) bool { return true })
	x.include(found)
	for _, s := range steps {
		x.add(s)
	}
}

// leftSnapshots are the steps that delete the project's snapshots in a region whose AMI was
// deregistered, and that AWS has not deleted with it. Each is asked for by the AMI
// that it names: one that names none, or whose AMI can be restored, is left alone.
func leftSnapshots(f *facts, region string, which func(world.Snapshot) bool) (steps []plan.Step, found findings) {
	all := f.w.Regions[region].Snapshots
	if !f.w.Regions[region].Images.Known() {
		return nil, found
	}
	need(&found, world.Query{Kind: world.LookSnapshots, Region: region}, all)
	if all.Missed() {
		found.note("%s: snapshots that are left of deregistered AMIs are not deleted: %s", region, all.Err)
	}
	for _, s := range all.Val {
		if !unneeded(f, region, s) || !which(s) {
			continue
		}
		tag := func(key string) string { v, _ := record.ReadTag(s.Tags[key]); return v }
		key := release.Key{Image: tag(record.TagImage), Arch: tag(record.TagArch), Place: release.Place{Region: region}}
		steps = append(steps, plan.Step{State: plan.Ready, Required: true, Why: "snapshot of " + s.AMI + ", which is deregistered", Action: plan.Action{
			ID: plan.StepID(plan.DeleteSnapshot, key, s.ID), Target: key,
			Change: plan.DeleteSnapshots{Image: plan.Image{AMI: s.AMI, Snapshots: []string{s.ID}}},
		}})
	}
	return steps, found
}

// unneeded reports whether nothing needs a snapshot any longer.
func unneeded(f *facts, region string, s world.Snapshot) bool {
	project, schema := record.ReadTag(s.Tags[record.TagProject])
	ours := project == f.d.Project && schema <= record.Schema && s.AMI != "" && !s.Binned
	return ours && f.w.Now.Sub(s.Started) > settled && !slices.ContainsFunc(f.w.Regions[region].Images.Val, func(i world.Image) bool {
		return i.ID == s.AMI && !f.r.Removed[i.ID] || slices.Contains(i.Snapshots, s.ID)
	})
}
