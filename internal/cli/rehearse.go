package cli

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"amiship/internal/rehearse"
	"amiship/internal/report"
)

type rehearseOptions struct {
	rehearse.Rehearsal
}

func (a *app) rehearseCommand() *cobra.Command {
	var o rehearseOptions
	cmd := &cobra.Command{
		Use: "rehearse TAG", Short: "Carry out a whole release in a sandbox, without an AWS account",
		Long: `Rehearse starts a sandbox, releases into it with the real Packer on machines
that really run, and then looks at the result as a customer: another account, in
another region, finds the public AMIs, starts them and asks what the catalog's
checks say. It needs root, for the machines; --driver instant does without both.`,
		Example: "  amiship rehearse v2.42.0 -f examples/prometheus/amiship.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.rehearse(cmd.Context(), args[0], o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Driver, "driver", "container", "machines: container or instant")
	flags.Float64Var(&o.Speed, "speed", 100, "how much shorter AWS's own durations are")
	flags.StringVar(&o.World, "world", "", "a starting state for the sandbox")
	flags.StringVar(&o.AMIs, "catalog", "catalog.json", "write the AMI ids by image, architecture and region to this file")
	flags.StringVar(&o.State, "state", "", "keep the sandbox's state in this directory")
	return cmd
}

func (a *app) rehearse(ctx context.Context, tag string, o rehearseOptions) error {
	var err error
	if o.Desired, err = a.desired(tag); err != nil {
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
	o.Catalog, o.Log = a.file, a.Err
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
	if a.json {
		return firstOf(err, report.JSON(a.Out, rep))
	}
	rep.Write(a.Out)
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
