package scenarios

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// ending says how the next change sets of the premium product end.
func ending(how string) string {
	return "  outcomes: [{product: " + premiumProduct + ", " + how + "}]\n"
}

var resubmitCommand = regexp.MustCompile(`amiship (release v2\.42\.0 --resubmit)`)

// asPrinted runs the command that offers a version again, as it was printed.
func (m *market) asPrinted(t *testing.T, out string) (code int, said string) {
	t.Helper()
	found := resubmitCommand.FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("no command that offers it again:\n%s", out)
	}
	return ends(t, m.command(t, false, append(strings.Fields(found[1]), "--wait", "0s")...))
}

// TestMarketplacesOwnFaults: a version is offered again after each, so often as the
// catalog says; then the operator has to say so.
func TestMarketplacesOwnFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults string
		days   []int // the exit code of a run on each
		sets   int
	}{
		"once":      {"times: 1", []int{75, 75, 0}, 2},
		"twice":     {"times: 2", []int{75, 75, 75, 0}, 3},
		"too often": {"times: 3", []int{75, 75, 75, 20, 20}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, goods{world: ending("status: FAILED, failure_code: SERVER_FAULT, " + c.faults), listing: "    retries: 2\n"})
			out := m.begin(t)
			for day, want := range c.days[1:] {
				m.advance(t, 26*time.Hour+time.Minute)
				code, said := m.carryOn(t)
				if out = said; code != want {
					t.Fatalf("day %d: exit %d, want %d\n%s", day+1, code, want, out)
				}
			}
			if c.days[len(c.days)-1] == 0 {
				m.soldOnce(t, premiumProduct, premiumTitle, c.sets)
				return
			}
			if n := m.sold(t).ours(premiumProduct); len(n) != c.sets || !strings.Contains(out, "3 times in a row") {
				t.Errorf("%d change sets, want %d, and that said\n%s", len(n), c.sets, out)
			}
			m.offeredAgain(t, out, c.sets+1)
		})
	}
}

// offeredAgain offers it by the printed command, and sees it sold.
func (m *market) offeredAgain(t *testing.T, out string, sets int) {
	t.Helper()
	if code, said := m.asPrinted(t, out); code != 75 {
		t.Fatalf("--resubmit: exit %d, want 75\n%s", code, said)
	}
	m.advance(t, 26*time.Hour+time.Minute)
	if code, said := m.carryOn(t); code != 0 {
		t.Fatalf("a day after: exit %d\n%s", code, said)
	}
	m.soldOnce(t, premiumProduct, premiumTitle, sets)
	// Said twice, it changes nothing.
	if code, said := m.asPrinted(t, out); code != 0 {
		t.Fatalf("--resubmit of what is sold: exit %d\n%s", code, said)
	}
	m.soldOnce(t, premiumProduct, premiumTitle, sets)
}

// TestOursIsCancelled: a user who cancels our change set has a reason. It is
// offered again when told so, and once.
func TestOursIsCancelled(t *testing.T) {
	t.Parallel()
	m := newMarket(t, goods{})
	m.begin(t)
	ours := m.sold(t).ours(premiumProduct)[0].ID
	m.cli(t, "marketplace-catalog", "cancel-change-set", "--catalog", "AWSMarketplace", "--change-set-id", ours)
	m.advance(t, time.Hour)
	code, out := m.carryOn(t)
	if code != 20 || !strings.Contains(out, "change set "+ours+" was cancelled") {
		t.Fatalf("exit %d, want 20 and which was cancelled\n%s", code, out)
	}
	m.offeredAgain(t, out, 2)
}

// TestWhatTheScanFound: the findings are shown, whether the message holds them or
// says where they are. Instant machines have nothing on their disks.
func TestWhatTheScanFound(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"url", "text"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, goods{market: "scan: disk, scan_report: " + kind})
			m.begin(t)
			m.advance(t, 21*time.Hour)
			code, out := m.carryOn(t)
			if code != 20 || !strings.Contains(out, "SCAN_ERROR") || !strings.Contains(out, "there is no sshd, so the scan can't log in") {
				t.Errorf("exit %d, want 20 and what was found\n%s", code, out)
			}
			m.nothingSold(t, 1)
		})
	}
}

// nothingSold: after so many change sets of ours.
func (m *market) nothingSold(t *testing.T, sets int) {
	t.Helper()
	if s := m.sold(t); len(s.ours(premiumProduct)) != sets || len(s.versions[premiumProduct]) != 2 {
		t.Errorf("want %d change sets and no version: %+v, %+v", sets, s.ours(premiumProduct), s.versions[premiumProduct])
	}
}

// TestRefusedUntilTheCatalogChanges: the same details are not offered again; others
// are, by the same command.
func TestRefusedUntilTheCatalogChanges(t *testing.T) {
	t.Parallel()
	m := newMarket(t, goods{world: ending(`status: FAILED, failure_code: CLIENT_ERROR, errors: [{code: INVALID_RELEASE_NOTES, message: No words.}], times: 1`)})
	m.begin(t)
	m.advance(t, 21*time.Hour)
	for range 2 {
		code, out := m.carryOn(t)
		if code != 20 || !regexp.MustCompile(`INVALID_RELEASE_NOTES: .*release_notes \(amiship\.yaml:\d+\).*No words\.`).MatchString(out) {
			t.Fatalf("exit %d, want 20 and the line of the release notes\n%s", code, out)
		}
	}
	m.nothingSold(t, 1)
	replaceIn(t, m.file(), "What is new.", "Much is new.")
	if code, out := m.carryOn(t); code != 75 {
		t.Fatalf("with other notes: exit %d, want 75\n%s", code, out)
	}
	m.advance(t, 26*time.Hour+time.Minute)
	if code, out := m.carryOn(t); code != 0 {
		t.Fatalf("a day later: exit %d\n%s", code, out)
	}
	m.soldOnce(t, premiumProduct, premiumTitle, 2)
}

// TestTheTitleIsTaken: a version of that title with another AMI is no one's to
// replace; with another title, the release goes on.
func TestTheTitleIsTaken(t *testing.T) {
	t.Parallel()
	taken := strings.Replace(marketProducts, "Premium 2.41.0", "Premium 2.42.0", 1)
	m := &market{box: worldBox(t, marketAccounts+taken+"settings: {marketplace: {"+aDay+"}}\n"), bundle: filepath.Dir(listedBundle(t, ""))}
	out := m.mustEnd(t, 20)
	if !regexp.MustCompile(`BLOCKED  title/premium\n.*"Prometheus Premium" has a version "Prometheus Premium 2\.42\.0" already, of ami-\w+`).MatchString(out) ||
		!regexp.MustCompile(`another title, .*\(amiship\.yaml:\d+\)`).MatchString(out) {
		t.Errorf("it does not say what is in the way:\n%s", out)
	}
	m.nothingSold(t, 0)
	replaceIn(t, m.file(), "Prometheus Premium {version}", "Prometheus Premium {version} again")
	m.begin(t)
	m.advance(t, 26*time.Hour+time.Minute)
	m.mustEnd(t, 0)
	m.soldOnce(t, premiumProduct, premiumTitle+" again", 1)
}
