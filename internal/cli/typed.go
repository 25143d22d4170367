package cli

import (
	"context"
	"encoding/csv"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"amiship/internal/plan"
	"amiship/internal/world"
)

// typedLine is the command that a person has typed, to be repeated with what matters: the
// profile, the catalog and its vars, and its own flags.
type typedLine struct {
	profile string
	words   string      // amiship release v2.42.0
	shared  []typedFlag // of every command on the same catalog
	own     []typedFlag // of this command
	approve bool        // it has the flag --approve
}

// typedFlag is a flag with one of its values.
type typedFlag struct {
	name, value string
	bare        bool // a flag that is given alone
}

func (f typedFlag) String() string {
	switch {
	case f.bare:
		return "--" + f.name
	case f.value == "false":
		return "--" + f.name + "=false"
	}
	return "--" + f.name + " " + plan.Quote(f.value)
}

// notRepeated are flags that what continues must not have: they do something once, confirm
// what was shown, only read, or say how a run is watched.
func notRepeated() []string {
	return []string{
		"rebuild", "retest", "resubmit", "yes", "unattended", "plan", "markdown", "json", "exit-code", "steps",
		"help", "verbose", "color", "progress", "poll", "wait", "builds", "call-timeout", "read-timeout",
	}
}

// typedKey is where the context of a command has it.
type typedKey struct{}

func typedBy(ctx context.Context) typedLine {
	t, _ := ctx.Value(typedKey{}).(typedLine)
	return t
}

func typedCommand(cmd *cobra.Command, args []string, env func(string) string) typedLine {
	t := typedLine{
		profile: env("AWS_PROFILE"), words: plan.Line(append(strings.Fields(cmd.CommandPath()), args...)...),
		approve: cmd.Flags().Lookup("approve") != nil,
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case f.Name == "file", f.Name == "set":
			t.shared = append(t.shared, valuesOf(f)...)
		case !slices.Contains(notRepeated(), f.Name):
			t.own = append(t.own, valuesOf(f)...)
		}
	})
	return t
}

// valuesOf are the values of a flag, each as it is given once.
func valuesOf(f *pflag.Flag) []typedFlag {
	texts := []string{f.Value.String()}
	bare := f.Value.Type() == "bool" && texts[0] == "true"
	if list, ok := f.Value.(pflag.SliceValue); ok {
		texts = list.GetSlice()
	}
	if f.Value.Type() == "stringToString" {
		texts = pairs(texts[0])
	}
	var out []typedFlag
	for _, text := range texts {
		out = append(out, typedFlag{f.Name, text, bare})
	}
	return out
}

// pairs are those of a flag that takes NAME=VALUE: it shows them as CSV, and reads CSV
// only where it sees more than one "=".
func pairs(shown string) []string {
	all, err := csv.NewReader(strings.NewReader(strings.Trim(shown, "[]"))).Read()
	if err != nil {
		return []string{shown}
	}
	slices.Sort(all)
	for i, pair := range all {
		if field := `"` + strings.ReplaceAll(pair, `"`, `""`) + `"`; strings.Count(pair, "=") != 1 || strings.Contains(pair, `"`) {
			all[i] = field + "," + field
		}
	}
	return all
}

// line is the command again, without some of its flags.
func (t typedLine) line(without ...string) string { return t.repeated("", without) }

// command is a command that a plan names, as this person types it: with the catalog and
// its vars, and if it is the command that was typed, with its other flags.
func (t typedLine) command(named string) string {
	rest, same := strings.CutPrefix(named, t.words)
	if strings.HasPrefix(named, plan.SameCommand) {
		rest, same = strings.TrimPrefix(named, plan.SameCommand), t.approve
		if !same {
			return named
		}
	}
	if same && (rest == "" || strings.HasPrefix(rest, " --")) {
		return t.repeated(rest, nil)
	}
	other := typedLine{profile: t.profile, words: named, shared: t.shared}
	return other.repeated("", nil)
}

// repeated is the command, its flags but those that follow in rest, and rest.
func (t typedLine) repeated(rest string, without []string) string {
	out := t.words
	for _, f := range slices.Concat(t.shared, t.own) {
		if !slices.Contains(without, f.name) && !t.given(f, rest) {
			out += " " + f.String()
		}
	}
	if t.profile != "" {
		out = "AWS_PROFILE=" + plan.Quote(t.profile) + " " + out
	}
	return out + rest
}

// given reports whether rest has a flag, or approves another digest of the same step, or
// another change set of the same listing.
func (t typedLine) given(f typedFlag, rest string) bool {
	if f.name != "approve" {
		return strings.Contains(rest+" ", " --"+f.name+" ")
	}
	step, _, _ := strings.Cut(f.value, "@")
	step += "@"
	if strings.HasPrefix(step, string(plan.Cancel)+"/") {
		step = step[:strings.LastIndexByte(step, '/')+1]
	}
	return strings.Contains(rest, " --approve "+step) || strings.Contains(rest, " --approve '"+step)
}

// typing has the plans of a reconciler name commands as this person types them.
func typing(ctx context.Context, toPlan reconciler) reconciler {
	t := typedBy(ctx)
	return func(w world.World, r plan.Run) plan.Plan {
		p := toPlan(w, r)
		return p.Typed(t.command)
	}
}
