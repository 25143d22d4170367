package release

import (
	"strings"
	"testing"
	"time"

	"amiship/internal/record"
)

// TestReadableTags: what Amiship writes can be read; what is like it, and is not it,
// is named.
func TestReadableTags(t *testing.T) {
	day, err := record.ParseDay("2026-12-01")
	if err != nil {
		t.Fatal(err)
	}
	waivers, err := record.WriteWaivers([]record.Waiver{{Region: "eu-west-1", Until: day, Why: "down; since noon"}, {Region: "us-west-2", Until: day}})
	if err != nil {
		t.Fatal(err)
	}
	d := Desired{Project: "p", Tag: "v1.2.3", BuildNumber: 4, Version: Version{Text: "1.2.3"}}
	own := d.OwnTags(Variant{Image: "p", Arch: "amd64", Public: true}, record.StageRelease)
	own[record.TagRetired], own[record.TagWaived] = record.TagValue(time.Now().UTC().Format(time.RFC3339)), record.TagValue(waivers)
	if bad, ok := ReadableTags(own); !ok {
		t.Errorf("of our own: %s", bad)
	}
	for _, tags := range []map[string]string{
		nil,
		{"Keep": "1:yes"},
		{record.TagWaived: "1:"},
		{record.TagTested: "1:perhaps"},
		{record.TagAlive: "1:lately"},
	} {
		if bad, ok := ReadableTags(tags); !ok {
			t.Errorf("%v: %s", tags, bad)
		}
	}
	for key, values := range map[string][]string{
		record.TagRetired: {"1:", "", "1:2026-11-24", "1:2026-11-24 12:00", "1:yesterday", "x:2026-11-24T12:00:00Z", "-1:2026-11-24T12:00:00Z"},
		record.TagStage:   {"1:", "1:withdrawm", "1:Withdrawn", "1:withdrawn ", "1:released"},
		record.TagBuild:   {"1:", "1:-1", "1:one", "1:1.0"},
		record.TagVersion: {"1:", "1:latest"},
		record.TagWaived:  {"1:eu-west-1", "1:eu-west-1 tomorrow down", "1:eu-west-1 2026-12-01 down; us-west-2", "1:; eu-west-1 2026-12-01 down"},
	} {
		for _, value := range values {
			bad, ok := ReadableTags(map[string]string{key: value})
			if ok || bad.Key != key || bad.Value != value || !strings.Contains(bad.String(), key) {
				t.Errorf("%s %q: ok %v, %s", key, value, ok, bad)
			}
		}
	}
}

// TestSchemaOfATag: a schema is a number without a sign.
func TestSchemaOfATag(t *testing.T) {
	for text, want := range map[string]int{"1:p": 1, "0:p": 0, "7:p": 7, "-1:p": 0, "+1:p": 0, " 1:p": 0, "p": 0, "": 0, ":p": 0, "99999999999:p": 0} {
		if value, schema := record.ReadTag(text); schema != want || want == 0 && text != "0:p" && value != text {
			t.Errorf("%q: %q, schema %d", text, value, schema)
		}
	}
}
