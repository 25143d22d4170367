package reconcile

import (
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// TestControlled: what is ready is held, what runs ends, what was claimed for nothing
// is given back; a plan with nothing to do asks for nothing.
func TestControlled(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	pause := world.Fact[record.Pause]{At: at, Val: record.Pause{Reason: "key leaked", By: record.Actor{ARN: "arn:ann"}, Since: at.Add(-time.Hour)}}
	over := pause
	over.Val.Until = at.Add(-time.Minute)
	unread := world.Fact[record.Pause]{At: at, Err: "no answer"}
	freeze := release.Freeze{From: at.Add(-time.Hour), To: at.Add(time.Hour), Reason: "holidays", Line: "amiship.yaml:9"}
	frozen := release.ChangeControl{Region: "us-east-1", Freezes: []release.Freeze{freeze}}
	approved, override := frozen, frozen
	approved.Approved, override.Override = freeze.Digest(), true
	none := world.Fact[record.Pause]{At: at}
	for name, c := range map[string]struct {
		control release.ChangeControl
		pause   world.Fact[record.Pause]
		state   plan.State
		why     []string // in the blockers
	}{
		"no pause":              {pause: none, state: plan.Ready},
		"paused":                {pause: pause, state: plan.Blocked, why: []string{"key leaked", "arn:ann", "until amiship resume"}},
		"over":                  {pause: over, state: plan.Ready},
		"could not be read":     {pause: unread, state: plan.Blocked, why: []string{"no answer"}},
		"frozen":                {control: frozen, pause: none, state: plan.Blocked, why: []string{"holidays", "2026-12-01 11:00 UTC", "amiship.yaml:9"}},
		"frozen and paused":     {control: frozen, pause: pause, state: plan.Blocked, why: []string{"holidays", "key leaked"}},
		"frozen, approved":      {control: approved, pause: none, state: plan.Ready},
		"approved, paused":      {control: approved, pause: pause, state: plan.Blocked, why: []string{"key leaked"}},
		"paused, overridden":    {control: override, pause: pause, state: plan.Ready},
		"unread and overridden": {control: override, pause: unread, state: plan.Ready},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan.Plan{Now: at, Steps: []plan.Step{
				{Action: plan.Action{ID: "copy/a", Change: plan.CopyImage{}}, State: plan.Running},
				{Action: plan.Action{ID: "publish/a", Change: plan.PublishImage{}}, State: plan.Ready},
				{Action: plan.Action{ID: "unclaim/a", Change: plan.EndClaim{Own: true}}, State: plan.Ready},
				{Action: plan.Action{ID: "unclaim/b", Change: plan.EndClaim{}}, State: plan.Ready},
			}}
			w := world.World{Now: at, Pause: c.pause}
			got := Controlled(p, c.control, w, plan.NewRun("me"))
			for id, want := range map[plan.ID]plan.State{"copy/a": plan.Running, "publish/a": c.state, "unclaim/a": plan.Ready, "unclaim/b": c.state} {
				if s, _ := got.Step(id); s.State != want {
					t.Errorf("%s is %s, want %s", id, s.State, want)
				}
			}
			text := ""
			for _, bl := range got.Blockers {
				text += bl.Why + "\n"
				if len(bl.Holds) != 3 || len(bl.Remedies) == 0 {
					t.Errorf("%s holds %v, remedies %v", bl.ID, bl.Holds, bl.Remedies)
				}
			}
			for _, want := range c.why {
				if !strings.Contains(text, want) {
					t.Errorf("lacks %q:\n%s", want, text)
				}
			}
			if held := len(c.why) > 0; held != got.Held || held != (text != "") {
				t.Errorf("held: %v, %q", got.Held, text)
			}
		})
	}
}

// TestAsksForAPause: with nothing to do it is not read; else before anything is done,
// and after what else can be read.
func TestAsksForAPause(t *testing.T) {
	c := release.ChangeControl{Region: "eu-west-1"}
	images := world.Query{Kind: world.LookImages, Region: "eu-west-1"}
	fetched := world.Query{Kind: world.LookPackage, Variant: "a/amd64"}
	for name, c2 := range map[string]struct {
		state plan.State
		look  []world.Query
		asks  bool
	}{
		"nothing to do":           {plan.Done, nil, false},
		"something to do":         {plan.Ready, nil, true},
		"something to do later":   {plan.Queued, nil, true},
		"images come first":       {plan.Queued, []world.Query{images}, false},
		"what only a build needs": {plan.Waiting, []world.Query{fetched}, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan.Plan{Look: c2.look, Steps: []plan.Step{{Action: plan.Action{ID: "copy/a", Change: plan.CopyImage{}}, State: c2.state}}}
			got := Controlled(p, c, world.New(), plan.NewRun("me"))
			want := len(c2.look)
			if c2.asks {
				want++
			}
			if len(got.Look) != want || c2.asks && got.Look[want-1] != (world.Query{Kind: world.LookPause, Region: "eu-west-1"}) {
				t.Errorf("reads %v", got.Look)
			}
		})
	}
}

// TestClaimedForNothing: a build that is held gives its claim back, a boot test too;
// one that runs keeps it.
func TestClaimedForNothing(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	key := release.Key{Image: "a", Arch: "amd64", Place: release.Place{Region: "us-east-1"}}
	w := world.World{Now: at, Pause: world.Fact[record.Pause]{At: at, Val: record.Pause{Reason: "r", Since: at}}}
	for name, c := range map[string]struct {
		kind  plan.Kind
		ends  []string
		state plan.State
		gives bool
	}{
		"a build":        {plan.Build, nil, plan.Ready, true},
		"a test":         {plan.Test, []string{plan.TestClaim}, plan.Ready, true},
		"one that runs":  {plan.Build, nil, plan.Running, false},
		"one that ended": {plan.Build, nil, plan.Done, false},
	} {
		t.Run(name, func(t *testing.T) {
			claim, work := plan.StepID(plan.Claim, key, c.ends...), plan.StepID(c.kind, key)
			p := plan.Plan{Steps: []plan.Step{
				{Action: plan.Action{ID: claim, Target: key, Change: plan.TakeClaim{Claim: "amiship-a"}}, State: plan.Done},
				{Action: plan.Action{ID: work, Target: key, Change: c.kind.Change()}, State: c.state},
				{Action: plan.Action{ID: "copy/a", Target: key, Change: plan.CopyImage{}}, State: plan.Queued},
			}}
			r := plan.NewRun("me")
			r.Made[claim] = plan.Made{Claim: "sg-1", Region: "us-east-1"}
			s, gives := Controlled(p, release.ChangeControl{}, w, r).Step(plan.StepID(plan.Unclaim, key, c.ends...))
			if gives != c.gives || gives && (s.State != plan.Ready || !s.Own() || plan.As[plan.EndClaim](s.Action).Group != "sg-1" || plan.As[plan.EndClaim](s.Action).Claim != "amiship-a") {
				t.Errorf("%v: %+v", gives, s)
			}
		})
	}
}
