package scenarios

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// somebodys is a change set that was begun before, by somebody with the portal.
func somebodys(name, status string) string {
	return "  change_sets: [{product: " + premiumProduct + ", name: " + name + ", version: \"Prometheus Premium 2.41.7\", image: Old, started: 3000h, status: " + status + "}]\n"
}

// shownOf is what a person is shown of it: whose, when, what.
func shownOf(m *market, t *testing.T, status string) string {
	t.Helper()
	set := m.sold(t).sets[0]
	return set.ID + `.*: "by hand", ` + status + `, begun ` + set.Started.UTC().Format("2006-01-02 15:04") + ` UTC, AddDeliveryOptions \(Prometheus Premium 2\.41\.7\)`
}

// TestInLineBehindSomebody: under the policy to wait, and whatever the locks,
// nothing is submitted while somebody's change set is pending; a later run goes on
// by itself.
func TestInLineBehindSomebody(t *testing.T) {
	for _, pending := range []string{"wait", "cancel"} {
		for _, locks := range []string{"strict", "fine"} {
			t.Run(pending+" "+locks, func(t *testing.T) {
				t.Parallel()
				m := newMarket(t, goods{world: somebodys("by hand", "APPLYING"), market: "locks: " + locks, listing: "    pending: " + pending + "\n"})
				if out := m.mustEnd(t, 75); !regexp.MustCompile("in line behind " + shownOf(m, t, "APPLYING")).MatchString(out) {
					t.Errorf("it does not say behind whom, %s:\n%s", shownOf(m, t, "APPLYING"), out)
				}
				if n := m.catalogCalls(t, 0); n["StartChangeSet"]+n["CancelChangeSet"] > 0 {
					t.Errorf("calls of the Catalog API: %v", n)
				}
				m.advance(t, 24*time.Hour) // theirs has ended
				if code, out := m.carryOn(t); code != 75 || len(m.sold(t).ours(premiumProduct)) != 1 {
					t.Fatalf("a day later: exit %d, want 75 and a change set\n%s", code, out)
				}
				m.advance(t, 26*time.Hour+time.Minute)
				if code, out := m.carryOn(t); code != 0 {
					t.Fatalf("two days later: exit %d\n%s", code, out)
				}
				m.soldOnce(t, premiumProduct, premiumTitle, 1)
				m.wasTheirs(t, "SUCCEEDED")
			})
		}
	}
}

// wasTheirs wants a status of the change set that was there first, and its version.
func (m *market) wasTheirs(t *testing.T, status string) {
	t.Helper()
	s := m.sold(t)
	want := map[string]int{"SUCCEEDED": 1}[status]
	if theirs := s.sets[0]; theirs.ours() || theirs.Status != status || len(s.titled(premiumProduct, "Prometheus Premium 2.41.7")) != want {
		t.Errorf("the other change set is %+v, want it %s", theirs, status)
	}
}

// TestStopsAtSomebodys: under the policy to stop, the release is blocked and says
// why; when the other is done, the same command goes on.
func TestStopsAtSomebodys(t *testing.T) {
	t.Parallel()
	m := newMarket(t, goods{world: somebodys("by hand", "PREPARING"), listing: "    pending: stop\n"})
	out := m.mustEnd(t, 20)
	if !regexp.MustCompile("BLOCKED  pending/premium\n.*"+shownOf(m, t, "PREPARING")).MatchString(out) || strings.Contains(out, "--approve") {
		t.Errorf("it does not say what stands in its way, %s, or offers to cancel it:\n%s", shownOf(m, t, "PREPARING"), out)
	}
	m.advance(t, 27*time.Hour)
	m.mustEnd(t, 75)
	m.advance(t, 26*time.Hour+time.Minute)
	m.mustEnd(t, 0)
	m.soldOnce(t, premiumProduct, premiumTitle, 1)
	m.wasTheirs(t, "SUCCEEDED")
}

var approveCommand = regexp.MustCompile(`amiship (release v2\.42\.0 --approve (cancel/premium/\w+)@(\w{16}))\b`)

// approval takes the command from what was printed.
func approval(t *testing.T, out string) (args []string, step string) {
	t.Helper()
	found := approveCommand.FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("no command that approves:\n%s", out)
	}
	return strings.Fields(found[1]), found[2]
}

// TestCancelsWhatWasApproved: the command that was printed cancels the change set
// that was shown, and submits ours; under both of the ways in which AWS may
// refuse, and both of its locks.
func TestCancelsWhatWasApproved(t *testing.T) {
	from := stocked(t, goods{world: somebodys("by hand", "PREPARING"), listing: "    pending: cancel\n"})
	for name, c := range map[string]struct {
		change func(t *testing.T, m *market, args []string, step string) []string
		code   int
		theirs string
		says   string
	}{
		"as printed": {func(_ *testing.T, _ *market, args []string, _ string) []string { return args }, 75, "CANCELLED", "Marketplace has change set"},
		"another digest": {func(_ *testing.T, _ *market, args []string, step string) []string {
			return append(args[:3:3], step+"@0123456789abcdef")
		}, 20, "PREPARING", "--approve"},
		"another set": {func(_ *testing.T, _ *market, args []string, step string) []string {
			return append(args[:3:3], strings.Replace(args[3], step, "cancel/premium/aaaaaaaaaaaaaaaaaaaaaaaaa", 1))
		}, 20, "PREPARING", "--approve"},
		"too late": {func(t *testing.T, m *market, args []string, _ string) []string {
			m.advance(t, 18*time.Hour)
			return args
		}, 75, "APPLYING", "in line behind"},
		"it has ended": {func(t *testing.T, m *market, args []string, _ string) []string {
			m.advance(t, 24*time.Hour)
			return args
		}, 75, "SUCCEEDED", "Marketplace has change set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := from.again(t)
			out := m.mustEnd(t, 20)
			if !regexp.MustCompile("BLOCKED  pending/premium\n.*" + shownOf(m, t, "PREPARING")).MatchString(out) {
				t.Errorf("it does not say what would be cancelled, %s:\n%s", shownOf(m, t, "PREPARING"), out)
			}
			args, step := approval(t, out)
			args = append(c.change(t, m, args, step), "--poll", "200ms", "--wait", "2s")
			code, out := ends(t, m.command(t, false, args...))
			if code != c.code || !strings.Contains(out, c.says) {
				t.Fatalf("amiship %s: exit %d, want %d and %q\n%s", strings.Join(args, " "), code, c.code, c.says, out)
			}
			m.wasTheirs(t, c.theirs)
			want := map[bool]int{true: 1}[c.theirs == "CANCELLED"]
			if n := m.catalogCalls(t, 0)["CancelChangeSet"]; n != want {
				t.Errorf("%d calls of CancelChangeSet, want %d", n, want)
			}
			m.carriesOn(t, c.code != 20)
		})
	}
}

// TestKilledAboutACancel: an approval is used up by what it was for. A run without
// one submits where theirs is gone, and asks again where it is not.
func TestKilledAboutACancel(t *testing.T) {
	from := stocked(t, goods{world: somebodys("by hand", "PREPARING"), listing: "    pending: cancel\n"})
	for name, c := range map[string]struct {
		at     func(*counter, http.ResponseWriter, *http.Request, []byte)
		code   int // of the next run
		theirs string
	}{
		"before": {killedBefore, 20, "PREPARING"}, "after": {killedAfter, 75, "CANCELLED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := from.again(t)
			args, _ := approval(t, m.mustEnd(t, 20))
			at := newCounter(t, m, c.at)
			at.here = func(r *http.Request, _ []byte) bool { return r.URL.Path == "/CancelChangeSet" }
			if code, out := m.runAndMaybeKill(t, at, args[2:]...); code != -1 {
				t.Fatalf("exit %d, want it killed\n%s", code, out)
			}
			m.via = ""
			if code, out := m.carryOn(t); code != c.code {
				t.Fatalf("the next run: exit %d, want %d\n%s", code, c.code, out)
			}
			m.wasTheirs(t, c.theirs)
			m.carriesOn(t, c.code == 75)
		})
	}
}

// carriesOn ends a release that was not blocked.
func (m *market) carriesOn(t *testing.T, goes bool) {
	t.Helper()
	if !goes {
		if got := m.sold(t).ours(premiumProduct); len(got) > 0 {
			t.Errorf("submitted all the same: %+v", got)
		}
		return
	}
	for range 3 {
		m.advance(t, 26*time.Hour+time.Minute)
		if code, _ := m.carryOn(t); code == 0 {
			break
		}
	}
	m.soldOnce(t, premiumProduct, premiumTitle, 1)
}

// TestOnlyTheOneIsCancelled: an approval is for one run. When somebody begins
// another change set meanwhile, it does not count for that.
func TestOnlyTheOneIsCancelled(t *testing.T) {
	t.Parallel()
	m := stocked(t, goods{world: somebodys("by hand", "PREPARING"), listing: "    pending: cancel\n"}).again(t)
	args, _ := approval(t, m.mustEnd(t, 20))
	theirs := m.sold(t).sets[0].ID
	m.cli(t, "marketplace-catalog", "cancel-change-set", "--catalog", "AWSMarketplace", "--change-set-id", theirs)
	m.cli(t, "marketplace-catalog", "start-change-set", "--catalog", "AWSMarketplace", "--change-set-name", "by hand", "--change-set",
		`[{"ChangeType": "UpdateInformation", "Entity": {"Type": "AmiProduct@1.0", "Identifier": "`+premiumProduct+`"}, "Details": "{\"ProductTitle\": \"New\"}"}]`)
	code, out := ends(t, m.command(t, false, append(args, "--poll", "200ms")...))
	if again, step := approval(t, out); code != 20 || again[3] == args[3] || strings.Contains(step, theirs) || !strings.Contains(out, "UpdateInformation") {
		t.Errorf("exit %d, want 20 and a command for the new one\n%s", code, out)
	}
	s := m.sold(t)
	if len(s.sets) != 2 || s.sets[0].Status != "CANCELLED" || s.sets[1].Status != "PREPARING" {
		t.Errorf("the change sets are %+v", s.sets)
	}
}

// cli is the AWS CLI of the vendor.
func (m *market) cli(t *testing.T, args ...string) {
	t.Helper()
	var answer any
	m.aws(t, "vendor", &answer, args...)
}

// TestLockedByWhatNoLookShows: somebody is faster between the look and the
// request. That is no failure; the next run goes on.
func TestLockedByWhatNoLookShows(t *testing.T) {
	t.Parallel()
	m := stocked(t, goods{}).again(t)
	m.run(t, "sandbox", "fault", "--state", m.state, "--action", "StartChangeSet", "--status", "423", "--code", "ResourceInUseException",
		"--message", "Requested change set has entities locked by change sets - entity: '"+premiumProduct+"'  change sets: 0123456789abcdefghijklmno.", "--times", "1")
	out := m.mustEnd(t, 75)
	if strings.Contains(out, "FAILED") || !strings.Contains(out, "0123456789abcdefghijklmno") {
		t.Errorf("a failure, or not said what it waits for:\n%s", out)
	}
	if code, out := m.carryOn(t); code != 75 || len(m.sold(t).ours(premiumProduct)) != 1 {
		t.Fatalf("the next run: exit %d, want 75 and a change set\n%s", code, out)
	}
	m.carriesOn(t, true)
}

// TestListingsDoNotWaitForEachOther: one is behind somebody's change set that
// never ends, the other is sold.
func TestListingsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	m := newMarket(t, goods{world: "  change_sets: [{product: " + premiumProduct + ", name: by hand, stuck: true}]\n"})
	m.alsoListed(t, listingOf("plus", plusProduct, "Prometheus Plus {version}", ""))
	m.mustEnd(t, 75)
	m.advance(t, 26*time.Hour+time.Minute)
	code, out := m.carryOn(t)
	if code != 75 || !strings.Contains(out, "in line behind") {
		t.Fatalf("a day later: exit %d, want 75 behind the one that is stuck\n%s", code, out)
	}
	m.soldOnce(t, plusProduct, "Prometheus Plus 2.42.0", 1)
	m.soldOnceNot(t, premiumProduct)
}

// soldOnceNot: nothing of ours has come of it.
func (m *market) soldOnceNot(t *testing.T, product string) {
	t.Helper()
	if s := m.sold(t); len(s.ours(product)) > 0 || len(s.titled(product, premiumTitle)) > 0 {
		t.Errorf("%s has %+v and %+v", product, s.ours(product), s.titled(product, premiumTitle))
	}
}
