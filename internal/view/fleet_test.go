package view_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"amiship/internal/view"
)

func inAccount(project, account string, q ...view.Quota) view.View {
	v := view.View{Project: project, Quotas: q, EveryDays: 2}
	v.AWS = view.AWS{Partition: "aws", Account: account}
	v.Read.At = now
	return v
}

// TestTogether: what projects take from the quota of one account is counted once, and that of
// another account, or of one that is unknown, is left as it is.
func TestTogether(t *testing.T) {
	quota := view.Quota{Region: "eu-west-1", Limit: 20, Used: 8, Reserved: 2, Each: 2, ReleasesLeft: 5}
	blocker := func(tag string, need int) view.Blocker {
		return view.Blocker{ID: "quota/eu-west-1", Tags: []string{tag}, Now: true, Steps: 1, Need: need}
	}
	server := inAccount("server", "111111111111", quota, view.Quota{Region: "sa-east-1", Limit: 5, Each: 2, ReleasesLeft: 2})
	server.Blockers = []view.Blocker{blocker("v1", 2), {ID: "clock", Tags: []string{"v1"}}}
	agent := inAccount("agent", "111111111111", view.Quota{Region: "eu-west-1", Limit: 20, Used: 9, Reserved: 4, Each: 1, ReleasesLeft: 7})
	agent.Blockers = []view.Blocker{blocker("v7", 1)}
	other, unknown := inAccount("other", "222222222222", quota), inAccount("unknown", "", quota)
	other.Blockers, unknown.Blockers = server.Blockers, server.Blockers
	f := view.Together(view.Header{}, []view.View{server, other, agent, unknown})

	until := now.Add(time.Duration(5.0 / 1.5 * 24 * float64(time.Hour)))
	want := []view.Account{{
		Account: "111111111111", Partition: "aws", Projects: []string{"server", "agent"},
		Quotas:   []view.Quota{{Region: "eu-west-1", Limit: 20, Used: 9, Reserved: 6, Each: 3, ReleasesLeft: 1, Until: until}},
		Blockers: []view.Blocker{{ID: "quota/eu-west-1", Tags: []string{"server v1", "agent v7"}, Now: true, Steps: 2, Need: 3}},
	}}
	if diff := cmp.Diff(want, f.Accounts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(view.Quota{Region: "eu-west-1", Limit: 20, Used: 9, Reserved: 6, Each: 1, ReleasesLeft: 5, Until: until}, f.Views[2].Quotas[0]); diff != "" {
		t.Error(diff)
	}
	for i, alone := range map[int]view.View{1: other, 3: unknown} {
		if diff := cmp.Diff(alone, f.Views[i]); diff != "" {
			t.Error(diff)
		}
	}
	if left, where := f.Views[0].Least(); left != 2 || where != "eu-west-1" && where != "sa-east-1" {
		t.Errorf("%d in %s", left, where)
	}
	if server.Quotas[0].Reserved != 2 {
		t.Error("the view that was given has changed")
	}
}

// TestTogetherNeverPromisesMore: beside others there is never more than alone, and all of them
// together fit where each is told that it fits as often as the account's row says.
func TestTogetherNeverPromisesMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var views []view.View
		limit, used := rapid.IntRange(0, 50).Draw(t, "limit"), rapid.IntRange(0, 50).Draw(t, "used")
		for range rapid.IntRange(2, 4).Draw(t, "projects") {
			q := view.Quota{Region: "eu-west-1", Limit: limit, Used: used, Reserved: rapid.IntRange(0, 9).Draw(t, "reserved"), Each: rapid.IntRange(1, 6).Draw(t, "each")}
			q.ReleasesLeft = max(0, limit-used-q.Reserved) / q.Each
			views = append(views, inAccount(string(rune('a'+len(views))), "111111111111", q))
		}
		f := view.Together(view.Header{}, views)
		all, needs := f.Accounts[0].Quotas[0], 0
		for i, v := range f.Views {
			q := v.Quotas[0]
			needs += q.Each * all.ReleasesLeft
			if q.ReleasesLeft > views[i].Quotas[0].ReleasesLeft || q.ReleasesLeft < all.ReleasesLeft {
				t.Fatalf("%s: %d alone, %d beside the others, %d of each", v.Project, views[i].Quotas[0].ReleasesLeft, q.ReleasesLeft, all.ReleasesLeft)
			}
		}
		if all.ReleasesLeft > 0 && used+all.Reserved+needs > limit {
			t.Fatalf("%d of each do not fit: %+v", all.ReleasesLeft, all)
		}
	})
}

// TestFleetHeadline: the most urgent comes first.
func TestFleetHeadline(t *testing.T) {
	at := func(project string, l view.Level) view.View { return view.View{Project: project, Level: l} }
	f := view.Together(view.Header{}, []view.View{at("a", view.OK), at("b", view.Stopped), at("c", view.Working), at("d", view.Stopped)})
	if f.Headline != "b, d need a person. c is under way. a is well." || f.Level != view.Stopped {
		t.Errorf("%s: %s", f.Level, f.Headline)
	}
}
