package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/terminal"
)

// The global flags, by what they are about. A command says with takes which of them have
// an effect on it; all are accepted everywhere, so that a script can pass them along.
const (
	catalogFlags = "file set"
	fileFlag     = "file"
	awsFlags     = "call-timeout read-timeout"
	jsonFlag     = "json"
	verboseFlag  = "verbose"
	colorFlag    = "color"
)

const takenFlags = "amiship_flags"

// takes says which global flags have an effect on a command, for its Annotations.
func takes(flags ...string) map[string]string {
	return map[string]string{takenFlags: strings.Join(flags, " ")}
}

// printing is annotations with one more.
func printing(what string, annotations map[string]string) map[string]string {
	annotations[what] = "printed"
	return annotations
}

// globalFlags adds the flags that are the same for all commands.
func globalFlags(a *app, flags *pflag.FlagSet) {
	a.file = catalog.File
	flags.VarP(catalogFiles{a}, fileFlag, "f", "catalog `FILE`")
	flags.StringToStringVar(&a.set, "set", nil, "override a var of the catalog: `NAME=VALUE`")
	flags.Lookup("set").DefValue = "" // not shown
	flags.BoolVar(&a.json, "json", false, "print results as JSON")
	flags.StringVar(&a.color, "color", terminal.Auto, "color texts: `WHEN` is auto, always or never")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "log every change that is made")
	flags.DurationVar(&a.patience.Call, "call-timeout", awsapi.DefaultCall, "timeout of one attempt of an AWS call")
	flags.DurationVar(&a.patience.Read, "read-timeout", awsapi.DefaultRead, "timeout of one read from AWS, with all its pages and attempts")
}

// shownGlobals are the global flags that have an effect on a command.
func shownGlobals(cmd *cobra.Command) *pflag.FlagSet {
	out := pflag.NewFlagSet(cmd.Name(), pflag.ContinueOnError)
	taken := strings.Fields(cmd.Annotations[takenFlags])
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
		if slices.Contains(taken, f.Name) || f.Name == colorFlag && pages(cmd) {
			out.AddFlag(f)
		}
	})
	return out
}
