package view_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/view"
	"amiship/internal/world"
)

const project = "thing"

var (
	now     = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	regions = []string{"eu-west-1", "sa-east-1", "us-east-1"}
)

// image is an AMI of a release, as Amiship tags it.
func image(id, tag, variant, stage string, public bool, state string) world.Image {
	name, arch, _ := strings.Cut(variant, "/")
	d := release.Desired{Project: project, Tag: tag}
	d.Version, _ = release.ParseVersion(strings.TrimPrefix(tag, "v"))
	tags := d.OwnTags(release.Variant{Image: name, Arch: arch, Public: public}, stage)
	tags[record.TagInputs] = record.TagValue("0123")
	return world.Image{ID: id, Name: name + " " + tag, State: state, Public: public && state == world.Available && !record.Over(stage), Tags: tags, Created: now.Add(-time.Hour)}
}

// worldOf has images by region, and a region that could not be read.
func worldOf(images map[string][]world.Image, unread string) world.World {
	w := world.New()
	w.Now = now
	for _, region := range regions {
		f := world.Fact[[]world.Image]{At: now, Val: images[region]}
		if region == unread {
			f = world.Fact[[]world.Image]{At: now, Err: region + " does not answer"}
		}
		w.Regions[region] = world.Region{Images: f}
	}
	return w
}

func targets() []release.Target {
	var out []release.Target
	for _, region := range regions {
		out = append(out, release.Target{Region: region, Required: region != "sa-east-1"})
	}
	return out
}

// desired is a release of two images of which one is private.
func desired(tag string) release.Desired {
	d := release.Desired{Project: project, Tag: tag, Targets: targets()}
	for _, name := range []string{"free", "paid"} {
		d.Variants = append(d.Variants, release.Variant{
			Image: name, Arch: "amd64", Name: name + " " + tag, Public: name == "free", Build: release.Build{Region: "us-east-1"},
		})
	}
	return d
}

func step(kind plan.Change, variant int, region string, state plan.State, ami string) plan.Step {
	key := desired("v1.0.0").Variants[variant].Key(region)
	a := plan.Action{ID: plan.StepID(kind.Kind(), key), Target: key, Change: kind}
	if ami != "" {
		plan.Edit(&a, func(c *plan.CopyImage) { c.AMI = ami })
	}
	return plan.Step{Action: a, State: state, Required: region != "sa-east-1", Why: "why of " + string(state)}
}

func cell(t *testing.T, r view.Release, variant, region string) view.AMI {
	t.Helper()
	i := slices.IndexFunc(r.AMIs, func(a view.AMI) bool { return a.Variant == variant && a.Region == region })
	if i < 0 {
		t.Fatalf("no %s in %s among %v", variant, region, r.AMIs)
	}
	return r.AMIs[i]
}

// TestCells: each state of an AMI of an open release is told by its steps.
func TestCells(t *testing.T) {
	build := func(state plan.State) plan.Step { return step(plan.BuildCandidate{}, 0, "us-east-1", state, "") }
	test := func(state plan.State) plan.Step { return step(plan.BootTest{}, 0, "us-east-1", state, "") }
	copied := func(state plan.State, ami string) plan.Step {
		return step(plan.CopyImage{}, 0, "eu-west-1", state, ami)
	}
	share := func(state plan.State) plan.Step { return step(plan.ShareImage{}, 0, "eu-west-1", state, "") }
	publish := func(state plan.State) plan.Step { return step(plan.PublishImage{}, 0, "eu-west-1", state, "") }
	for name, c := range map[string]struct {
		steps  []plan.Step
		images []world.Image
		unread string
		want   view.AMIState
		final  bool
		reason string
	}{
		"nothing yet":             {steps: []plan.Step{build(plan.Ready), test(plan.Queued), copied(plan.Queued, "")}, want: view.Missing, reason: "why of queued"},
		"it is built":             {steps: []plan.Step{build(plan.Running), test(plan.Queued), copied(plan.Queued, "")}, want: view.Building, reason: "why of queued"},
		"it is tested":            {steps: []plan.Step{build(plan.Done), test(plan.Done), copied(plan.Ready, "")}, want: view.Tested, reason: "why of ready"},
		"AWS copies it":           {steps: []plan.Step{build(plan.Done), test(plan.Done), copied(plan.Waiting, "ami-1")}, want: view.Copying, reason: "why of waiting"},
		"it is copied":            {steps: []plan.Step{copied(plan.Done, "ami-1"), share(plan.Ready), publish(plan.Queued)}, want: view.Copied, reason: "why of ready"},
		"it is shared":            {steps: []plan.Step{copied(plan.Done, "ami-1"), share(plan.Done), publish(plan.Queued)}, want: view.Shared, reason: "why of queued"},
		"it is public":            {steps: []plan.Step{copied(plan.Done, "ami-1"), share(plan.Done), publish(plan.Done)}, want: view.Public, final: true},
		"it failed for good":      {steps: []plan.Step{copied(plan.Failed, "")}, want: view.Failed, reason: "why of failed"},
		"AWS let it fail":         {steps: []plan.Step{copied(plan.Ready, "")}, images: []world.Image{failed("ami-9", "no space")}, want: view.Failed, reason: "no space"},
		"the region is unread":    {steps: []plan.Step{copied(plan.Waiting, "")}, unread: "eu-west-1", want: view.Unknown, reason: "eu-west-1 does not answer"},
		"the region is waived":    {steps: []plan.Step{waived(copied(plan.Skipped, ""))}, want: view.Waived, reason: "why of skipped"},
		"what has no step at all": {want: view.Missing},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan.Plan{Project: project, Tag: "v1.0.0", Steps: c.steps, Again: "amiship release v1.0.0"}
			v := view.New(view.Sources{
				Project: project, Targets: targets(), World: worldOf(map[string][]world.Image{"eu-west-1": c.images}, c.unread),
				Open: []view.Planned{{Tag: "v1.0.0", Desired: desired("v1.0.0"), Plan: p}},
			})
			got := cell(t, v.Releases[0], "free/amd64", "eu-west-1")
			if got.State != c.want || got.Final != c.final || !strings.HasPrefix(got.Reason, c.reason) || (c.reason == "") != (got.Reason == "") {
				t.Errorf("it is %s, final %v, %q; want %s, %v, %q", got.State, got.Final, got.Reason, c.want, c.final, c.reason)
			}
		})
	}
}

func failed(id, reason string) world.Image {
	i := image(id, "v1.0.0", "free/amd64", record.StageRelease, true, world.Failed)
	i.Reason = reason
	return i
}

func waived(s plan.Step) plan.Step {
	s.Required = false
	return s
}

// TestPrivateEndsShared: a private AMI is as it is to be when it is shared.
func TestPrivateEndsShared(t *testing.T) {
	steps := []plan.Step{step(plan.CopyImage{}, 1, "eu-west-1", plan.Done, "ami-1"), step(plan.ShareImage{}, 1, "eu-west-1", plan.Done, "")}
	v := view.New(view.Sources{
		Project: project, Targets: targets(), World: worldOf(nil, ""),
		Open: []view.Planned{{Tag: "v1.0.0", Desired: desired("v1.0.0"), Plan: plan.Plan{Tag: "v1.0.0", Steps: steps}}},
	})
	if got := cell(t, v.Releases[0], "paid/amd64", "eu-west-1"); got.State != view.Shared || !got.Final {
		t.Errorf("it is %s, final %v", got.State, got.Final)
	}
}

// TestBlockersOnce: one that holds several releases is named once, with all of them, and one
// of an open release stops, while one of the next only warns.
func TestBlockersOnce(t *testing.T) {
	blocked := func(tag string, ids ...string) plan.Plan {
		p := plan.Plan{Project: project, Tag: tag, Steps: []plan.Step{step(plan.CopyImage{}, 0, "eu-west-1", plan.Blocked, "")}}
		for _, id := range ids {
			p.Blockers = append(p.Blockers, plan.Blocker{ID: id, Why: "it is full", Holds: []plan.ID{"copy/a", "copy/b"}, Remedies: []plan.Remedy{{Name: "raise", Command: "amiship unblock " + id}}})
		}
		return p
	}
	open := []view.Planned{{Tag: "v1.0.0", Desired: desired("v1.0.0"), Plan: blocked("v1.0.0", "quota/eu-west-1")}}
	next := []plan.Plan{blocked("v1.1.0", "quota/eu-west-1", "quota/us-east-1")}
	v := view.New(view.Sources{Project: project, Targets: targets(), World: worldOf(nil, ""), Open: open, Next: next})
	if len(v.Blockers) != 2 {
		t.Fatalf("%d blockers, want 2: %v", len(v.Blockers), v.Blockers)
	}
	if b := v.Blockers[0]; !b.Now || b.Steps != 4 || !slices.Equal(b.Tags, []string{"v1.0.0", "v1.1.0"}) {
		t.Errorf("%+v does not name both releases", b)
	}
	if v.Level != view.Stopped || v.Releases[0].State != view.Held || !strings.Contains(v.Headline, "v1.0.0 is held by quota/eu-west-1") {
		t.Errorf("%s: %q, %s", v.Level, v.Headline, v.Releases[0].State)
	}
	v = view.New(view.Sources{Project: project, Targets: targets(), World: worldOf(nil, ""), Next: next})
	if v.Level != view.Warn || v.Blockers[0].Now || !strings.Contains(v.Headline, "The next release is blocked by quota/eu-west-1, quota/us-east-1") {
		t.Errorf("%s: %q", v.Level, v.Headline)
	}
}

// TestUnreadIsNotEmpty: a region that could not be read is named, and its AMIs are not counted
// as missing.
func TestUnreadIsNotEmpty(t *testing.T) {
	v := view.New(view.Sources{Project: project, Targets: targets(), World: worldOf(nil, "sa-east-1")})
	if strings.Contains(v.Headline, "no releases yet") {
		t.Errorf("%q, though not all was read", v.Headline)
	}
	if len(v.Unread) != 1 || v.Unread[0].What != "sa-east-1" || v.Level != view.Warn || !strings.Contains(v.Headline, "sa-east-1 could not be read") {
		t.Errorf("%v, %s, %q", v.Unread, v.Level, v.Headline)
	}
}

// TestNumbersAgree: for any world, the sums are those of the cells, and every release that AWS
// shows is there once, open ones first.
func TestNumbersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		images := map[string][]world.Image{}
		for n := range rapid.IntRange(0, 30).Draw(t, "images") {
			region := rapid.SampledFrom(regions).Draw(t, "region")
			tag := rapid.SampledFrom([]string{"v1.0.0", "v1.1.0", "v1.2.0"}).Draw(t, "tag")
			variant := rapid.SampledFrom([]string{"free/amd64", "paid/amd64"}).Draw(t, "variant")
			stage := rapid.SampledFrom([]string{record.StageCandidate, record.StageRelease, record.StageDeprecated, record.StageDemoted, record.StageWithdrawn}).Draw(t, "stage")
			state := rapid.SampledFrom([]string{world.Pending, world.Available, world.Failed, world.Disabled}).Draw(t, "state")
			images[region] = append(images[region], image(fmt.Sprintf("ami-%d", n), tag, variant, stage, variant == "free/amd64", state))
		}
		w := worldOf(images, "")
		v := view.New(view.Sources{Project: project, Targets: targets(), World: w})
		seen := reconcile.Releases(project, w)
		if len(seen) != len(v.Releases) {
			t.Fatalf("%d releases of %d", len(v.Releases), len(seen))
		}
		closed := false
		for _, r := range v.Releases {
			checkRelease(t, r, images)
			if r.State.IsOpen() && closed {
				t.Errorf("%s is open, and behind one that is not", r.Tag)
			}
			closed = closed || !r.State.IsOpen()
		}
	})
}

func checkRelease(t *rapid.T, r view.Release, images map[string][]world.Image) {
	public, cells := 0, 0
	for region, all := range images {
		for _, i := range all {
			if i.Tag(record.TagTag) != r.Tag || i.Tag(record.TagStage) == record.StageCandidate {
				continue
			}
			cells++
			if i.Public {
				public++
			}
			if !slices.ContainsFunc(r.AMIs, func(a view.AMI) bool { return a.ID == i.ID && a.Region == region }) {
				t.Errorf("%s of %s in %s is not there", i.ID, r.Tag, region)
			}
		}
	}
	if r.Public != public || len(r.AMIs) != cells {
		t.Errorf("%s: %d public AMIs of %d, want %d of %d", r.Tag, r.Public, len(r.AMIs), public, cells)
	}
	if r.Ready > r.Required {
		t.Errorf("%s: ready in %d of %d regions", r.Tag, r.Ready, r.Required)
	}
	for _, a := range r.AMIs {
		if !slices.Contains(view.AMIStates(), a.State) {
			t.Errorf("state %q", a.State)
		}
	}
}
