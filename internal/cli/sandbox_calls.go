package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"amiship/sandbox"
	"amiship/sandbox/admin"
	"amiship/sandbox/wire"
)

// sandboxCalls reads the log of calls, whether the sandbox runs or not.
func sandboxCalls() *cobra.Command {
	var state string
	var changes bool
	cmd := &cobra.Command{
		Use: "calls", Short: "Print the calls that the sandbox has answered, a line each", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			asJSON, _ := cmd.Flags().GetBool("json")
			f, err := os.Open(filepath.Join(state, sandbox.CallsFile))
			if errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("state %s: no sandbox ever ran on it", state)
			}
			if err != nil {
				return err
			}
			defer f.Close()
			return printCalls(cmd.OutOrStdout(), f, asJSON, changes)
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "directory of the sandbox's state (required)")
	cmd.Flags().BoolVar(&changes, "changes", false, "only calls that may have changed something: no reads, no dry runs, nothing that was refused")
	_ = cmd.MarkFlagRequired("state")
	return cmd
}

func printCalls(out io.Writer, calls io.Reader, asJSON, changes bool) error {
	w := bufio.NewWriter(out)
	lines := bufio.NewScanner(calls)
	for lines.Scan() {
		var l wire.Logged
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			continue // the last line of a sandbox that was killed
		}
		if refused := l.Status >= 400 && l.Status < 500; changes && (l.ReadOnly || refused) {
			continue
		}
		if asJSON {
			fmt.Fprintf(w, "%s\n", lines.Bytes())
			continue
		}
		fmt.Fprintf(w, "%s %-14s %-12s %s:%s %d %s\n", l.At.Format(time.RFC3339), l.Region, l.Account, l.Service, l.Action, l.Status, l.Code)
	}
	return errors.Join(lines.Err(), w.Flush())
}

// sandboxFault sets what goes wrong.
func sandboxFault() *cobra.Command {
	var f wire.Fault
	var off bool
	var file string
	cmd := onSandbox(&cobra.Command{
		Use: "fault", Short: "Make calls fail, until told otherwise", Args: cobra.NoArgs,
		Long: `Makes calls fail, or what they make. What is set replaces what was set before;
several at once come from a file, a list as in the section faults of a world
(amiship sandbox world). Durations are AWS's, all but --signed: the sandbox's speed
shortens them.`,
		Example: `  amiship sandbox fault --state ./aws --region eu-west-3 --for 20m   # a region that answers 500 for a while
  amiship sandbox fault --state ./aws --action 'Copy*' --times 1 --status 503 --code RequestLimitExceeded
  amiship sandbox fault --state ./aws --action 'Describe*' --lag 10s # reads that lag behind writes
  amiship sandbox fault --state ./aws --action CopyImage --times 2 --ends failed
  amiship sandbox fault --state ./aws --file faults.yaml
  amiship sandbox fault --state ./aws --off`,
	}, func(ctx context.Context, c *admin.Client, _ io.Writer, _ []string) error {
		if off {
			return c.SetFaults(ctx)
		}
		list := []wire.Fault{f}
		if file != "" {
			var err error
			if list, err = sandbox.ReadFaults(file); err != nil {
				return err
			}
		}
		return c.SetFaults(ctx, list...)
	})
	fl := cmd.Flags()
	fl.StringVar(&f.Account, "account", "", "only calls of this account, by name or id")
	fl.StringVar(&f.Region, "region", "", "only calls to this region (patterns with * are allowed)")
	fl.StringVar(&f.Service, "service", "", "only calls to this service: ec2, ssm, sts, servicequotas, aws-marketplace")
	fl.StringVar(&f.Action, "action", "", "only this action: CopyImage, Describe*")
	fl.DurationVar(&f.Signed, "signed", 0, "refuse calls that were signed so long ago, or so far ahead, by the sandbox's clock")
	fl.BoolVar(&f.After, "after", false, "fail the answer when the work is done")
	fl.IntVar(&f.Status, "status", 0, "HTTP status; -1 drops the connection (500, unless the fault does something else)")
	fl.StringVar(&f.Code, "code", "", "error code (InternalError)")
	fl.StringVar(&f.Message, "message", "", "error text")
	fl.IntVar(&f.Skip, "skip", 0, "let so many calls pass first")
	fl.IntVar(&f.Times, "times", 0, "hit so many calls; 0: all")
	fl.DurationVar(&f.For, "for", 0, "how long after the first hit; 0: until told otherwise")
	fl.DurationVar(&f.Delay, "delay", 0, "how late the answer comes")
	fl.DurationVar(&f.Lag, "lag", 0, "how old what is read is")
	fl.StringVar((*string)(&f.Ends), "ends", "", "what becomes of what the call makes: failed, stuck, vanished, terminated, deaf")
	fl.DurationVar(&f.Lasts, "lasts", 0, "how long that takes")
	fl.StringVar(&file, "file", "", "a file with a list of faults, instead")
	fl.BoolVar(&off, "off", false, "nothing goes wrong any more")
	return cmd
}
