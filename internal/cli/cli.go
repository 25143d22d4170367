// Package cli is the command line: flags, wiring, exit codes and hints.
//
// This is the only package that reads flags and the environment, prints, or decides
// an exit code. Commands return errors; Main turns them into a message, a hint and a
// code (see `amiship help exit-codes`).
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/progress"
	"amiship/internal/terminal"
	"amiship/internal/view"
	"amiship/sandbox/machine/container"
)

// Stdio is where a command reads and writes. Results go to Out, talk to Err.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// Version is what `amiship version` prints; the build sets it.
type Version struct{ Version, Commit string }

// app is what all commands share.
type app struct {
	Stdio
	version Version
	// Of the global flags; see globalFlags.
	file    string            // --file, the first
	files   []string          // --file, as it was given
	fleet   string            // --fleet, of a command that takes several catalogs
	json    bool              // --json
	verbose bool              // --verbose
	set     map[string]string // --set
	noted   noted
	lost    *lost
	color   string  // --color
	screens screens // the terminals that the outputs are
	// answering is for --json.
	answering *answering

	progressing string           // --progress; empty: of a command that has no such flag
	shower      progress.Shower  // of what a run does
	screen      *terminal.Screen // on which it is drawn; nil: it is not
	current     *atomic.Pointer[progress.Tracker]

	patience awsapi.Patience // --call-timeout, --read-timeout
}

// Main runs a command and returns the exit code. The sandbox starts its
// machines as copies of this program, which go their own way first.
func Main(ctx context.Context, args []string, stdio Stdio, v Version) int {
	if container.Main() {
		return 0
	}
	survivePipes()
	a := &app{
		version: v, lost: newLost(), noted: noted{}, screens: screensOf(stdio), answering: &answering{began: time.Now()},
		current: &atomic.Pointer[progress.Tracker]{},
	}
	a.Stdio = Stdio{stdio.In, &sink{w: stdio.Out, lost: a.lost}, &sink{w: stdio.Err, lost: a.lost}}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	cmd, err := root.ExecuteContextC(context.WithValue(ctx, answersKey{}, a.answering))
	a.flush()
	a.json = a.json || err != nil && slices.Contains(args, "--json") // what is wrong with the flags comes before it is read
	a.answers(cmd)
	a.answering.print(ctx, v, err)
	if err != nil {
		refuse(cmd, a.Out)
	}
	return a.code(err)
}

func (a *app) root() *cobra.Command {
	var version bool
	cmd := &cobra.Command{
		Use:   "amiship",
		Short: "Release Amazon Machine Images from git tags",
		Long: `Amiship releases Amazon Machine Images: from a git tag to tested AMIs in every
region and to versions on AWS Marketplace. It plans a release, runs and resumes
it, shows what blocks it, and can rehearse it without an AWS account.

AWS is the record: there is no state file. A run that was killed, retried or
started twice resumes from what exists.`,
		SilenceUsage: true, SilenceErrors: true, SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				a.version.print(a.Out)
				return nil
			}
			return cmd.Help()
		},
	}
	cmd.PersistentPreRunE = a.prepare
	cmd.SetFlagErrorFunc(wrongFlag)
	cmd.Flags().BoolVar(&version, "version", false, "print the version")
	globalFlags(a, cmd.PersistentFlags())
	addCommands(cmd, groups(a))
	a.completions(cmd)
	return cmd
}

// prepare gives the AWS clients of a command their timeouts, and prints which calls AWS
// does not answer.
func (a *app) prepare(cmd *cobra.Command, args []string) error {
	if a.patience.Call <= 0 || a.patience.Read <= 0 {
		return usage(errors.New("--call-timeout and --read-timeout are durations such as 20s, and more than 0"))
	}
	if err := a.oneCatalog(cmd); err != nil {
		return err
	}
	if err := a.fit(cmd, os.Getenv); err != nil {
		return err
	}
	a.answers(cmd)
	a.patience.Say = func(text string) { fmt.Fprintln(a.Err, "amiship:", text) }
	ctx := awsapi.WithPatience(cmd.Context(), a.patience)
	cmd.SetContext(context.WithValue(ctx, typedKey{}, typedCommand(cmd, args, os.Getenv)))
	return nil
}

func versionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs, Annotations: takes(jsonFlag),
		RunE: func(*cobra.Command, []string) error {
			a.result(&view.Header{}, func() { a.version.print(a.Out) })
			return nil
		},
	}
}

func (v Version) print(w io.Writer) { fmt.Fprintf(w, "amiship %s (%s)\n", v.Version, v.Commit) }

func schemaCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of amiship.yaml for editors", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := catalog.Schema()
			if err != nil {
				return err
			}
			_, err = a.Out.Write(text)
			return err
		},
	}
}

// log shows what happens outside: every effect when asked, else only what a person should
// see.
func (a *app) log() *slog.Logger {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelInfo
	}
	return slog.New(progress.NewHandler(a.shows(), level))
}

// load reads the catalog.
func (a *app) load() (*catalog.Bundle, error) {
	b, err := catalog.Load(a.file, a.set)
	if errors.Is(err, os.ErrNotExist) {
		return nil, withHint(&exitError{codeCatalog, fmt.Errorf("no %s here", a.file)},
			"amiship init writes one, --file names another")
	}
	var unknown *catalog.UnknownVarError
	if errors.As(err, &unknown) {
		return nil, usage(err)
	}
	if err != nil {
		return nil, &exitError{codeCatalog, err}
	}
	a.noted.print(a.Err, b)
	return b, nil
}

// noted are the notes about the catalog that were printed.
type noted map[string]bool

// print prints, once each, what to rename in the catalog.
func (n noted) print(w io.Writer, b *catalog.Bundle) {
	for _, note := range b.Notes() {
		n.note(w, note)
	}
}

func (n noted) note(w io.Writer, note string) {
	if !n[note] {
		n[note] = true
		fmt.Fprintln(w, "amiship: note:", note)
	}
}
