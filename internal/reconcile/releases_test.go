package reconcile_test

import (
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// commits of a catalog.
const first, second = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"

// commitsOf are those of a model's AMIs, by stage.
func commitsOf(m *model, stage string) map[string]int {
	out := map[string]int{}
	m.each(func(_ string, i *world.Image) {
		if i.Tag(record.TagStage) == stage {
			out[i.Tag(record.TagCommit)]++
		}
	})
	return out
}

// TestCommitOfWhatIsMade: an AMI has the commit of the run that made it, and keeps
// it when another run carries on.
func TestCommitOfWhatIsMade(t *testing.T) {
	for name, later := range map[string]string{"the same": first, "a later commit": second, "not saved": ""} {
		t.Run(name, func(t *testing.T) {
			m, d := newModel(), desired(t)
			d.Commit = first
			built := func(_ plan.Plan, act plan.Action) {
				if act.Kind() == plan.Copy {
					t.Fatal("copied before it was built")
				}
			}
			if runOnce(m, d, "a", 8, built) { // builds and tests both, and ends there
				t.Fatal("it is complete")
			}
			if got := commitsOf(m, record.StageCandidate); got[first] != len(d.Variants) {
				t.Fatalf("candidates have %v", got)
			}
			m.now = m.now.Add(5 * time.Minute)
			d.Commit = later
			adopts := func(p plan.Plan, act plan.Action) {
				if act.Kind() == plan.Adopt {
					t.Errorf("%s changes a candidate that is finished: %v", act.ID, act.Tags())
				}
				gateHolds(m, d)(p, act)
			}
			if !runOnce(m, d, "b", -1, adopts) || m.err != nil {
				t.Fatal("the second run did not complete", m.err)
			}
			if got := commitsOf(m, record.StageRelease); got[later] != len(d.Variants)*len(d.Targets) {
				t.Errorf("AMIs have %v, want %q", got, later)
			}
			w := world.New()
			m.answer(&w, everything(d))
			d.Commit = "3333333333333333333333333333333333333333"
			if p := reconcile.Reconcile(d, w, plan.NewRun("c")); !p.Complete() {
				t.Errorf("a later commit leaves something to do: %+v", p.Steps)
			}
		})
	}
}

// TestCommitOfARelease is that of the AMI that was made last.
func TestCommitOfARelease(t *testing.T) {
	for name, c := range map[string]struct {
		change func(m *model)
		want   string
	}{
		"of one": {func(*model) {}, first},
		"a region came later": {func(m *model) {
			m.each(func(region string, i *world.Image) {
				if region == "ap-south-1" {
					i.Created = i.Created.Add(24 * time.Hour)
					i.Tags[record.TagCommit] = record.TagValue(second)
				}
			})
		}, second},
		"a region came later, by a catalog that was not saved": {func(m *model) {
			m.each(func(region string, i *world.Image) {
				if region == "ap-south-1" {
					i.Created = i.Created.Add(24 * time.Hour)
					delete(i.Tags, record.TagCommit)
				}
			})
		}, ""},
		"an old candidate was found again": {func(m *model) {
			i := m.add("us-east-1", world.Image{State: world.Available, Tags: desired(t).OwnTags(release.Variant{Image: "ce", Arch: "amd64"}, record.StageCandidate)})
			i.Created, i.Tags[record.TagCommit] = i.Created.Add(24*time.Hour), record.TagValue(second)
		}, first},
	} {
		t.Run(name, func(t *testing.T) {
			d := desired(t)
			d.Commit = first
			m := complete(t, d)
			c.change(m)
			w := world.New()
			m.answer(&w, everything(d))
			if got := reconcile.Releases("p", w); len(got) != 1 || got[0].Commit != c.want {
				t.Errorf("got %+v, want one of %q", got, c.want)
			}
		})
	}
}

// TestStageOfARelease: one that was withdrawn is, whatever else became of its AMIs.
func TestStageOfARelease(t *testing.T) {
	d := desired(t)
	m := complete(t, d)
	n := 0
	m.each(func(_ string, i *world.Image) {
		i.Tags[record.TagStage] = record.TagValue([]string{record.StageDemoted, record.StageWithdrawn, record.StageDisabled}[n%3])
		n++
	})
	w := world.New()
	m.answer(&w, everything(d))
	if got := reconcile.Releases("p", w); len(got) != 1 || got[0].Over != record.StageWithdrawn {
		t.Errorf("got %+v, want a withdrawn one", got)
	}
}
