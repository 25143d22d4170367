package cli

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"amiship/internal/terminal"
)

// screens are the terminals that outputs are; nil: one is none.
type screens struct{ out, err *os.File }

func screensOf(s Stdio) screens { return screens{out: terminal.Of(s.Out), err: terminal.Of(s.Err)} }

// document marks a command whose output is for a program even where it is no JSON: a policy
// or a pipeline, whose lines stay as they are.
const document = "amiship_document"

// pages reports whether a command prints texts for people.
func pages(cmd *cobra.Command) bool {
	return cmd.Annotations[takenFlags] != "" && cmd.Annotations[document] == ""
}

// fit makes pages of the outputs: what a command says to people fits their terminal. What is
// for programs is left as it is.
func (a *app) fit(cmd *cobra.Command, env func(string) string) error {
	if !slices.Contains([]string{terminal.Auto, terminal.Always, terminal.Never}, a.color) {
		return usage(fmt.Errorf("--color is auto, always or never, not %q", a.color))
	}
	if !a.json && pages(cmd) {
		a.Out = terminal.Fitted(a.Out, a.screens.out, terminal.Colored(a.color, a.screens.out != nil, env))
	}
	return a.fitProgress(env)
}

// flush writes what has no end of its line.
func (a *app) flush() {
	for _, w := range []any{a.Out, a.Err} {
		if page, fitted := w.(*terminal.Page); fitted {
			_ = page.Flush() // the page's writer notes its errors
		}
	}
}
