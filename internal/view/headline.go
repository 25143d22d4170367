package view

import (
	"fmt"
	"strings"
)

// headline is the truth of the moment, and how urgent it is.
func (v View) headline() (string, Level) {
	var parts []string
	level := OK
	say := func(l Level, format string, args ...any) {
		parts = append(parts, fmt.Sprintf(format, args...))
		if rankLevel(l) > rankLevel(level) {
			level = l
		}
	}
	for _, h := range v.Holds {
		say(Stopped, "%s.", upper(h.Why))
	}
	v.sayOpen(say)
	v.sayNext(say)
	if n := len(v.Unread); n > 0 {
		var names []string
		for _, u := range v.Unread {
			names = append(names, u.What)
		}
		say(Warn, "%s could not be read.", some(names))
	}
	return strings.Join(parts, " "), level
}

type saying func(l Level, format string, args ...any)

// sayOpen says which releases are open, and what holds them.
func (v View) sayOpen(say saying) {
	var open, held []string
	for _, r := range v.Releases {
		switch {
		case r.State == Held || r.State == Unplanned:
			held = append(held, r.Tag)
		case r.State.IsOpen():
			open = append(open, r.Tag)
		}
	}
	switch {
	case len(v.Releases) == 0 && len(v.Unread) > 0:
		say(Warn, "Whether %s has releases is not known.", v.Project)
	case len(v.Releases) == 0:
		say(OK, "%s has no releases yet.", v.Project)
	case len(open)+len(held) == 0:
		say(OK, "No release is open; the newest is %s, %s.", v.Releases[0].Tag, v.Releases[0].State)
	}
	if len(held) > 0 {
		say(Stopped, "%s %s held%s.", some(held), be(len(held)), v.by())
	}
	if len(open) > 0 {
		say(Working, "%s %s under way%s.", some(open), be(len(open)), v.progress(open))
	}
}

// by names what holds releases.
func (v View) by() string {
	var names []string
	for _, b := range v.Blockers {
		if b.Now {
			names = append(names, b.ID)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " by " + some(names)
}

// sayNext says whether the next release will be blocked, and how many fit.
func (v View) sayNext(say saying) {
	var names []string
	for _, b := range v.Blockers {
		if !b.Now {
			names = append(names, b.ID)
		}
	}
	if len(names) > 0 {
		say(Warn, "The next release is blocked by %s.", some(names))
		return
	}
	if left, where := v.Least(); where != "" {
		say(OK, "There is capacity for %d more %s, least in %s.", left, noun(left, "release"), where)
	}
}

// Least is where there is capacity for the fewest releases; where is empty if that is not
// known.
func (v View) Least() (left int, where string) {
	for _, q := range v.Quotas {
		if where == "" || q.ReleasesLeft < left {
			left, where = q.ReleasesLeft, q.Region
		}
	}
	for _, l := range v.Listings {
		if l.Unread == "" && (where == "" || l.ReleasesLeft < left) {
			left, where = l.ReleasesLeft, "listing "+l.Name
		}
	}
	return left, where
}

func rankLevel(l Level) int {
	return map[Level]int{OK: 0, Working: 1, Warn: 2, Stopped: 3}[l]
}

func be(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func noun(n int, one string) string {
	if n == 1 {
		return one
	}
	return one + "s"
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// progress is how far the only release is that is open.
func (v View) progress(open []string) string {
	if len(open) != 1 {
		return ""
	}
	for _, r := range v.Releases {
		if r.Tag == open[0] {
			return fmt.Sprintf(": ready in %d of %d required %s", r.Ready, r.Required, noun(r.Required, "region"))
		}
	}
	return ""
}
