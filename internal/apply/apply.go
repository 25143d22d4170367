// Package apply does the steps of a plan, each safe to repeat: one type for each
// subject, as claims, copies and parameters, with a method for each kind of step.
//
// A step that cannot be undone reads its target again just before it acts,
// and refuses (ErrChanged) if the facts it rests on are no longer those that
// the plan saw.
package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"amiship/internal/awsapi"
	"amiship/internal/packer"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
)

// ErrChanged says that AWS has changed since the plan was made: read again.
var ErrChanged = errors.New("changed since it was read")

// ErrClaimed says that AWS has a claim of that name, whatever was read of it.
var ErrClaimed = errors.New("another run was faster")

// Applier does steps for one run of one release.
type Applier struct {
	Clients *awsapi.Clients
	Desired release.Desired
	Packer  packer.Runner
	RunID   string // ours, on claims
	Secret  func(context.Context, release.Secret) ([]byte, error)
	Log     *slog.Logger
	Poll    time.Duration // between two reads of instances that start, answer or end
	// Who is who runs this, for marks. Nil: unknown. Approved is what that person has
	// approved of.
	Who      func(context.Context) record.Actor
	Approved map[plan.ID]string
	Logs     string // directory for the logs of builds, and of instances that failed their boot test
	// Tell is told what a build or a boot test has heard last, and after which time it fails; 0: not known.
	Tell func(id plan.ID, text string, limit time.Duration)

	heartbeats heartbeats
	access     access
	pause      pause
}

// Result is what a step made.
type Result struct {
	Made string // an AMI, a claim's group, or a change set
	Left error  // what is left undone of a step that is over: snapshots of an AMI that is gone
}

// appliers are what does the steps of each kind: one type for each subject, all of them
// on the same targets.
func (a *Applier) appliers() map[plan.Kind]func(context.Context, plan.Action) (Result, error) {
	var (
		targets     = a.targets()
		limits      = limits{a.Clients}
		claims      = claims{targets: targets, log: a.Log, poll: a.Poll, runID: a.RunID, access: &a.access, heartbeats: &a.heartbeats}
		builds      = builds{targets: targets, log: a.Log, logs: a.Logs, tell: a.tell, packer: lending(a.Packer, a.Clients), claims: &a.heartbeats, secrets: a.secrets()}
		tests       = a.tests()
		images      = images{targets}
		removals    = removals{targets}
		copies      = copies{targets, removals}
		sharing     = sharing{targets}
		parameters  = parameters{targets}
		changeSets  = changeSets{targets}
		withdrawals = withdrawals{sharing}
		retirements = retirements{sharing, images}
		reports     = reports{targets}
	)
	return map[plan.Kind]func(context.Context, plan.Action) (Result, error){
		plan.Raise: limits.raise, plan.Allow: limits.allow, plan.AllowSnapshots: limits.allowSnapshots,
		plan.Claim: claims.claim, plan.Unclaim: claims.unclaim,
		plan.Build: builds.build, plan.Test: tests.test,
		plan.Adopt: images.adopt, plan.IMDS: images.imds, plan.Publish: images.publish,
		plan.Waive: images.annotate("the waiver"), plan.Record: images.annotate("the retention policy"),
		plan.Copy: copies.start, plan.Share: sharing.share, plan.PublishSnapshot: sharing.publish,
		plan.Parameter: parameters.put, plan.DeleteParameter: parameters.remove,
		plan.Validate: changeSets.submit, plan.ChangeSet: changeSets.submit, plan.Restrict: changeSets.submit, plan.Cancel: changeSets.cancel,
		plan.Order:    images.annotate("since when it is in line"),
		plan.Withdraw: withdrawals.withdraw, plan.Close: withdrawals.closeImage,
		plan.Deprecate: retirements.deprecate, plan.Demote: retirements.demote, plan.Disable: retirements.disable,
		plan.Discard: removals.remove, plan.Remove: removals.remove, plan.DeleteSnapshot: removals.deleteSnapshots,
		plan.ReportUsage: reports.create, plan.DeleteReport: reports.remove,
	}
}

func (a *Applier) targets() targets { return targets{a.Clients, &a.Desired} }

func (a *Applier) secrets() secrets { return secrets{a.Clients, a.Secret} }

func (a *Applier) tell(id plan.ID, text string, limit time.Duration) {
	if a.Tell != nil {
		a.Tell(id, text, limit)
	}
}

func (a *Applier) marker() marker { return marker{a.targets(), a.Log, a.Who, a.Approved} }

func (a *Applier) tests() tests {
	return tests{
		targets: a.targets(), log: a.Log, logs: a.Logs, tell: a.tell, poll: a.Poll,
		access: &a.access, claims: &a.heartbeats, secrets: a.secrets(), marker: a.marker(),
	}
}

// Do does one step.
func (a *Applier) Do(ctx context.Context, act plan.Action) (Result, error) {
	do, ok := a.appliers()[act.Kind()]
	if !ok {
		return Result{}, fmt.Errorf("no way to do %s", act.ID)
	}
	res, err := Result{}, a.held(ctx, act)
	if err == nil {
		res, err = do(ctx, a.marker().signed(ctx, act))
	}
	if err == nil {
		a.marker().record(ctx, act, res)
	}
	attrs := []any{"step", act.ID, "made", res.Made}
	if failed := errors.Join(err, res.Left); failed != nil {
		attrs = append(attrs, "error", failed)
	}
	a.Log.Info("done", attrs...)
	return res, err
}

// Close ends what only this process keeps alive: the renewal of its claims.
func (a *Applier) Close() { a.heartbeats.stopAll() }
