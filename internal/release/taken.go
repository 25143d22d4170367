package release

import (
	"fmt"
	"slices"
	"strings"
)

// Everybody is what TagTaken calls the permission of all.
const Everybody = "all"

// WriteTaken spells the permissions that were taken away for TagTaken: account
// ids, ARNs of organizations, and Everybody. What a tag can't hold it counts.
func WriteTaken(who []string) string {
	who = slices.Clone(who)
	slices.Sort(who)
	who = slices.Compact(who)
	for n := len(who); ; n-- {
		text := strings.Join(who[:n], ",")
		if left := len(who) - n; left > 0 {
			text += fmt.Sprintf(",+%d", left)
		}
		if len(text) <= maxTag {
			return text
		}
	}
}

// ReadTaken reads what WriteTaken wrote.
func ReadTaken(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" || s[0] == '+' })
}

// Shorten cuts a text to what a tag's value can hold, on one line.
func Shorten(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	return string(runes[:min(len(runes), maxTag)])
}
