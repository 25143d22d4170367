package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
	"amiship/internal/probe"
	"amiship/internal/view"
)

// callerFlags are whose account a command without a catalog acts on.
type callerFlags struct{ profile string }

func (c *callerFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.profile, "profile", "", "AWS `PROFILE`; else what the environment says")
}

func (c callerFlags) clients(ctx context.Context, region string) (*awsapi.Clients, error) {
	if c.profile != "" {
		return loadProfile(ctx, region, c.profile)
	}
	return loadClients(ctx, region)
}

// typed repeats the flags.
func (c callerFlags) typed() string {
	if c.profile == "" {
		return ""
	}
	return " --profile " + plan.Quote(c.profile)
}

// probeCmd is the command probe.
type probeCmd struct {
	*app
	callerFlags
	probe     probe.Config
	yes, list bool
	out       string
}

func probeCommand(a *app) *cobra.Command {
	c := probeCmd{app: a, probe: probe.Config{Wait: probe.DefaultWait, Settle: probe.DefaultSettle}}
	cmd := &cobra.Command{
		Use: "probe", Short: "Ask AWS what the sandbox only assumes",
		Long: `Probe asks AWS each behavior that Amiship and its sandbox rely on, and compares
the answers with the sandbox's. It needs no catalog, no Packer, and no machine.

Without --write it only reads. With --write it makes small things, a 1 GiB
snapshot of an empty volume, an AMI of it, copies in one other region, security
groups, a key pair, parameters, and removes them. All is private and carries the
tag amiship:probe. --product lets it validate a version of that product, which
is never submitted; --launch starts one t3.micro. It changes nothing else: not
the account's settings, and no AMI that it did not make.

Before anything is asked it prints what it will make, the IAM actions, and an
upper bound of the cost, and asks for confirmation. Ctrl-C stops it, and it
removes what it has made. If it was killed, amiship sweep --probe does that.

The answers are written to a file without account ids, ARNs and keys. What was
unknown, amiship sandbox --as FILE and amiship rehearse --as FILE take over.`,
		Annotations: takes(awsFlags, jsonFlag),
		Example: `  amiship probe --list
  amiship probe --profile sandbox --region eu-west-1
  amiship probe --profile sandbox --region eu-west-1 --write
  amiship probe --region eu-west-1 --write --only copy-limit,deregister-pending`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	f := cmd.Flags()
	c.callerFlags.flags(cmd)
	f.StringVar(&c.probe.Region, "region", "us-east-1", "`REGION` to ask, and to make things in")
	f.StringVar(&c.probe.To, "to", "", "`REGION` to copy to (default us-east-1, or us-west-2 from there)")
	f.StringSliceVar(&c.probe.Only, "only", nil, "ask only these statements, by `NAME` or number")
	f.BoolVar(&c.probe.Write, "write", false, "make things, too, and remove them")
	f.BoolVar(&c.probe.Launch, "launch", false, "start an instance, too; with --write")
	f.StringVar(&c.probe.Product, "product", "", "validate a version of the product with this `ID`, too; with --write and --access-role")
	f.StringVar(&c.probe.AccessRole, "access-role", "", "`ARN` of the role with which Marketplace reads the AMI")
	f.DurationVar(&c.probe.Wait, "wait", c.probe.Wait, "how long one thing may take on AWS")
	f.BoolVar(&c.list, "list", false, "print the statements, and ask nothing")
	f.StringVar(&c.out, "out", "amiship-probe.json", "write the answers to this `FILE`")
	f.BoolVarP(&c.yes, "yes", "y", false, "do not ask for confirmation")
	return cmd
}

func (c probeCmd) run(ctx context.Context) error {
	if c.list {
		probe.WriteStatements(c.Out)
		return nil
	}
	selected, err := c.check()
	if err != nil {
		return err
	}
	if err := writable(c.out); err != nil {
		return err
	}
	if c.probe.Clients, err = c.clients(ctx, c.probe.Region); err != nil {
		return err
	}
	ctx, stop, cancel := c.interrupts(ctx)
	defer cancel()
	if _, err := c.announce(reading(ctx, stop), c.probe.Clients); err != nil {
		return err
	}
	probe.WriteScope(c.Err, selected)
	if c.probe.Write {
		if err := c.confirm(c.yes, "do that?"); err != nil {
			return err
		}
	}
	c.probe.Say = func(s probe.Statement) {
		if s.Group != probe.Reads { // these take minutes
			fmt.Fprintf(c.Err, "amiship: asks %d %s\n", s.Number, s.Name)
		}
	}
	result, err := probe.Run(ctx, stop, c.probe)
	if result.Amiship = c.version.Version; len(result.Answers) > 0 {
		err = errors.Join(c.write(result), err)
	}
	return c.hint(err)
}

// check returns the statements that will be asked, and what is wrong with the flags.
func (c *probeCmd) check() ([]probe.Statement, error) {
	if c.probe.To == "" {
		if c.probe.To = "us-east-1"; c.probe.Region == c.probe.To {
			c.probe.To = "us-west-2"
		}
	}
	switch {
	case c.probe.To == c.probe.Region:
		return nil, usage(errors.New("--to is another region than --region"))
	case !c.probe.Write && (c.probe.Launch || c.probe.Product != ""):
		return nil, usage(errors.New("--launch and --product make things: they need --write"))
	case (c.probe.Product == "") != (c.probe.AccessRole == ""):
		return nil, withHint(usage(errors.New("--product and --access-role go together")), "amiship iam marketplace-role prints how to make the role")
	}
	selected, err := c.probe.Selected()
	var unknown *probe.UnknownError
	switch {
	case errors.As(err, &unknown):
		return nil, unknownName("statement", unknown.Name, probe.Names())
	case err == nil && len(selected) == 0:
		return nil, usage(errors.New("the statements of --only need --write, --product or --launch: amiship probe --list shows which"))
	}
	return selected, err
}

// write writes the answers to the file, and to standard output.
func (c probeCmd) write(r probe.Result) error {
	if err := replaceFile(c.out, 0o644, func(w io.Writer) error { return r.JSON(w) }); err != nil {
		return err
	}
	c.result(&probeAnswer{Result: r}, func() {
		r.Write(c.Out)
		if c.out != "" {
			fmt.Fprintf(c.Out, "%s has the answers. To rehearse on such an AWS:\n  amiship rehearse TAG --as %s\n", c.out, plan.Quote(c.out))
		}
	})
	return nil
}

// probeAnswer says whose account was asked, which the file keeps to itself.
type probeAnswer struct {
	view.Header
	probe.Result
}

// hint says what to type where something is left.
func (c probeCmd) hint(err error) error {
	var left *probe.LeftError
	switch {
	case errors.As(err, &left), errors.Is(err, context.Canceled):
		return withHint(err, "amiship sweep --probe"+c.typed()+" removes what is left")
	case errors.Is(err, probe.ErrStopped):
		return &exitError{codeInterrupted, err}
	}
	return err
}

// sweepProbe is sweep --probe.
type sweepProbe struct {
	*app
	callerFlags
	regions []string
	yes     bool
}

func (c sweepProbe) run(ctx context.Context) error {
	clients, err := c.clients(ctx, "us-east-1")
	if err != nil {
		return err
	}
	ctx, stop, cancel := c.interrupts(ctx)
	defer cancel()
	reads := reading(ctx, stop)
	if _, err := c.announce(reads, clients); err != nil {
		return err
	}
	if len(c.regions) == 0 {
		if c.regions, err = probe.Regions(reads, clients, "us-east-1"); err != nil {
			return err
		}
	}
	all := probe.Sweep{Listings: true}
	left, err := probe.Leftovers(reads, clients, c.regions, all)
	if err != nil {
		return err
	}
	of := &sweptAnswer{Left: namesOf(left), Removed: []string{}}
	c.result(of, nothing)
	if len(left) == 0 {
		fmt.Fprintf(c.Out, "probes have left nothing in %d regions\n", len(c.regions))
		return nil
	}
	for _, l := range left {
		fmt.Fprintf(c.Out, "%s, of probe %s\n", l, l.Run)
	}
	if err := c.confirm(c.yes, fmt.Sprintf("remove these %d?", len(left))); err != nil {
		return err
	}
	within, end := context.WithTimeout(reads, probe.DefaultWait)
	defer end()
	removed, err := probe.Clean(within, clients, regionsOf(left), all)
	of.Removed = namesOf(removed)
	fmt.Fprintf(c.Out, "removed %d\n", len(removed))
	return err
}

// sweptAnswer has what probes have left, and what of it was removed.
type sweptAnswer struct {
	view.Header
	Left    []string `json:"left"`
	Removed []string `json:"removed"`
}

func namesOf(all []probe.Leftover) []string {
	out := []string{}
	for _, l := range all {
		out = append(out, l.String())
	}
	return out
}

// regionsOf are those that have something left.
func regionsOf(left []probe.Leftover) (out []string) {
	for _, l := range left {
		if !slices.Contains(out, l.Region) {
			out = append(out, l.Region)
		}
	}
	return out
}
