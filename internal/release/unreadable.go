package release

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"amiship/internal/record"
)

// Unreadable is one of Amiship's own tags whose value can't be parsed: another user
// has written it, or half of it.
type Unreadable struct{ Key, Value, Want string }

func (u Unreadable) String() string {
	return fmt.Sprintf("its tag %s is %q, and not %s", u.Key, u.Value, u.Want)
}

// ReadableTags finds the first tag, by key, on which it rests what may be done to an
// AMI, and which can't be parsed. A missing tag is none. Nor is TagTested: what is no
// verdict is tested again; or TagAlive: a claim that does not say when it was renewed
// is watched.
func ReadableTags(tags map[string]string) (bad Unreadable, ok bool) {
	for _, form := range forms() {
		text, there := tags[form.key]
		if value, _ := record.ReadTag(text); there && !form.reads(value) {
			return Unreadable{form.key, text, form.want}, false
		}
	}
	return Unreadable{}, true
}

// tagForm is how the value of a tag is written.
type tagForm struct {
	key, want string
	reads     func(string) bool
}

func forms() []tagForm {
	return []tagForm{
		{record.TagBuild, "a number such as " + record.TagValue("0"), func(text string) bool {
			_, err := strconv.ParseUint(text, 10, 64)
			return err == nil
		}},
		{record.TagRetired, "a time such as " + record.TagValue("2026-11-24T12:00:00Z"), func(text string) bool {
			_, err := time.Parse(time.RFC3339, text)
			return err == nil
		}},
		{record.TagStage, "one of " + strings.Join(stages(), ", "), func(text string) bool { return slices.Contains(stages(), text) }},
		{record.TagVersion, "a version such as " + record.TagValue("1.2.3"), func(text string) bool {
			_, err := ParseVersion(text)
			return err == nil
		}},
		{record.TagWaived, "a list of waivers such as " + record.TagValue("eu-west-1 2026-12-01 why"), readsWaivers},
	}
}

func stages() []string {
	return []string{record.StageCandidate, record.StageRelease, record.StageDeprecated, record.StageDemoted, record.StageDisabled, record.StageWithdrawn}
}

// readsWaivers reports whether each part of a text is a waiver.
func readsWaivers(text string) bool {
	return text == "" || len(record.ReadWaivers(text)) == strings.Count(text, "; ")+1
}
