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

	"amiship/internal/view"
	"amiship/sandbox"
	"amiship/sandbox/admin"
	"amiship/sandbox/wire"
)

// sandboxCalls reads the log of calls, whether the sandbox runs or not.
func sandboxCalls(a *app) *cobra.Command {
	var state string
	var changes bool
	cmd := &cobra.Command{
		Use: "calls", Short: "Print the calls that the sandbox answered, one a line", Args: cobra.NoArgs,
		Annotations: takes(jsonFlag),
		RunE: func(*cobra.Command, []string) error {
			f, err := os.Open(filepath.Join(state, sandbox.CallsFile))
			if errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("state %s: no sandbox ever ran on it", state)
			}
			if err != nil {
				return err
			}
			defer f.Close()
			calls, err := readCalls(f, changes)
			a.result(&callsAnswer{Calls: calls}, func() { printCalls(a.Out, calls) })
			return err
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "`DIRECTORY` of the sandbox's state (required)")
	cmd.Flags().BoolVar(&changes, "changes", false, "only calls that may have changed something: no reads, dry runs or refused calls")
	_ = cmd.MarkFlagRequired("state")
	return cmd
}

// call is one that a sandbox has answered.
type call struct {
	At          time.Time `json:"at"`
	Region      string    `json:"region"`
	Account     string    `json:"account"`
	Key         string    `json:"key"` // access key id
	Service     string    `json:"service"`
	Action      string    `json:"action"`
	Status      int       `json:"status"`
	Code        string    `json:"code,omitempty"` // of an error
	ReadOnly    bool      `json:"read_only"`
	TookSeconds float64   `json:"took_seconds"`
}

type callsAnswer struct {
	view.Header
	Calls []call `json:"calls"`
}

// readCalls are those of a log, or those that may have changed something.
func readCalls(log io.Reader, changes bool) ([]call, error) {
	out := []call{}
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var l wire.Logged
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			continue // the last line of a sandbox that was killed
		}
		if refused := l.Status >= 400 && l.Status < 500; changes && (l.ReadOnly || refused) {
			continue
		}
		out = append(out, call{l.At, l.Region, l.Account, l.Key, l.Service, l.Action, l.Status, l.Code, l.ReadOnly, l.Took.Seconds()})
	}
	return out, lines.Err()
}

func printCalls(out io.Writer, calls []call) {
	w := bufio.NewWriter(out)
	for _, l := range calls {
		fmt.Fprintf(w, "%s %-14s %-12s %s:%s %d %s\n", l.At.Format(time.RFC3339), l.Region, l.Account, l.Service, l.Action, l.Status, l.Code)
	}
	w.Flush()
}

// sandboxFault sets what goes wrong.
func sandboxFault() *cobra.Command {
	var f wire.Fault
	var off bool
	var file string
	cmd := onSandbox(&cobra.Command{
		Use: "fault", Short: "Make calls fail", Args: cobra.NoArgs,
		Long: `Fault makes calls fail, or what they create, until it is told otherwise. It
replaces the faults that were set before; --file sets several, a list as in the
section faults of a world (amiship sandbox world). Durations are those of AWS,
which the sandbox's speed shortens, except --signed. Reading the report of a
Marketplace scan is the action GetScanReport of aws-marketplace.`,
		Example: `  # a region that answers 500 for a while
  amiship sandbox fault --state ./aws --region eu-west-3 --for 20m
  # a region that accepts connections and never answers
  amiship sandbox fault --state ./aws --region eu-west-3 --answer silent
  # one copy that is throttled
  amiship sandbox fault --state ./aws --action 'Copy*' --times 1 \
    --status 503 --code RequestLimitExceeded
  # two copies that fail
  amiship sandbox fault --state ./aws --action CopyImage --times 2 --ends failed
  # reads that lag behind writes
  amiship sandbox fault --state ./aws --action 'Describe*' --lag 10s
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
	fl.StringVar(&f.Account, "account", "", "only calls of this `ACCOUNT`, by name or id")
	fl.StringVar(&f.Region, "region", "", "only calls to this `REGION`; * is a wildcard")
	fl.StringVar(&f.Service, "service", "", "only calls to this `SERVICE`: ec2, ssm, sts, servicequotas, aws-marketplace")
	fl.StringVar(&f.Action, "action", "", "only this `ACTION`: CopyImage, Describe*")
	fl.DurationVar(&f.Signed, "signed", 0, "refuse calls that were signed this long ago, or ahead, by the sandbox's clock")
	fl.BoolVar(&f.After, "after", false, "fail the answer after the work is done")
	fl.IntVar(&f.Status, "status", 0, "HTTP `STATUS`; -1 drops the connection; 500 if the fault does nothing else")
	fl.StringVar(&f.Code, "code", "", "error `CODE`; InternalError by default")
	fl.StringVar(&f.Message, "message", "", "error `TEXT`")
	fl.IntVar(&f.Skip, "skip", 0, "let `N` calls pass first")
	fl.IntVar(&f.Times, "times", 0, "hit `N` calls; 0: all")
	fl.DurationVar(&f.For, "for", 0, "how long after the first hit; 0: until changed")
	fl.DurationVar(&f.Delay, "delay", 0, "delay of the answer")
	fl.StringVar((*string)(&f.Answer), "answer", "", "the `KIND` of answer: silent (nothing, for ever), stalled (half of it, then nothing), cut (half of it)")
	fl.DurationVar(&f.Lag, "lag", 0, "age of what is read")
	fl.StringVar((*string)(&f.Ends), "ends", "", "what `STATE` the call's resource ends in: failed, stuck, vanished, terminated, deaf")
	fl.DurationVar(&f.Lasts, "lasts", 0, "how long that takes")
	fl.StringVar(&file, "file", "", "`FILE` with a list of faults, instead")
	fl.BoolVar(&off, "off", false, "remove all faults")
	return cmd
}
