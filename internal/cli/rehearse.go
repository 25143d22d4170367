package cli

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"amiship/internal/rehearse"
	"amiship/internal/report"
)

func (a *app) rehearseCommand() *cobra.Command {
	var o rehearse.Rehearsal
	cmd := &cobra.Command{
		Use: "rehearse TAG...", Short: "Carry out whole releases in a sandbox, without an AWS account",
		Long: `Rehearse starts a sandbox, releases into it with the real Packer on machines
that really run, and then looks at the result as a customer: another account, in
another region, finds the public AMIs, starts them and asks what the catalog's
checks say. Several tags are released one after the other. It needs root, for the
machines; --driver instant does without both.

Versions of listings are submitted to the sandbox's Marketplace and looked at a
day later, as a schedule does; then the account that rehearsal.buyer names finds
what it has bought, starts it and asks it all that the checks say. The sandbox
begins with what rehearsal.world or --world has: products, and who bought them.

What the catalog has under rehearsal stands in for what only the real release
has: a program makes the packages, which are served on this machine, and tokens
and licences come from there, whatever the environment has. The report says so.`,
		Example: `  amiship rehearse v2.42.0 -f examples/prometheus/amiship.yaml
  amiship rehearse 17.5.0+ce.0 17.5.0+ee.0 -f examples/gitlab/amiship.yaml --builds 4`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, tags []string) error {
			o.Tags = tags
			return a.rehearse(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Driver, "driver", "container", "machines: container or instant")
	flags.Float64Var(&o.Speed, "speed", 100, "how much shorter AWS's own durations are")
	flags.StringVar(&o.World, "world", "", "a starting state for the sandbox")
	flags.StringVar(&o.AMIs, "catalog", "catalog.json", "write the AMI ids by image, architecture and region to this file; of several tags, each to one with the tag in its name")
	flags.StringVar(&o.State, "state", "", "keep the sandbox's state in this directory")
	flags.IntVar(&o.Builds, "builds", 0, "machines that work at once; 0: as many as processors and memory allow")
	flags.BoolVar(&o.RealPackage, "real-package", false, "leave out what the catalog has under rehearsal: its own package, tokens and licences")
	return cmd
}

func (a *app) rehearse(ctx context.Context, o rehearse.Rehearsal) error {
	_, err := a.resolve(o.Tags) // before anything is begun
	if err != nil {
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
	o.Catalog, o.Set, o.Log = a.file, a.set, a.Err
	ctx, stop, cancel := interrupts(ctx)
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	rep, err := o.Run(ctx)
	err = rehearsalError(err)
	if a.json {
		return firstOf(err, report.JSON(a.Out, rep))
	}
	if len(rep.Phases) > 0 {
		rep.Write(a.Out)
	}
	return err
}

// rehearsalError ends a rehearsal as the command ended that it failed at.
func rehearsalError(err error) error {
	var command *rehearse.CommandError
	switch {
	case errors.Is(err, rehearse.ErrServes):
		return usage(err)
	case errors.As(err, &command):
		return &exitError{command.Code, err}
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
