package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
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
	"amiship/internal/progress"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/source"
	"amiship/internal/world"
)

// runOptions are how a run is done.
type runOptions struct {
	engine.Options
	logs    string   // where logs of failed boot tests go
	approve []string // STEP@DIGEST

	progress *progress.Tracker                  // nil: of this run alone
	who      func(context.Context) record.Actor // nil: AWS is asked with the first change
}

// releaseCmd is the command release.
type releaseCmd struct {
	*app
	runOptions
	until   string
	noTest  bool
	retest  bool
	rebuild bool
	archs   []string // only variants of these; none: of all

	resubmit bool
	allOpen  bool
	outputs
	releases *plansAnswer
}

func releaseCommand(a *app) *cobra.Command {
	c := releaseCmd{app: a, releases: &plansAnswer{Plans: []plan.Plan{}}, runOptions: runOptions{Options: engine.Defaults()}}
	cmd := &cobra.Command{
		Use:   "release TAG | --all-open",
		Short: "Run or resume a release",
		Long: `Release builds, tests, copies, shares and publishes the AMIs of a tag, and
submits their versions to AWS Marketplace. It keeps what exists: the same
command resumes a run that was killed. Nothing is published or submitted before
every required region has its AMIs.

Marketplace takes hours. Release waits as long as --wait allows and then exits
75. The same command resumes it at any time, on any machine, without the secrets
of the build. What a run created it polls until AWS shows it, for up to three
minutes.

--all-open resumes every release that is not complete, and does not wait unless
--wait is given. It skips releases that were only built and tested: the job that
publishes them resumes those. It also ends what interrupted runs left running in
the build region, with their claims.

The first Ctrl-C starts nothing new, stops the running builds and gives up the
claim of the run. The second one exits at once.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag, verboseFlag),
		Example: `  amiship release v2.42.0
  amiship release v2.42.0 --until shared --catalog amis.json
  amiship release --all-open        # in a schedule, a day later`,
		Args: func(_ *cobra.Command, args []string) error { return c.tagOrAll(args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.allOpen {
				if !cmd.Flags().Changed("wait") {
					c.Wait = 0
				}
				return c.runOpen(cmd.Context())
			}
			return c.run(cmd.Context(), args[0])
		},
	}
	flags := cmd.Flags()
	flags.DurationVar(&c.Wait, "wait", c.Wait, "how long to wait when nothing else is left to do; then exit 75")
	flags.DurationVar(&c.Poll, "poll", c.Poll, "time between two polls of something pending")
	flags.IntVar(&c.Builds, "builds", c.Builds, "run `N` builds and boot tests at a time")
	flags.StringVar(&c.until, "until", string(plan.UntilListed), "stop at this `STAGE`: built, tested, shared, public or listed")
	flags.StringVar(&c.logs, "logs", "amiship-logs", "`DIRECTORY` for the logs of builds, and of instances whose boot test failed")
	flags.BoolVar(&c.retest, "retest", false, "repeat the boot test of candidates that failed it")
	flags.BoolVar(&c.rebuild, "rebuild", false, "rebuild candidates that failed their boot test, or were built from another package")
	flags.BoolVar(&c.noTest, "no-test", false, "release candidates without a boot test: for machines that run nothing, as with --driver instant")
	flags.BoolVar(&c.resubmit, "resubmit", false, "submit change sets again that Marketplace rejected, or that were canceled")
	flags.StringArrayVar(&c.approve, "approve", nil, "approve what a blocker shows, `STEP@DIGEST`: cancel another user's change set, overwrite another user's parameter, restrict old versions, release in a freeze")
	flags.BoolVar(&c.allOpen, "all-open", false, "resume all releases that are not complete")
	flags.StringSliceVar(&c.archs, "arch", nil, "build and test only `ARCH`,…: amd64, arm64; with --until built or tested")
	c.outputs.flags(cmd)
	c.progressFlag(cmd)
	return cmd
}

func (c releaseCmd) run(ctx context.Context, tag string) error {
	if err := c.check(); err != nil {
		return err
	}
	b, err := c.loadSaved(ctx)
	if err != nil {
		return err
	}
	d, err := c.atTag(ctx, b, tag)
	if err != nil {
		return err
	}
	until, err := plan.ParseUntil(c.until)
	if err != nil {
		return usage(err)
	}
	if d, err = ofArchs(d, c.archs, until); err != nil {
		return usage(err)
	}
	approved, err := approvals(c.approve)
	if err != nil {
		return usage(err)
	}
	d.Untested, d.Control.Approved = c.noTest, approved[plan.FreezeStep]
	clients, err := loadClients(ctx, firstRegion(d))
	if err != nil {
		return err
	}
	ctx, stop, cancel := c.interrupts(ctx)
	defer cancel()
	if c.who, err = c.announce(reading(ctx, stop), clients); err != nil {
		return err
	}
	outcome, err := c.releaseOne(ctx, stop, clients, d, refusing(d, approved, func(w world.World, r plan.Run) plan.Plan {
		r.Retest, r.Rebuild, r.Resubmit, r.Approved = c.retest, c.rebuild, c.resubmit, approved
		return reconcile.Reconcile(d, w, r).Until(until)
	}))
	if err == nil && outcome == engine.Complete && until == plan.UntilListed && d.Policy.Retire {
		err = c.retireAfter(ctx)
	}
	return firstOf(err, outcomeError(outcome))
}

// retireAfter does what is due of older releases, as the catalog wants it with a
// release that is complete. What is on standard output stays the release's.
func (c releaseCmd) retireAfter(ctx context.Context) error {
	aside := *c.app
	aside.Out, aside.json, aside.answering = c.Err, false, &answering{}
	return retireCmd{app: &aside, unattended: true, approving: approving{ofProjectOnly(c.approve)}}.run(ctx)
}

// releaseOne does one release, and writes what came of it.
func (c releaseCmd) releaseOne(
	ctx context.Context, stop <-chan struct{}, clients *awsapi.Clients, d release.Desired, toPlan reconciler,
) (engine.Outcome, error) {
	start, calls := time.Now(), clients.Calls()
	p, outcome, err := c.runWith(ctx, stop, clients, d, c.runOptions, toPlan)
	if err != nil {
		return outcome, err
	}
	unwritten := c.write(d, p)
	c.releases.Plans = append(c.releases.Plans, p)
	c.result(c.releases, func() {
		report.Result(c.Out, d, p, outcome, report.Look{At: clients.Now(), Took: time.Since(start), Calls: clients.Calls() - calls})
	})
	c.hints(p)
	return outcome, unwritten
}

// reconciler makes a plan for what is to be done.
type reconciler func(world.World, plan.Run) plan.Plan

// tagOrAll: one tag, or all that are open.
func (c releaseCmd) tagOrAll(args []string) error {
	switch {
	case c.allOpen && len(args) > 0:
		return usage(errors.New("name a tag, or --all-open"))
	case c.allOpen && (c.catalog != "" || c.rebuild || c.retest || c.resubmit || c.approvesSteps()):
		return usage(errors.New("--catalog, --rebuild, --retest, --resubmit and --approve of a step are about one release: name its tag"))
	case c.allOpen:
		return nil
	}
	return cobra.ExactArgs(1)(nil, args)
}

// approvesSteps reports whether more is approved than a freeze, which is the project's.
func (c releaseCmd) approvesSteps() bool {
	return slices.ContainsFunc(c.approve, func(text string) bool { return !strings.HasPrefix(text, string(plan.FreezeStep)+"@") })
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

// runWith puts the parts together and does what a reconciler plans.
func (a *app) runWith(ctx context.Context, stop <-chan struct{}, clients *awsapi.Clients, d release.Desired, o runOptions, toPlan reconciler,
) (plan.Plan, engine.Outcome, error) {
	if d.Control.Region == "" {
		return plan.Plan{}, "", errors.New("no region is named in which a pause would be recorded")
	}
	approved, err := approvals(o.approve)
	if err != nil {
		return plan.Plan{}, "", usage(err)
	}
	if o.progress == nil {
		o.progress = a.progress(d)
	}
	defer a.showing(o.progress)()
	if o.who == nil {
		o.who = once(calling(clients))
	}
	id := runID()
	doer := &apply.Applier{Clients: clients, Desired: d, Packer: packer.Runner{}, RunID: id, Secret: source.Secret, Log: a.log(), Poll: min(o.Poll, 2*time.Second), Logs: o.logs, Who: o.who, Approved: approved, Tell: o.progress.Answer}
	defer doer.Close()
	store := a.store()
	looker := &observe.Observer{Clients: clients, Desired: d, Fetch: fetch(store), Digest: digest(store), Notes: notes}
	loop := local.Loop{
		RunID: id, Options: o.Options, Now: clients.Now, Look: looker.Each, Do: doer.Do, Expired: clients.Expired(), Rejected: clients.Rejected,
		Reconcile: typing(ctx, controlled(d, toPlan)),
		Affects:   func(act plan.Action) []world.Query { return act.Affects(d) },
		Report:    o.progress.Plan,
		Changed:   o.progress.Changed,
	}
	return loop.Run(ctx, stop)
}

// runAlone is runWith, with clients of its own.
func (a *app) runAlone(ctx context.Context, stop <-chan struct{}, d release.Desired, o runOptions, toPlan reconciler) (plan.Plan, engine.Outcome, error) {
	clients, err := loadClients(ctx, firstRegion(d))
	if err != nil {
		return plan.Plan{}, "", err
	}
	return a.runWith(ctx, stop, clients, d, o, toPlan)
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
