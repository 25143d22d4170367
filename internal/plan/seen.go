package plan

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"amiship/internal/record"
	"amiship/internal/world"
)

// Seen is the digest of an image that a step carries; apply compares it with
// what it reads just before it acts.
func Seen(i world.Image) string {
	var tags []string
	for _, k := range slices.Sorted(maps.Keys(i.Tags)) {
		if !record.IsMark(k) { // nothing rests on who did what: a mark voids no approval, and no step that comes next
			tags = append(tags, k+"="+i.Tags[k])
		}
	}
	return record.Digest(16, i.ID, i.Name, i.State, strconv.FormatBool(i.Public), strings.Join(tags, "\x00"))
}

// SeenParameter is the digest of what was shown of a parameter: overwriting exactly
// that can be approved.
func SeenParameter(region, name, value string) string {
	return record.Digest(16, region, name, value)
}

// SeenSet is the digest of what was shown of a change set: it can be approved
// to cancel exactly that.
func SeenSet(id string, d world.SetDetails) string {
	text, err := json.Marshal(struct {
		ID      string
		Changes []world.Change
	}{id, d.Changes})
	if err != nil {
		panic(err) // texts
	}
	return record.Digest(16, string(text))
}

// Options are the delivery options of versions that buyers can still get.
func Options(versions []world.Version) []string {
	var out []string
	for _, v := range versions {
		for _, o := range v.Options {
			if o.Visibility != world.VisibleRestricted {
				out = append(out, o.ID)
			}
		}
	}
	return out
}

// SeenVersions is the digest of versions that were shown: it can be approved to
// restrict exactly those. 12 hex digits.
func SeenVersions(versions []world.Version) string {
	var parts []string
	for _, v := range versions {
		parts = append(parts, v.ID, v.Title)
	}
	return record.Digest(12, append(parts, Options(versions)...)...)
}

// Launched is when an AMI was last launched, or "never": a step that takes it
// away rests on that.
func Launched(i world.Image) string {
	if i.LastLaunched.IsZero() {
		return "never"
	}
	return i.LastLaunched.UTC().Format(time.RFC3339)
}
