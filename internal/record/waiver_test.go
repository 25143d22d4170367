package record_test

import (
	"strings"
	"testing"
	"time"

	"amiship/internal/record"

	"github.com/google/go-cmp/cmp"
)

func TestWaivers(t *testing.T) {
	until, err := record.ParseDay("2026-12-01")
	if err != nil {
		t.Fatal(err)
	}
	west := record.Waiver{Region: "us-west-2", Until: until, Why: "fire; no\n power"}
	east := record.Waiver{Region: "eu-west-1", Until: until}
	text, err := record.WriteWaivers([]record.Waiver{west, east})
	if err != nil || text != "eu-west-1 2026-12-01 ; us-west-2 2026-12-01 fire, no power" {
		t.Errorf("%q, %v", text, err)
	}
	west.Why = "fire, no power"
	if diff := cmp.Diff([]record.Waiver{east, west}, record.ReadWaivers(text)); diff != "" {
		t.Error(diff)
	}
	if got := record.ReadWaivers("nonsense; eu-west-1 soon x; ; us-west-2"); len(got) > 0 {
		t.Errorf("read %v", got)
	}
	last := time.Date(2026, 12, 1, 23, 59, 59, 0, time.UTC)
	if !west.InForce(last) || west.InForce(last.Add(time.Second)) {
		t.Error("it is not in force until the end of the day, and no longer")
	}
	if _, err := record.ParseDay("1.12.2026"); err == nil {
		t.Error("a date of another form is taken")
	}
	west.Why = strings.Repeat("ü", 300)
	if _, err := record.WriteWaivers([]record.Waiver{west}); err == nil || !strings.Contains(err.Error(), "shorter reason") {
		t.Errorf("too long: %v", err)
	}
}

func TestShorten(t *testing.T) {
	if got := record.Shorten(" it\teats\ndisks "); got != "it eats disks" {
		t.Errorf("%q", got)
	}
	if got := len([]rune(record.TagValue(record.Shorten(strings.Repeat("ü", 999))))); got != 256 {
		t.Errorf("%d characters", got)
	}
}
