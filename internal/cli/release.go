package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/apply"
	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/engine"
	"amiship/internal/engine/local"
	"amiship/internal/observe"
	"amiship/internal/packer"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/source"
	"amiship/internal/world"
)

type releaseOptions struct {
	engine.Options
	until   string
	logs    string // where logs of failed boot tests go
	noTest  bool
	retest  bool
	rebuild bool
	archs   []string // only variants of these; none: of all

	resubmit bool
	approve  []string // STEP@DIGEST
	allOpen  bool
	outputs
}

func (a *app) releaseCommand() *cobra.Command {
	o := releaseOptions{Options: engine.Defaults()}
	cmd := &cobra.Command{
		Use:   "release TAG | --all-open",
		Short: "Do what a release needs, or carry on where it stands",
		Long: `Release builds, tests, copies, shares and publishes the AMIs of a tag, and offers
them on AWS Marketplace. What exists already is kept; a run that was killed is
carried on by the same command. Nothing is made public or offered before every
required region has its AMIs.

Marketplace takes hours. Release stays as long as --wait allows, and then ends
with 75: the same command carries on, at any time, on any machine, without the
secrets of the build. --all-open does so for every release that is not complete,
and stays no longer than it takes to look, unless --wait is given. What a run has
made it waits for until AWS shows it, for three minutes at most. A release that was
built and tested only is left to whoever publishes it.

Ctrl-C begins nothing new, ends the builds that are under way and gives its claim
back; a second one leaves at once.`,
		Example: `  amiship release v2.42.0
  amiship release v2.42.0 --until shared --catalog amis.json
  amiship release --all-open        # in a schedule, a day later`,
		Args: func(_ *cobra.Command, args []string) error { return tagOrAll(args, o) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.allOpen {
				if !cmd.Flags().Changed("wait") {
					o.Wait = 0
				}
				return a.releaseOpen(cmd.Context(), o)
			}
			return a.release(cmd.Context(), args[0], o)
		},
	}
	flags := cmd.Flags()
	flags.DurationVar(&o.Wait, "wait", o.Wait, "how long to stay when only waits are left; then exit 75")
	flags.DurationVar(&o.Poll, "poll", o.Poll, "time between two looks at something pending")
	flags.IntVar(&o.Builds, "builds", o.Builds, "builds and boot tests at once")
	flags.StringVar(&o.until, "until", string(plan.UntilListed), "stop when this is reached: built, tested, shared, public or listed")
	flags.StringVar(&o.logs, "logs", "amiship-logs", "directory for what the machines of failed boot tests have logged")
	flags.BoolVar(&o.retest, "retest", false, "test candidates again that failed their boot test")
	flags.BoolVar(&o.rebuild, "rebuild", false, "build candidates anew that failed their boot test, or were built from another package")
	flags.BoolVar(&o.noTest, "no-test", false, "release candidates without a boot test: for machines that run nothing, as --driver instant has them")
	flags.BoolVar(&o.resubmit, "resubmit", false, "offer Marketplace again what it refused, or what somebody has cancelled")
	flags.StringArrayVar(&o.approve, "approve", nil, "allow what was shown, STEP@DIGEST: to cancel somebody else's change set, to restrict old versions")
	flags.BoolVar(&o.allOpen, "all-open", false, "carry on all releases that are not complete")
	flags.StringSliceVar(&o.archs, "arch", nil, "build and test for these architectures only; with --until built or tested")
	o.outputs.flags(cmd)
	return cmd
}

func (a *app) release(ctx context.Context, tag string, o releaseOptions) error {
	b, err := a.loadSaved(ctx)
	if err != nil {
		return err
	}
	d, err := catalog.Resolve(b, tag)
	if err != nil {
		return err
	}
	until, err := plan.ParseUntil(o.until)
	if err != nil {
		return usage(err)
	}
	if d, err = ofArchs(d, o.archs, until); err != nil {
		return usage(err)
	}
	approved, err := approvals(o.approve)
	if err != nil {
		return usage(err)
	}
	d.Untested = o.noTest
	clients, err := awsapi.Load(ctx, firstRegion(d))
	if err != nil {
		return err
	}
	ctx, stop, cancel := interrupts(ctx)
	defer cancel()
	outcome, err := a.releaseOne(ctx, stop, clients, d, o, func(w world.World, r plan.Run) plan.Plan {
		r.Retest, r.Rebuild, r.Resubmit, r.Approved = o.retest, o.rebuild, o.resubmit, approved
		return plan.Reconcile(d, w, r).Until(until)
	})
	if err == nil && outcome == engine.Complete && until == plan.UntilListed && d.Policy.Retire {
		err = a.retireAfter(ctx)
	}
	return firstOf(err, outcomeError(outcome))
}

// retireAfter does what is due of older releases, as the catalog wants it with a
// release that is complete. What is on standard output stays the release's.
func (a *app) retireAfter(ctx context.Context) error {
	aside := *a
	aside.Out, aside.json = a.Err, false
	return aside.retire(ctx, retireOptions{yes: true})
}

// releaseOne does one release, and writes what came of it.
func (a *app) releaseOne(
	ctx context.Context, stop <-chan struct{}, clients *awsapi.Clients, d release.Desired, o releaseOptions, reconcile reconciler,
) (engine.Outcome, error) {
	start, calls := time.Now(), clients.Calls()
	p, outcome, err := a.run(ctx, stop, clients, d, o, reconcile)
	if err != nil {
		return outcome, err
	}
	if err := o.write(d, p); err != nil {
		return outcome, err
	}
	if a.json {
		err = report.JSON(a.Out, p)
	} else {
		report.Result(a.Out, d, p, outcome, report.Look{At: clients.Now(), Took: time.Since(start), Calls: clients.Calls() - calls})
	}
	a.hints(p)
	return outcome, err
}

// reconciler makes a plan for what is to be done.
type reconciler func(world.World, plan.Run) plan.Plan

// tagOrAll: one tag, or all that are open.
func tagOrAll(args []string, o releaseOptions) error {
	switch {
	case o.allOpen && len(args) > 0:
		return usage(errors.New("name a tag, or --all-open"))
	case o.allOpen && (o.catalog != "" || o.rebuild || o.retest || o.resubmit || len(o.approve) > 0):
		return usage(errors.New("--catalog, --rebuild, --retest, --resubmit and --approve are about one release: name its tag"))
	case o.allOpen:
		return nil
	}
	return cobra.ExactArgs(1)(nil, args)
}

// approvals reads what was allowed: STEP@DIGEST.
func approvals(given []string) (map[plan.ID]string, error) {
	out := map[plan.ID]string{}
	for _, text := range given {
		id, digest, ok := strings.Cut(text, "@")
		if !ok || id == "" || digest == "" {
			return nil, fmt.Errorf("--approve %s: want STEP@DIGEST, as a blocker shows it", text)
		}
		out[plan.ID(id)] = digest
	}
	return out, nil
}

// desired resolves the catalog at a tag.
func (a *app) desired(tag string) (release.Desired, error) {
	b, err := a.load()
	if err != nil {
		return release.Desired{}, err
	}
	return catalog.Resolve(b, tag)
}

// run puts the parts together and does what reconcile says.
func (a *app) run(ctx context.Context, stop <-chan struct{}, clients *awsapi.Clients, d release.Desired, o releaseOptions, reconcile reconciler,
) (plan.Plan, engine.Outcome, error) {
	id := runID()
	doer := &apply.Applier{Clients: clients, Desired: d, Packer: packer.Runner{}, RunID: id, Secret: source.Secret, Log: a.log(), Poll: min(o.Poll, 2*time.Second), Logs: o.logs}
	defer doer.Close()
	looker := &observe.Observer{Clients: clients, Desired: d, Fetch: fetch(&source.Store{}), Notes: notes}
	loop := local.Loop{
		RunID: id, Options: o.Options, Now: clients.Now, Look: looker.Look, Do: doer.Do,
		Reconcile: reconcile,
		Touches:   func(act plan.Action) []world.Query { return apply.Touches(act, d) },
		Report:    report.NewProgress(a.Err, time.Now).Plan,
	}
	return loop.Run(ctx, stop)
}

// runAlone is run with clients of its own.
func (a *app) runAlone(ctx context.Context, stop <-chan struct{}, d release.Desired, o releaseOptions, reconcile reconciler) (plan.Plan, engine.Outcome, error) {
	clients, err := awsapi.Load(ctx, firstRegion(d))
	if err != nil {
		return plan.Plan{}, "", err
	}
	return a.run(ctx, stop, clients, d, o, reconcile)
}

// runID tells this run from others: where it is, and a random part.
func runID() string {
	host, _ := os.Hostname()
	var b [4]byte
	_, _ = rand.Read(b[:])
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), hex.EncodeToString(b[:]))
}

func outcomeError(o engine.Outcome) error {
	switch o {
	case engine.Complete:
		return nil
	case engine.StillToWait:
		return silent(codeWaiting)
	case engine.IsBlocked:
		return silent(codeBlocked)
	case engine.Interrupted:
		return silent(codeInterrupted)
	default:
		return silent(codeFailed)
	}
}
