package scenarios

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

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
	t.Parallel()
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
			if !regexp.MustCompile("BLOCKED  pending/premium\n.*" + m.shown(t, "PREPARING")).MatchString(out) {
				t.Errorf("it does not say what would be cancelled, %s:\n%s", m.shown(t, "PREPARING"), out)
			}
			args, step := approval(t, out)
			args = append(c.change(t, m, args, step), "--wait", "0s")
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
	t.Parallel()
	from := stocked(t, goods{world: somebodys("by hand", "PREPARING"), listing: "    pending: cancel\n"})
	for name, c := range map[string]struct {
		at     deed
		code   int // of the next run
		theirs string
	}{
		"before": {killedBefore, 20, "PREPARING"}, "after": {killedAfter, 75, "CANCELLED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := from.again(t)
			args, _ := approval(t, m.mustEnd(t, 20))
			at := m.counted(t, func(r *http.Request, _ []byte) bool { return r.URL.Path == "/CancelChangeSet" }, c.at)
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

// TestOnlyTheOneIsCancelled: an approval is for one run. When another user begins
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
	awsCLI(t, m.env(t, "vendor", ""), args...)
}
