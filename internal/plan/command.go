package plan

import (
	"slices"
	"strings"
)

// Quote makes one word of s for a shell.
func Quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=+-@,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Line is a command line for a shell, of words that are quoted where it needs that.
func Line(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Quote(word)
	}
	return strings.Join(quoted, " ")
}

// Approval is what --approve takes: a step, and the digest of what was seen of it.
func Approval(id ID, seen string) string { return string(id) + "@" + seen }

// Approving returns a remedy that is a command with approvals.
func Approving(command string, approvals []string, r Remedy) Remedy {
	r.Command, r.Approve = command, approvals
	for _, a := range approvals {
		r.Command += " --approve " + Quote(a)
	}
	return r
}

// program is what the commands of Amiship begin with.
const program = "amiship "

// SameCommand is, in a remedy, the command that a person has typed.
const SameCommand = "the same command with"

// Runs reports whether the remedy is a command that acts on AWS, and not something to do
// by hand.
func (r Remedy) Runs() bool {
	return len(r.Approve) > 0 || strings.HasPrefix(r.Command, program) || strings.HasPrefix(r.Command, "aws ")
}

// Typed returns the plan with each command of Amiship that it names as it is to be typed.
func (p Plan) Typed(as func(command string) string) Plan {
	if p.Again != "" {
		p.Again = as(p.Again)
	}
	p.Blockers = TypedBlockers(p.Blockers, as)
	return p
}

// TypedBlockers is Plan.Typed for blockers alone.
func TypedBlockers(all []Blocker, as func(command string) string) []Blocker {
	out := slices.Clone(all)
	for i := range out {
		out[i].Remedies = slices.Clone(out[i].Remedies)
		for j, r := range out[i].Remedies {
			if !r.Words && (strings.HasPrefix(r.Command, program) || strings.HasPrefix(r.Command, SameCommand)) {
				out[i].Remedies[j].Command = as(r.Command)
			}
		}
	}
	return out
}

// Rehearsed returns the plan of a rehearsal, whose sandbox is gone when a person reads it:
// all that can be typed is the rehearsal again, since any other command would act on AWS.
func (p Plan) Rehearsed(again string) Plan {
	p.Again = again
	p.Blockers = slices.Clone(p.Blockers)
	for i, bl := range p.Blockers {
		var names []string
		var kept []Remedy
		for _, r := range bl.Remedies {
			if r.Runs() {
				names = append(names, r.Name)
				continue
			}
			r.Command = strings.ReplaceAll(r.Command, Line("amiship", "release", p.Tag), again)
			kept = append(kept, r)
		}
		cost := "nothing"
		if len(names) > 0 {
			cost += "; in a release there are also: " + strings.Join(names, ", ")
		}
		p.Blockers[i].Remedies = append(kept, Remedy{Name: "rehearse", Command: again, Cost: cost})
	}
	return p
}
