package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"amiship/internal/catalog"
)

// usageError is wrong usage. It is said with the usage line of the command.
type usageError struct {
	err error
	cmd *cobra.Command // nil until the error leaves the command
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usage(err error) error { return &usageError{err: err} }

// line is how the command is used.
func (e *usageError) line() string {
	if e.cmd == nil {
		return "amiship COMMAND [flags]"
	}
	return useLine(e.cmd)
}

// hint is what to type to learn more.
func (e *usageError) hint() string {
	if e.cmd == nil || !e.cmd.HasParent() {
		return "amiship --help lists the commands"
	}
	return e.cmd.CommandPath() + " --help explains the command and its flags"
}

// ofCommand says of wrong usage which command was used.
func ofCommand(cmd *cobra.Command, err error) error {
	var wrong *usageError
	if errors.As(err, &wrong) && wrong.cmd == nil {
		wrong.cmd = cmd
	}
	return err
}

// typeErrors gives what cobra and pflag say of wrong usage a type, in a command and all below
// it. Neither has one for the number of arguments and for flags that are missing.
func typeErrors(cmd *cobra.Command) {
	args, run := cmd.Args, cmd.RunE
	if args == nil {
		args = cobra.ArbitraryArgs
	}
	if cmd.HasSubCommands() {
		args = noOtherCommand
	}
	cmd.Args = func(cmd *cobra.Command, given []string) error {
		err := args(cmd, given)
		if err == nil {
			err = cmd.ValidateRequiredFlags()
		}
		if err != nil {
			return ofCommand(cmd, usage(err))
		}
		return nil
	}
	if run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error { return ofCommand(cmd, run(cmd, args)) }
	}
	for _, sub := range cmd.Commands() {
		typeErrors(sub)
	}
}

// noOtherCommand refuses a name that none of a command's commands has.
func noOtherCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return errors.New(text + "; did you mean " + strings.Join(near, " or ") + "?")
	}
	if cmd.HasParent() { // the root has too many
		return errors.New(text + "; known are " + strings.Join(commandNames(cmd), ", "))
	}
	return errors.New(text)
}

func commandNames(cmd *cobra.Command) []string {
	var out []string
	for _, sub := range cmd.Commands() {
		out = append(out, sub.Name())
	}
	return out
}

// wrongFlag is what pflag says of flags, with the flag that may be meant.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		err = fmt.Errorf("%w%s", err, didYouMean("--"+unknown.GetSpecifiedName(), flagNames(cmd)))
	}
	return ofCommand(cmd, usage(err))
}

func flagNames(cmd *cobra.Command) []string {
	var out []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { out = append(out, "--"+f.Name) })
	return out
}

// unknownName says that there is no such thing, and which there are.
func unknownName(what, name string, known []string) error {
	text := fmt.Sprintf("no %s %q", what, name)
	if len(known) == 0 {
		return usage(fmt.Errorf("%s: there is none", text))
	}
	text += ": known are " + strings.Join(known, ", ")
	if len(known) > 1 {
		text += didYouMean(name, known)
	}
	return usage(errors.New(text))
}

// didYouMean asks for the name that is most like one that is unknown; "" if none is near.
func didYouMean(name string, known []string) string {
	if near := catalog.Nearest(name, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
