package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

func stepID(k Kind, t release.Key, more ...string) ID {
	return ID(strings.Join(append([]string{string(k), t.String()}, more...), "/"))
}

// add puts a step into the plan. What this run is at, or failed at, is known
// better by the run than by AWS.
func (b *builder) add(s Step) Step {
	if s.State != Done {
		if _, ok := b.r.InFlight[s.ID]; ok {
			s.State, s.Why = Running, ""
		} else if f, ok := b.r.Failed[s.ID]; ok && s.State == Ready {
			s = failed(s, f, b.w)
		}
	}
	b.plan.Steps = append(b.plan.Steps, s)
	return s
}

func failed(s Step, f Failure, w world.World) Step {
	s.Code = f.Code
	switch {
	case f.Retry.IsZero() && !s.Required:
		s.State, s.Why = Skipped, f.Err
	case f.Retry.IsZero():
		s.State, s.Why = Failed, f.Err
	case w.Now.Before(f.Retry):
		s.State, s.Why, s.Retry = Waiting, "tries again: "+f.Err, f.Retry
	}
	return s
}

// command is what to type to carry on.
func (b *builder) command() string {
	if b.again != "" {
		return b.again
	}
	return "amiship release " + b.d.Tag
}

// note tells a person something.
func (b *builder) note(format string, args ...any) {
	b.plan.Notes = append(b.plan.Notes, fmt.Sprintf(format, args...))
}

// block notes a blocker and one more step that it holds.
func (b *builder) block(bl Blocker, holds ID) {
	if b.blockers == nil {
		b.blockers = map[string]*Blocker{}
	}
	have := b.blockers[bl.ID]
	if have == nil {
		have = &bl
		b.blockers[bl.ID] = have
	}
	have.Holds = append(have.Holds, holds)
}

func (b *builder) wait(on ID, why string, q world.Query) {
	b.waitSince(on, why, q, time.Time{})
}

func (b *builder) waitSince(on ID, why string, q world.Query, since time.Time) {
	b.plan.Waits = append(b.plan.Waits, Wait{On: on, Why: why, Query: q, Since: since})
}

// waitUnshown waits for what this run has made, and AWS does not show.
func (b *builder) waitUnshown(on ID, why string, q world.Query) {
	b.plan.Waits = append(b.plan.Waits, Wait{On: on, Why: why, Query: q, Unshown: true})
}

// needImages asks for the images of every region that nobody has looked at,
// and for the grants and parameters that the release will be compared with.
func (b *builder) needImages() {
	if len(b.d.Variants) == 0 {
		return
	}
	for _, r := range b.d.Regions() {
		need(b, world.Query{Kind: world.LookImages, Region: r}, b.w.Regions[r].Images)
	}
	for _, t := range b.d.Targets {
		reg := b.w.Regions[t.Region]
		for _, a := range b.d.SharedIn(t.Region) {
			need(b, world.Query{Kind: world.LookGrants, Region: t.Region, Account: a}, reg.Grants[a])
		}
		if b.hasParameters() {
			need(b, world.Query{Kind: world.LookParams, Region: t.Region}, reg.Params)
		}
	}
}

// need notes a fact that was never read, or could not be. What was wrong with
// a package or a base stays wrong until somebody does something about it.
func need[T any](b *builder, q world.Query, f world.Fact[T]) {
	note := func(m *map[world.Query]bool) {
		if *m == nil {
			*m = map[world.Query]bool{}
		}
		(*m)[q] = true
	}
	switch {
	case f.At.IsZero():
		note(&b.look)
	case f.Missed() && q.Variant == "" && !slices.Contains([]world.Kind{world.LookNotes, world.LookLimits, world.LookNetwork, world.LookDenied}, q.Kind):
		note(&b.missed)
	}
}

func (b *builder) hasParameters() bool {
	return slices.ContainsFunc(b.d.Variants, func(v release.Variant) bool { return len(v.Parameters) > 0 })
}

// token is the same for the same intent, in every run: a retry after a crash
// finds what its predecessor made. Spent ids are results that came to nothing;
// with them a retry does not get the dead one back. AWS takes at most 64
// characters.
func token(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "amiship-" + hex.EncodeToString(sum[:16])
}

// seen digests the facts about an image that an irreversible step rests on.
func seen(i world.Image) string { return Seen(i) }

// Seen is the digest of an image that a step carries; apply compares it with
// what it reads just before it acts.
func Seen(i world.Image) string {
	var tags []string
	for _, k := range slices.Sorted(maps.Keys(i.Tags)) {
		tags = append(tags, k+"="+i.Tags[k])
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%v\x00%s", i.ID, i.Name, i.State, i.Public, strings.Join(tags, "\x00")))
	return hex.EncodeToString(sum[:8])
}
