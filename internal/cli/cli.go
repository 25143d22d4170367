// Package cli is the command line: flags, wiring, exit codes and hints.
//
// What a newcomer would get wrong: this is the only place that reads flags and
// the environment, prints, or decides an exit code. Commands return errors;
// Main turns them into a message, a hint and a code (see `amiship help exit-codes`).
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"amiship/internal/catalog"
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
	file    string            // --file
	json    bool              // --json
	verbose bool              // --verbose
	set     map[string]string // --set
}

// Main runs a command and returns the exit code. The sandbox starts its
// machines as copies of this program, which go their own way first.
func Main(ctx context.Context, args []string, stdio Stdio, v Version) int {
	if container.Main() {
		return 0
	}
	a := &app{Stdio: stdio, version: v}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdio.In)
	root.SetOut(stdio.Out)
	root.SetErr(stdio.Err)
	err := root.ExecuteContext(ctx)
	return a.fail(err)
}

func (a *app) root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "amiship",
		Short: "From a release tag to Amazon Machine Images, and what blocks them on the way",
		Long: `Amiship takes a release from a git tag to Amazon Machine Images in every region:
it plans it, does it, resumes it, and can rehearse it without an AWS account.

AWS is the record: there is no state file. A run that was killed, retried or
started twice carries on from what exists.`,
		SilenceUsage: true, SilenceErrors: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	flags := cmd.PersistentFlags()
	flags.StringVarP(&a.file, "file", "f", catalog.File, "the catalog")
	flags.StringToStringVar(&a.set, "set", nil, "another value for one of the catalog's vars: name=value")
	flags.BoolVar(&a.json, "json", false, "print results as JSON")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "log every call's effect")
	cmd.AddCommand(
		a.initCommand(), a.checkCommand(), a.planCommand(), a.releaseCommand(), a.verifyCommand(), a.statusCommand(), a.listingsCommand(),
		a.blockersCommand(), a.unblockCommand(), a.waiveCommand(), a.withdrawCommand(), a.repairCommand(), a.retireCommand(), a.adoptCommand(),
		a.sweepCommand(), a.pipelineCommand(), a.iamCommand(), a.rehearseCommand(), newSandboxCommand(), a.schemaCommand(), a.versionCommand(),
		exitCodesTopic(),
	)
	return cmd
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.Out, "amiship %s (%s)\n", a.version.Version, a.version.Commit)
			return err
		},
	}
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of amiship.yaml, for editors", Args: cobra.NoArgs,
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

// log writes to Err what happens outside: every effect when asked, else only
// what a person should see.
func (a *app) log() *slog.Logger {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: level}))
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
	return b, nil
}

// interrupts returns a channel that is closed at the first Ctrl-C or TERM; the
// second one ends the context.
func interrupts(ctx context.Context) (context.Context, <-chan struct{}, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	stop := make(chan struct{})
	go func() {
		defer signal.Stop(signals)
		select {
		case <-signals:
			close(stop)
		case <-ctx.Done():
			return
		}
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, stop, cancel
}
