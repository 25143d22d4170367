package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	catalog string // where catalog.json goes
}

func (a *app) releaseCommand() *cobra.Command {
	o := releaseOptions{Options: engine.Defaults()}
	cmd := &cobra.Command{
		Use:   "release TAG",
		Short: "Do what a release needs, or carry on where it stands",
		Long: `Release builds, tests, copies, shares and publishes the AMIs of a tag. What exists
already is kept; a run that was killed is carried on by the same command. Nothing
is made public before every required region has its AMIs.

Ctrl-C begins nothing new, ends the builds that are under way and gives its claim
back; a second one leaves at once.`,
		Example: "  amiship release v2.42.0\n  amiship release v2.42.0 --until shared --catalog amis.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.release(cmd.Context(), args[0], o)
		},
	}
	flags := cmd.Flags()
	flags.DurationVar(&o.Wait, "wait", o.Wait, "how long to stay when only waits are left; then exit 75")
	flags.DurationVar(&o.Poll, "poll", o.Poll, "time between two looks at something pending")
	flags.IntVar(&o.Builds, "builds", o.Builds, "builds and boot tests at once")
	flags.StringVar(&o.until, "until", string(plan.UntilPublic), "stop when this is reached: built, tested, shared or public")
	flags.StringVar(&o.logs, "logs", "amiship-logs", "directory for what the machines of failed boot tests have logged")
	flags.BoolVar(&o.retest, "retest", false, "test candidates again that failed their boot test")
	flags.BoolVar(&o.rebuild, "rebuild", false, "build candidates anew that failed their boot test, or were built from another package")
	flags.BoolVar(&o.noTest, "no-test", false, "release candidates without a boot test: for machines that run nothing, as --driver instant has them")
	flags.StringVar(&o.catalog, "catalog", "", "write the AMI ids by image, architecture and region to this file")
	return cmd
}

func (a *app) release(ctx context.Context, tag string, o releaseOptions) error {
	d, err := a.desired(tag)
	if err != nil {
		return err
	}
	until, err := plan.ParseUntil(o.until)
	if err != nil {
		return usage(err)
	}
	ctx, stop, cancel := interrupts(ctx)
	defer cancel()
	start := time.Now()
	d.Untested = o.noTest
	p, outcome, clients, err := a.run(ctx, stop, d, o, func(w world.World, r plan.Run) plan.Plan {
		r.Retest, r.Rebuild = o.retest, o.rebuild
		return plan.Reconcile(d, w, r).Until(until)
	})
	if err != nil {
		return err
	}
	if o.catalog != "" {
		if err := writeCatalog(o.catalog, d, p); err != nil {
			return err
		}
	}
	if a.json {
		err = report.JSON(a.Out, p)
	} else {
		report.Result(a.Out, d, p, outcome, report.Look{At: clients.Now(), Took: time.Since(start), Calls: clients.Calls()})
	}
	a.hints(p)
	return firstOf(err, outcomeError(outcome))
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
func (a *app) run(ctx context.Context, stop <-chan struct{}, d release.Desired, o releaseOptions, reconcile func(world.World, plan.Run) plan.Plan,
) (plan.Plan, engine.Outcome, *awsapi.Clients, error) {
	clients, err := awsapi.Load(ctx, firstRegion(d))
	if err != nil {
		return plan.Plan{}, "", nil, err
	}
	id := runID()
	doer := &apply.Applier{Clients: clients, Desired: d, Packer: packer.Runner{}, RunID: id, Secret: source.Secret, Log: a.log(), Poll: min(o.Poll, 2*time.Second), Logs: o.logs}
	defer doer.Close()
	looker := &observe.Observer{Clients: clients, Desired: d, Fetch: fetch(&source.Store{})}
	loop := local.Loop{
		RunID: id, Options: o.Options, Now: clients.Now, Look: looker.Look, Do: doer.Do,
		Reconcile: reconcile,
		Touches:   func(act plan.Action) []world.Query { return apply.Touches(act, d) },
		Report:    report.NewProgress(a.Err, time.Now).Plan,
	}
	p, outcome, err := loop.Run(ctx, stop)
	return p, outcome, clients, err
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

// writeCatalog replaces the file in one step, so that no reader sees half of it.
func writeCatalog(path string, d release.Desired, p plan.Plan) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".amiship-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	if err := report.JSON(f, report.NewCatalog(d, p)); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
