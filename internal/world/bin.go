package world

import "slices"

// BinRule says which AMIs the Recycle Bin keeps when they are deregistered, and for how
// many days.
type BinRule struct {
	Days int
	// An AMI that has one of Tags is kept, or every AMI if there are none; Except are tags
	// of AMIs that such a rule for every AMI leaves out. An empty value matches any.
	Tags, Except []BinTag
}

// BinTag is a tag in a rule.
type BinTag struct{ Key, Value string }

func (t BinTag) on(tags map[string]string) bool {
	value, ok := tags[t.Key]
	return ok && (t.Value == "" || t.Value == value)
}

// Covers reports whether an AMI with those tags is kept.
func (r BinRule) Covers(tags map[string]string) bool {
	has := func(t BinTag) bool { return t.on(tags) }
	if len(r.Tags) > 0 {
		return slices.ContainsFunc(r.Tags, has)
	}
	return !slices.ContainsFunc(r.Except, has)
}

// KeptDays is for how many days the Recycle Bin keeps an AMI with those tags: by the
// rule that keeps it longest. 0: it does not.
func KeptDays(rules []BinRule, tags map[string]string) int {
	days := 0
	for _, r := range rules {
		if r.Covers(tags) {
			days = max(days, r.Days)
		}
	}
	return days
}
