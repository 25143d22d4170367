package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// stages that an AMI may have.
var stages = []string{
	record.StageRelease, record.StageRelease, record.StageRelease, record.StageDeprecated,
	record.StageCandidate, record.StageDemoted, record.StageDisabled, record.StageWithdrawn,
}

// complete is a model in which a release is complete.
func complete(t interface{ Fatal(...any) }, d release.Desired) *model {
	m := newModel()
	w, r := world.New(), plan.NewRun("a")
	if !carryOn(m, d, &w, &r) || m.err != nil {
		t.Fatal("not complete", m.err)
	}
	return m
}

// repaired does what repair says until it says nothing more.
func repaired(m *model, d release.Desired, check func(plan.Action)) plan.Plan {
	w, r := world.New(), plan.NewRun("r")
	for range 20 {
		m.now = m.now.Add(time.Minute)
		w.Now = m.now
		p := reconcile.Repair(d, w, r)
		if len(p.Look) > 0 {
			m.answer(&w, p.Look)
			m.silence(&w)
			continue
		}
		did := false
		for _, s := range p.Steps {
			if s.State == plan.Ready {
				check(s.Action)
				m.give(s.Action)
				did = true
			}
		}
		if !did {
			return p
		}
		w, r = world.New(), plan.NewRun("r")
	}
	panic("repair never ends")
}

// silence leaves nothing of what a region that is down would say.
func (m *model) silence(w *world.World) {
	for region, facts := range w.Regions {
		if m.down[region] {
			facts.Images.Val = nil
			w.Regions[region] = facts
		}
	}
}

// give does a step that gives something back; repair has no others.
func (m *model) give(a plan.Action) {
	if !slices.Contains([]plan.Kind{plan.PublishSnapshot, plan.Publish, plan.Share, plan.Parameter}, a.Kind()) {
		m.broken("repair does %s", a.ID)
		return
	}
	m.do(a, "r")
}

// each calls f with every image of a model, by name of its region.
func (m *model) each(f func(region string, i *world.Image)) {
	for _, region := range slices.Sorted(maps.Keys(m.images)) {
		for _, id := range slices.Sorted(maps.Keys(m.images[region])) {
			f(region, m.images[region][id])
		}
	}
}

func TestRepair(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*model)
		whole  bool // as before, in the end
		note   string
	}{
		"nothing was taken": {func(*model) {}, true, ""},
		"one is private":    {func(m *model) { m.each(func(r string, i *world.Image) { i.Public = i.Public && r != "eu-west-1" }) }, true, ""},
		"all are private, and were public": {
			func(m *model) {
				m.each(func(_ string, i *world.Image) {
					if i.Public {
						i.Public, i.Deprecated = false, m.now.AddDate(2, 0, 0)
					}
				})
			}, true, "",
		},
		"all are private": {func(m *model) { m.each(func(_ string, i *world.Image) { i.Public = false }) }, false, ""},
		"shares and parameters are gone": {
			func(m *model) { clear(m.grants); clear(m.params) }, true, "",
		},
		"deprecated by AWS": {
			func(m *model) { m.each(func(_ string, i *world.Image) { i.Deprecated = m.now.AddDate(0, 0, -1) }) }, true, "AWS has deprecated AMIs of it",
		},
		"deprecated by retirement, then private": {
			func(m *model) {
				m.each(func(r string, i *world.Image) {
					i.Tags[record.TagStage] = record.TagValue(record.StageDeprecated)
					i.Public = i.Public && r != "eu-west-1"
				})
			}, true, "",
		},
		"one is gone": {
			func(m *model) { clear(m.images["eu-west-1"]) }, false, "lacks AMIs: amiship release v1.2.3 copies them anew",
		},
		"a candidate is there": {
			func(m *model) {
				m.each(func(r string, i *world.Image) { i.Public = i.Public && r != "eu-west-1" })
				d := desired(t)
				m.add("us-east-1", world.Image{Name: "amiship-p-ce-amd64-v1.2.3-0123456789ab", State: world.Available, Tags: d.OwnTags(d.Variants[0], record.StageCandidate)})
			}, false, "is not complete",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := desired(t)
			m := complete(t, d)
			before := len(public(m))
			c.change(m)
			p := repaired(m, d, func(plan.Action) {})
			if m.err != nil {
				t.Error(m.err)
			}
			if whole := len(public(m)) == before && len(p.Steps) == 0; whole != c.whole {
				t.Errorf("%d of %d public, steps left %+v", len(public(m)), before, p.Steps)
			}
			wantNote(t, p, c.note)
		})
	}
}

func public(m *model) []string {
	var out []string
	m.each(func(region string, i *world.Image) {
		if i.Public {
			out = append(out, region+"/"+i.ID)
		}
	})
	return out
}

// TestRepairNeverLifts: whatever stages AMIs have, and whatever was taken, repair
// gives nothing to one that was withdrawn or is no longer kept, nor to any of a
// release of which one was.
func TestRepairNeverLifts(t *testing.T) {
	drawn := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		d := desired(rt)
		m := complete(rt, d)
		over := false
		m.each(func(region string, i *world.Image) {
			stage := rapid.SampledFrom(stages).Draw(rt, "stage")
			if rapid.Bool().Draw(rt, "mostly kept") {
				stage = record.StageRelease
			}
			i.Tags[record.TagStage] = record.TagValue(stage)
			i.Public = i.Public && rapid.Bool().Draw(rt, "public")
			over = over || record.Over(stage)
			drawn[stage]++
		})
		if rapid.Bool().Draw(rt, "unshared") {
			clear(m.grants)
		}
		m.down["ap-south-1"] = rapid.Bool().Draw(rt, "down")
		repaired(m, d, func(a plan.Action) {
			drawn["given"]++
			stage, _ := record.ReadTag(m.images[a.Target.Region][id(a)].Tags[record.TagStage])
			if stage != record.StageRelease && stage != record.StageDeprecated || over {
				m.broken("%s gives to %s, which is %s", a.ID, id(a), stage)
			}
		})
		if m.err != nil {
			rt.Fatal(fmt.Sprint(m.err))
		}
	})
	for _, what := range append(stages, "given") {
		if drawn[what] == 0 {
			t.Errorf("never drawn: %s", what)
		}
	}
}

// id is the AMI that a step gives something to.
func id(a plan.Action) string {
	if a.Kind() == plan.Parameter {
		return plan.As[plan.PutParameter](a).Value
	}
	return a.Image().AMI
}
