package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/bases"
)

// sandboxPrepare builds the systems that machines start from, so that the first
// rehearsal need not wait for it.
func sandboxPrepare() *cobra.Command {
	return &cobra.Command{
		Use: "prepare [NAME...]", Short: "Build the systems that machines start from, ahead of time",
		Long: `Builds the base systems that are not there yet: all of them, or those that are
named. A base takes one to three minutes, root, and the archive of its
distribution; it is shared by all sandboxes of this user. A sandbox builds what
it lacks by itself when a machine first needs it.`,
		Example: "  sudo amiship sandbox prepare debian-12",
		RunE: func(cmd *cobra.Command, names []string) error {
			dir, err := bases.DefaultDir()
			if err != nil {
				return err
			}
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			return prepare(cmd.Context(), bases.Open(dir, log), names, cmd.OutOrStdout())
		},
	}
}

// prepare builds the named bases, and prints what each really is.
func prepare(ctx context.Context, store *bases.Store, names []string, out io.Writer) error {
	here := localBases(store.List())
	if len(names) == 0 {
		names = baseNames(here)
	}
	for _, name := range names {
		layer := "base/" + name + "/" + runtime.GOARCH
		if !slices.ContainsFunc(here, func(b machine.Base) bool { return b.Layer == layer }) {
			return usage(fmt.Errorf("no base is named %s: there are %s", name, strings.Join(baseNames(here), ", ")))
		}
		if _, err := store.Prepare(ctx, layer); err != nil {
			return rootHint(err)
		}
		for _, b := range store.List() {
			if b.Layer == layer {
				fmt.Fprintf(out, "%s is ready: %s\n", name, b.Description)
			}
		}
	}
	return nil
}

// localBases are those that machines of this host's architecture start from.
func localBases(all []machine.Base) []machine.Base {
	return slices.DeleteFunc(all, func(b machine.Base) bool { return b.Arch != runtime.GOARCH })
}

func baseNames(all []machine.Base) []string {
	var names []string
	for _, b := range all {
		names = append(names, strings.Split(b.Layer, "/")[1])
	}
	return names
}

func rootHint(err error) error {
	if os.Geteuid() == 0 {
		return err
	}
	return withHint(err, "run it as root: sudo "+strings.Join(os.Args, " "))
}
