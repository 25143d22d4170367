package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/plan"
	"amiship/sandbox"
	"amiship/sandbox/admin"
	"amiship/sandbox/machine/bases"
)

// sandboxCommand is `amiship sandbox` with its subcommands.
func sandboxCommand(a *app) *cobra.Command {
	var cfg sandbox.Config
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run a local AWS to rehearse against",
		Long: `Sandbox runs a local AWS in the foreground: EC2, STS, Service Quotas, SSM and
the Marketplace Catalog, every region at one address, for any AWS client. It
prints "ready URL" once it serves. Its whole state is in the state directory;
started on it again, it resumes from there.`,
		Annotations: takes(verboseFlag),
		Example: `  amiship sandbox --listen 127.0.0.1:4566 --state ./aws --speed 60
  eval "$(amiship sandbox env --state ./aws)"
  aws ec2 describe-images --owners self`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if cfg.Cache, err = bases.DefaultDir(); err != nil {
				return err
			}
			cfg.Verbose = a.verbose
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			err = sandbox.Run(ctx, cfg, cmd.OutOrStdout(), cmd.ErrOrStderr())
			if errors.Is(err, sandbox.ErrNoSettings) {
				return withHint(err, "amiship probe --out "+plan.Quote(cfg.As)+" asks for them")
			}
			return sandboxHint(err, cfg.State)
		},
	}
	f := cmd.Flags()
	f.StringVar(&cfg.Listen, "listen", "127.0.0.1:4566", "loopback `ADDRESS` and port; port 0 picks a free one")
	f.StringVar(&cfg.State, "state", "", "`DIRECTORY` of the sandbox's state (required)")
	f.Float64Var(&cfg.Speed, "speed", 1, "`FACTOR` by which everything is faster than on AWS")
	f.StringVar(&cfg.World, "world", "", "YAML `FILE` with the initial state; amiship sandbox world prints one")
	f.StringVar(&cfg.As, "as", "", "`FILE` of amiship probe: be like the AWS that answered it")
	f.StringVar(&cfg.Driver, "driver", sandbox.Container, "`DRIVER` of machines: container (real, needs root) or instant (they only answer SSH)")
	f.UintSliceVar(&cfg.HostPorts, "open-host-port", nil, "`PORT` of 127.0.0.1 that machines reach at host.sandbox.internal; repeatable, none is open by default")
	f.BoolVar(&cfg.Throttle, "throttle", false, "refuse calls beyond AWS's rate limits")
	_ = cmd.MarkFlagRequired("state")
	cmd.AddCommand(sandboxEnv(), sandboxToken(), sandboxAdvance(), sandboxDump(), sandboxCalls(a), sandboxFault(), sandboxStop(), sandboxPrepare(), sandboxWorld())
	return cmd
}

func sandboxHint(err error, state string) error {
	switch {
	case errors.Is(err, admin.ErrLocked):
		return withHint(err, "amiship sandbox stop --state "+plan.Quote(state)+" ends it; or name another --state")
	case errors.Is(err, admin.ErrNotRunning):
		return withHint(err, "amiship sandbox --state "+plan.Quote(state)+" starts one")
	}
	return err
}

// onSandbox makes a subcommand that talks to a running sandbox.
func onSandbox(cmd *cobra.Command, run func(ctx context.Context, c *admin.Client, out io.Writer, args []string) error) *cobra.Command {
	var state string
	cmd.Flags().StringVar(&state, "state", "", "`DIRECTORY` of the sandbox's state (required)")
	_ = cmd.MarkFlagRequired("state")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := run(cmd.Context(), admin.Dial(state), cmd.OutOrStdout(), args)
		return sandboxHint(err, state)
	}
	return cmd
}

func sandboxAdvance() *cobra.Command {
	return onSandbox(&cobra.Command{
		Use: "advance DURATION", Short: "Advance the sandbox's clock: 90s, 26h, 3d", Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, c *admin.Client, out io.Writer, args []string) error {
		d, err := parseDays(args[0])
		if err != nil {
			return usage(err)
		}
		info, err := c.Advance(ctx, d)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, info.Now.Format(time.RFC3339))
		return err
	})
}

// parseDays reads a duration that may begin with days: 3d, 1d12h.
func parseDays(s string) (time.Duration, error) {
	days, rest, found := strings.Cut(s, "d")
	if !found {
		days, rest = "0", s
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration: want 90s, 26h, 3d or 1d12h", s)
	}
	d := time.Duration(0)
	if rest != "" || !found {
		d, err = time.ParseDuration(rest)
	}
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration: want 90s, 26h, 3d or 1d12h", s)
	}
	return time.Duration(n)*24*time.Hour + d, nil
}

func sandboxDump() *cobra.Command {
	return onSandbox(&cobra.Command{
		Use: "dump", Short: "Print the sandbox's whole state as JSON", Args: cobra.NoArgs,
	}, func(ctx context.Context, c *admin.Client, out io.Writer, _ []string) error {
		dump, err := c.Dump(ctx)
		if err != nil {
			return err
		}
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(dump)
	})
}

func sandboxWorld() *cobra.Command {
	return &cobra.Command{
		Use: "world", Short: "Print an example of a world file that has everything", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), sandbox.ExampleWorld())
			return err
		},
	}
}

func sandboxStop() *cobra.Command {
	return onSandbox(&cobra.Command{
		Use: "stop", Short: "Stop the sandbox of a state directory", Args: cobra.NoArgs,
	}, func(ctx context.Context, c *admin.Client, _ io.Writer, _ []string) error {
		return c.Shutdown(ctx)
	})
}
