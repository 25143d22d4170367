package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

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
root, and the archive of its distribution; several are built side by side, and
all sandboxes of this user share them.
A sandbox builds a base that is missing when a machine first needs it.`,
		Example: "  sudo amiship sandbox prepare debian-12 ubuntu-22.04/arm64",
		RunE: func(cmd *cobra.Command, names []string) error {
			dir, err := bases.DefaultDir()
			if err != nil {
				return err
			}
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			return prepare(cmd.Context(), bases.Open(dir, log), names, cmd.OutOrStdout(), prepareNews)
		},
	}
}

// prepareNews is how often prepare says how far it is.
const prepareNews = 5 * time.Second

// baseStore builds bases.
type baseStore interface {
	List() []machine.Base
	Has(layer string) bool
	Prepare(ctx context.Context, layer string) (dir string, err error)
	Progress(layer string) float64
}

// prepare builds the named bases side by side, and prints what each really is.
func prepare(ctx context.Context, store baseStore, names []string, out io.Writer, every time.Duration) error {
	if len(names) == 0 {
		names = ownBases(store.List())
	}
	var missing []string
	for _, name := range names {
		layer := baseLayer(name)
		if !store.Has(layer) {
			return unknownName("base", name, baseNames(store))
		}
		if store.Progress(layer) < 1 {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(out, "building %s\n", strings.Join(missing, ", "))
	}
	building, under := errgroup.WithContext(ctx)
	for _, name := range names {
		building.Go(func() error {
			_, err := store.Prepare(under, baseLayer(name))
			return err
		})
	}
	ended := make(chan error, 1)
	go func() { ended <- building.Wait() }()
	if err := tellProgress(store, missing, out, every, ended); err != nil {
		return rootHint(err)
	}
	for _, name := range names {
		for _, b := range store.List() {
			if b.Layer == baseLayer(name) {
				fmt.Fprintf(out, "%s is ready: %s\n", name, b.Description)
			}
		}
	}
	return nil
}

// tellProgress prints how much of each base is there, until all are or one failed.
func tellProgress(store baseStore, names []string, out io.Writer, every time.Duration, ended <-chan error) error {
	began := time.Now()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
		}
		sum, parts := 0.0, make([]string, len(names))
		for i, name := range names {
			p := store.Progress(baseLayer(name))
			sum += p / float64(len(names))
			parts[i] = fmt.Sprintf("%s %.0f %%", name, 100*p)
		}
		fmt.Fprintln(out, strings.Join(parts, ", ")+timeLeft(time.Since(began), sum))
	}
}

// timeLeft extrapolates, once there is something to go by.
func timeLeft(spent time.Duration, share float64) string {
	if share < 0.05 {
		return ""
	}
	left := time.Duration(float64(spent) * (1 - share) / share)
	return "; about " + max(left.Round(5*time.Second), 5*time.Second).String() + " left"
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
func baseNames(store baseStore) []string {
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
