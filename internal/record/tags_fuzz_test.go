package record

import (
	"slices"
	"testing"
	"unicode/utf8"
)

// FuzzReadTags: whatever stands in a tag, and anybody may write one, is read without
// a fault; what was read is written so that it is read again as the same.
func FuzzReadTags(f *testing.F) {
	for _, text := range []string{
		"", "1:", "1:a", "99999999999999999999:a", "-1:a", "ok 0123456789ab", "failed 0123456789ab no answer", "failed", "eu-west-1 2026-12-01 why; us-west-2 2026-12-02 ", "eu-west-1 2026-13-01 why",
		" 2026-12-01 x", "123456789012,all,+3", "1:~AAAAAAAA", ",,+", "eu-west-1 2026-12-01 a;b", "eu-west-1 2026-12-01  a", "eu-west-1 9999-12-31 x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // AWS's answers are XML
		}
		if value, schema := ReadTag(text); schema == Schema && valueOf(TagValue(value)) != value {
			t.Errorf("%q is %q, and then %q", text, value, valueOf(TagValue(value)))
		}
		if v, ok := ReadVerdict(text); ok {
			if again, ok := ReadVerdict(v.String()); !ok || again.OK != v.OK || again.Checks != v.Checks {
				t.Errorf("%q is %+v, and then %+v", text, v, again)
			}
		}
		waivers := ReadWaivers(text)
		if written, err := WriteWaivers(waivers); err == nil {
			again := ReadWaivers(written)
			if len(again) != len(waivers) {
				t.Errorf("%q is %v, and then %v of %q", text, waivers, again, written)
			}
		}
		taken := ReadTaken(map[string]string{TagTaken: text})
		if tags, err := WriteTaken(taken, maxTags); err == nil && !slices.Equal(taken, ReadTaken(tags)) {
			t.Errorf("%q is %q, and then %q", text, taken, ReadTaken(tags))
		}
	})
}

func valueOf(text string) string {
	value, _ := ReadTag(text)
	return value
}
