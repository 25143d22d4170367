package plan

import (
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// next finds the step that comes after an AMI's stage. A stage is written before
// what it stands for is done: where that is missing, a run has died in between, and
// the step is due again.
func (f *Fate) next(now time.Time, g release.Grace) {
	i := f.image
	f.Next, f.Due = Deprecate, now
	switch {
	case f.Retired.IsZero():
		f.Next = redo(f.Stage)
	case f.Stage == release.StageDeprecated && deprecated(i, f.Retired.Add(g.Deprecate), now):
		f.Next, f.Due = Demote, f.Retired.Add(g.Demote)
	case f.Stage == release.StageDemoted && i.Public:
		f.Next = Demote
	case f.Stage == release.StageDemoted:
		f.Next, f.Due = Disable, f.Retired.Add(g.Disable)
	case f.Stage == release.StageDisabled && i.State != world.Disabled:
		f.Next = Disable
	case f.Stage == release.StageDisabled:
		f.Next, f.Due = Remove, f.Retired.Add(g.Deregister)
	}
}

// redo is the step that leads to a stage: it writes down when it was done.
func redo(stage string) Kind {
	switch stage {
	case release.StageDemoted:
		return Demote
	case release.StageDisabled:
		return Disable
	}
	return Deprecate
}

// lateBy is how much later than asked for AWS may show a date: what comes too late
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

// action is the next step of a fate.
func (f *Fate) action(now time.Time, g release.Grace) Action {
	act := replacing(f.Next, release.Key{Image: f.Image, Arch: f.Arch, Place: release.Place{Region: f.Region}}, f.image)
	if f.Next != Remove {
		act.Tags = staged(f.image, f.Next, now)
	}
	act.Snapshots = f.image.Snapshots
	act.Launched = Launched(f.image)
	if f.Next == Deprecate {
		since := f.Retired
		if since.IsZero() {
			since = now
		}
		act.Value = since.Add(g.Deprecate).UTC().Format(time.RFC3339)
	}
	return act
}

// staged are the tags that are written before a step: the stage, and when all this
// began.
func staged(i world.Image, k Kind, now time.Time) map[string]string {
	stages := map[Kind]string{
		Deprecate: release.StageDeprecated, Demote: release.StageDemoted, Disable: release.StageDisabled,
	}
	since := i.Tag(release.TagRetired)
	if _, err := time.Parse(time.RFC3339, since); err != nil {
		since = now.UTC().Format(time.RFC3339)
	}
	return map[string]string{release.TagStage: release.TagValue(stages[k]), release.TagRetired: release.TagValue(since)}
}

// Launched is when somebody last started an AMI, or "never": a step that takes it
// away rests on that.
func Launched(i world.Image) string {
	if i.LastLaunched.IsZero() {
		return "never"
	}
	return i.LastLaunched.UTC().Format(time.RFC3339)
}
