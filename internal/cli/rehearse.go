package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"amiship/internal/rehearse"
	"amiship/internal/view"
)

// rehearseCmd is the command rehearse.
type rehearseCmd struct {
	*app
	rehearsal rehearse.Rehearsal
}

func rehearseCommand(a *app) *cobra.Command {
	c := rehearseCmd{app: a}
	cmd := &cobra.Command{
		Use: "rehearse TAG...", Short: "Run whole releases in a sandbox, without an AWS account",
		Long: `Rehearse starts a sandbox, runs releases in it with the real Packer on machines
that really run, and then inspects the result as a customer: from another
account, in another region, it finds the public AMIs, launches them and runs the
catalog's checks. Several tags are released one after the other. It needs root,
for the machines; --driver instant runs none and needs no root.

Versions of listings are submitted to the sandbox's Marketplace and polled a day
later, as by a schedule. Then the account rehearsal.buyer launches what it
bought and runs all checks. rehearsal.world or --world is the sandbox's initial
state: products, and who bought them.

The section rehearsal of the catalog replaces what only a real release has: a
program makes the packages, which are served on this machine, and tokens and
licenses come from there, whatever is in the environment. The report says so.`,
		Annotations: takes(catalogFlags, jsonFlag, verboseFlag),
		Example: `  amiship rehearse v2.42.0 -f examples/prometheus/amiship.yaml
  amiship rehearse 17.5.0+ce.0 17.5.0+ee.0 -f examples/gitlab/amiship.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, tags []string) error {
			c.rehearsal.Tags = tags
			return c.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.rehearsal.Driver, "driver", "container", "`DRIVER` of machines: container or instant")
	flags.Float64Var(&c.rehearsal.Speed, "speed", 100, "`FACTOR` by which everything is faster than on AWS")
	flags.StringVar(&c.rehearsal.World, "world", "", "`FILE` with the initial state of the sandbox")
	flags.StringVar(&c.rehearsal.As, "as", "", "`FILE` of amiship probe: rehearse on an AWS like the one that answered it")
	flags.StringVar(&c.rehearsal.AMIs, "catalog", "catalog.json", "write the AMI ids by image, architecture and region to this `FILE`; with several tags, to one for each, with the tag in its name")
	flags.StringVar(&c.rehearsal.State, "state", "", "keep the sandbox's state in this `DIRECTORY`")
	flags.IntVar(&c.rehearsal.Builds, "builds", 0, "run `N` machines at a time; 0: as many as processors and memory allow")
	flags.BoolVar(&c.rehearsal.RealPackage, "real-package", false, "use the real package, tokens and licenses, not those of the section rehearsal")
	c.progressFlag(cmd)
	return cmd
}

func (c rehearseCmd) run(ctx context.Context) error {
	o := c.rehearsal
	_, err := c.resolve(ctx, o.Tags) // before anything is begun
	if err != nil {
		return err
	}
	if err := writable(o.AMIs); err != nil {
		return err
	}
	if o.Program, err = os.Executable(); err != nil {
		return err
	}
	if o.State == "" {
		if o.State, err = os.MkdirTemp("", "amiship-rehearsal-"); err != nil {
			return err
		}
		defer os.RemoveAll(o.State)
	}
	o.Progress = c.shows()
	o.Catalog, o.Set, o.Verbose, o.Log, o.Again = c.file, c.set, c.verbose, c.Err, typedBy(ctx).line()
	ctx, stop, cancel := c.interrupts(ctx)
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	fmt.Fprintf(c.Err, "amiship: rehearses %s in a sandbox\n", strings.Join(o.Tags, ", "))
	over := make(chan struct{})
	var drawn sync.WaitGroup
	drawn.Go(func() { c.beat(over, func() {}) })
	rep, err := o.Run(ctx)
	close(over)
	drawn.Wait()
	err = rehearsalError(err, o.Again)
	c.result(&rehearseAnswer{Report: rep, Total: rep.Total.Seconds()}, func() {
		if len(rep.Phases) > 0 {
			rep.Write(c.Out)
		}
	})
	return err
}

// rehearseAnswer is of a sandbox that is gone: there is nothing that it was read from.
type rehearseAnswer struct {
	view.Header
	rehearse.Report
	Total float64 `json:"total_seconds"`
}

// rehearsalError ends a rehearsal as the command ended that it failed at. What can be typed
// is the rehearsal: its sandbox is gone, and the command that failed would act on AWS.
func rehearsalError(err error, again string) error {
	var command *rehearse.CommandError
	switch {
	case errors.Is(err, rehearse.ErrServes):
		return usage(err)
	case errors.As(err, &command):
		return withHint(&exitError{command.Code, err}, "to rehearse again: "+again)
	}
	return err
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
