package retention

import (
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// next finds the step that comes after an AMI's stage. A stage is written before
// what it names is done: where that is missing, a run has died in between, and
// the step is due again.
func (d *Decision) next(now time.Time, g release.Grace) {
	i := d.Found
	d.Next, d.Due = plan.Deprecate, now
	switch {
	case d.Retired.IsZero():
		d.Next = redo(d.Stage)
	case d.Stage == record.StageDeprecated && deprecated(i, d.Retired.Add(g.Deprecate), now):
		d.Next, d.Due = plan.Demote, d.Retired.Add(g.Demote)
	case d.Stage == record.StageDemoted && i.Public:
		d.Next = plan.Demote
	case d.Stage == record.StageDemoted:
		d.Next, d.Due = plan.Disable, d.Retired.Add(g.Disable)
	case d.Stage == record.StageDisabled && i.State != world.Disabled:
		d.Next = plan.Disable
	case d.Stage == record.StageDisabled:
		d.Next, d.Due = plan.Remove, d.Retired.Add(g.Deregister)
	}
}

// redo is the step that leads to a stage: it writes down when it was done.
func redo(stage string) plan.Kind {
	switch stage {
	case record.StageDemoted:
		return plan.Demote
	case record.StageDisabled:
		return plan.Disable
	}
	return plan.Deprecate
}

// lateBy is how much later than requested AWS may show a date: what comes too late
// is put off by minutes, and AWS rounds.
const lateBy = 5 * time.Minute

// deprecated reports whether AWS shows customers a date that is not too late. Two
// years after its creation AWS deprecates a public AMI by itself.
func deprecated(i world.Image, due, now time.Time) bool {
	latest := due
	if now.After(latest) {
		latest = now
	}
	return !i.Deprecated.IsZero() && !i.Deprecated.After(latest.Add(lateBy))
}

// DeprecatedFrom is the date that customers see once the AMI is deprecated.
func (d *Decision) DeprecatedFrom(now time.Time, g release.Grace) time.Time {
	since := d.Retired
	if since.IsZero() {
		since = now
	}
	return since.Add(g.Deprecate)
}

// Tags are the tags that are written before a step: the stage, and when all this
// began.
func Tags(i world.Image, k plan.Kind, now time.Time) map[string]string {
	stages := map[plan.Kind]string{
		plan.Deprecate: record.StageDeprecated, plan.Demote: record.StageDemoted, plan.Disable: record.StageDisabled,
	}
	since := i.Tag(record.TagRetired)
	if since == "" {
		since = now.UTC().Format(time.RFC3339)
	}
	return map[string]string{record.TagStage: record.TagValue(stages[k]), record.TagRetired: record.TagValue(since)}
}
