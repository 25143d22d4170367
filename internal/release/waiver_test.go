package release_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/release"
)

func TestWaivers(t *testing.T) {
	until, err := release.ParseDay("2026-12-01")
	if err != nil {
		t.Fatal(err)
	}
	west := release.Waiver{Region: "us-west-2", Until: until, Why: "fire; no\n power"}
	east := release.Waiver{Region: "eu-west-1", Until: until}
	text, err := release.WriteWaivers([]release.Waiver{west, east})
	if err != nil || text != "eu-west-1 2026-12-01 ; us-west-2 2026-12-01 fire, no power" {
		t.Errorf("%q, %v", text, err)
	}
	west.Why = "fire, no power"
	if diff := cmp.Diff([]release.Waiver{east, west}, release.ReadWaivers(text)); diff != "" {
		t.Error(diff)
	}
	if got := release.ReadWaivers("nonsense; eu-west-1 soon x; ; us-west-2"); len(got) > 0 {
		t.Errorf("read %v", got)
	}
	last := time.Date(2026, 12, 1, 23, 59, 59, 0, time.UTC)
	if !west.InForce(last) || west.InForce(last.Add(time.Second)) {
		t.Error("it is not in force until the end of the day, and no longer")
	}
	if _, err := release.ParseDay("1.12.2026"); err == nil {
		t.Error("a date of another form is taken")
	}
	west.Why = strings.Repeat("ü", 300)
	if _, err := release.WriteWaivers([]release.Waiver{west}); err == nil || !strings.Contains(err.Error(), "shorter reason") {
		t.Errorf("too long: %v", err)
	}
}

func TestShorten(t *testing.T) {
	if got := release.Shorten(" it\teats\ndisks "); got != "it eats disks" {
		t.Errorf("%q", got)
	}
	if got := len([]rune(release.TagValue(release.Shorten(strings.Repeat("ü", 999))))); got != 256 {
		t.Errorf("%d characters", got)
	}
}
