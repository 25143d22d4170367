package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/bases"
)

// sandboxPrepare builds the systems that machines start from, so that the first
// rehearsal need not wait for it.
func sandboxPrepare() *cobra.Command {
	return &cobra.Command{
		Use: "prepare [NAME[/ARCH]...]", Short: "Build the base systems of machines ahead of time",
		Long: `Prepare builds the base systems that are missing: those that are named or,
without names, all for this machine's processor. Others run by emulation, which
needs QEMU: apt-get install qemu-user-static. A base takes one to three minutes,
root, and the archive of its distribution; all sandboxes of this user share it.
A sandbox builds a base that is missing when a machine first needs it.`,
		Example: "  sudo amiship sandbox prepare debian-12 ubuntu-22.04/arm64",
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
	if len(names) == 0 {
		names = ownBases(store.List())
	}
	for _, name := range names {
		layer := baseLayer(name)
		if !store.Has(layer) {
			return unknownName("base", name, baseNames(store))
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

// baseName is what the user calls a base: those for another processor than
// this machine's have it in their name.
func baseName(b machine.Base) string {
	return strings.TrimSuffix(strings.TrimPrefix(b.Layer, "base/"), "/"+runtime.GOARCH)
}

func baseLayer(name string) string {
	if !strings.Contains(name, "/") {
		name += "/" + runtime.GOARCH
	}
	return "base/" + name
}

// ownBases names those that machines of this host's processor start from.
func ownBases(all []machine.Base) []string {
	var names []string
	for _, b := range all {
		if b.Arch == runtime.GOARCH {
			names = append(names, baseName(b))
		}
	}
	return names
}

// baseNames names all that can be built here.
func baseNames(store *bases.Store) []string {
	var names []string
	for _, b := range store.List() {
		if store.Has(b.Layer) {
			names = append(names, baseName(b))
		}
	}
	return names
}

func rootHint(err error) error {
	if os.Geteuid() == 0 {
		return err
	}
	return withHint(err, "run it as root: sudo "+strings.Join(os.Args, " "))
}
