package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/apply"
	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/view"
)

// pauseCmd is the command pause.
type pauseCmd struct {
	*app
	reason, until string
}

func pauseCommand(a *app) *cobra.Command {
	c := pauseCmd{app: a}
	cmd := &cobra.Command{
		Use: "pause --reason TEXT [--until DATE]", Short: "Put all changes of the project on hold",
		Long: `Pause records in an SSM parameter of the build region that all changes of the
project are on hold. Every run on any machine, including those in progress,
reads it before each change: running builds and tests finish, and nothing else
starts. A command that is on hold exits 20 and shows who paused, why and since
when. Commands that only read still work.

amiship resume ends it, or --until: a day such as 2026-12-31 (to its end, UTC),
or a time such as 2026-12-31T18:00:00+01:00. withdraw --override-pause works
during a pause. For windows that are known in advance, use freeze in
amiship.yaml.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Example: `  amiship pause --reason "signing key leaked, see INC-1234"
  amiship pause --reason "network maintenance" --until 2026-12-31`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&c.reason, "reason", "", "why: `TEXT` (required)")
	cmd.Flags().StringVar(&c.until, "until", "", "the last `DAY`, such as 2026-12-31, or a time with its zone; by default until amiship resume")
	return cmd
}

func (c pauseCmd) run(ctx context.Context) error {
	b, clients, had, err := c.pauseNow(ctx)
	if err != nil {
		return err
	}
	p := record.Pause{Reason: c.reason, By: actor(ctx, clients), Since: clients.Now().UTC().Truncate(time.Second)}
	if p.Until, err = pausedUntil(c.until, p.Since); err != nil {
		return usage(err)
	}
	value, err := p.Value()
	if err != nil {
		return usage(fmt.Errorf("--reason: %w", err))
	}
	if had.InForce(clients.Now()) {
		return withHint(&exitError{codeBlocked, fmt.Errorf("%s: %s", b.Catalog.Project, plan.Paused(had))}, "amiship resume ends that pause; then run the same command again")
	}
	region, project := b.Catalog.Build.Region, b.Catalog.Project
	if err := apply.Pause(ctx, clients, region, project, value, !had.Since.IsZero()); awsapi.IsParameterThere(err) {
		return withHint(err, "another user has paused changes meanwhile: amiship status shows it")
	} else if err != nil {
		return err
	}
	c.result(&pauseAnswer{Project: project, Paused: true, Pause: newPauseJSON(p)}, c.line("%s: %s", project, plan.Paused(p)))
	return nil
}

// pauseAnswer has the pause that a command has begun or ended.
type pauseAnswer struct {
	view.Header
	Project string     `json:"project"`
	Paused  bool       `json:"paused"`
	Pause   *pauseJSON `json:"pause,omitempty"`  // none, or it could not be read
	Frozen  string     `json:"frozen,omitempty"` // what still holds changes
}

type pauseJSON struct {
	Reason string       `json:"reason"`
	By     record.Actor `json:"by"`
	Since  time.Time    `json:"since"`
	Until  time.Time    `json:"until,omitzero"`
}

func newPauseJSON(p record.Pause) *pauseJSON {
	if p.Since.IsZero() {
		return nil
	}
	return &pauseJSON{p.Reason, p.By, p.Since, p.Until}
}

// pauseNow reads the pause of the catalog's project.
func (a *app) pauseNow(ctx context.Context) (*catalog.Bundle, *awsapi.Clients, record.Pause, error) {
	b, err := a.load()
	if err != nil {
		return nil, nil, record.Pause{}, err
	}
	clients, err := loadClients(ctx, b.Catalog.Build.Region)
	if err != nil {
		return nil, nil, record.Pause{}, err
	}
	p, err := observe.Pause(ctx, clients, b.Catalog.Build.Region, b.Catalog.Project)
	return b, clients, p, err
}

// pausedUntil reads a day, to its end, or a time; an empty text is no end.
func pausedUntil(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(time.RFC3339, text)
	if err != nil {
		until, err = record.ParseDay(text)
	}
	switch {
	case err != nil:
		return until, fmt.Errorf("--until %q: want a day such as 2026-12-31, or a time such as 2026-12-31T18:00:00+01:00", text)
	case !until.After(now):
		return until, fmt.Errorf("--until %s is over: AWS has %s", text, now.UTC().Format(time.RFC3339))
	}
	return until.UTC(), nil
}

// resumeCmd is the command resume.
type resumeCmd struct{ *app }

func resumeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "resume", Short: "End a pause",
		Long: `Resume ends the pause of the project, no matter who started it. Run the commands
again that were on hold. A freeze of the catalog stays in force: it ends by its
date.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Args:        cobra.NoArgs,
		RunE:        func(cmd *cobra.Command, _ []string) error { return resumeCmd{a}.run(cmd.Context()) },
	}
}

// run also removes what can't be parsed: the operator has decided to.
func (c resumeCmd) run(ctx context.Context) error {
	b, clients, had, err := c.pauseNow(ctx)
	if clients == nil {
		return err
	}
	region, project := b.Catalog.Build.Region, b.Catalog.Project
	there, failed := apply.Resume(ctx, clients, region, project)
	if failed != nil {
		return failed
	}
	of := &pauseAnswer{Project: project, Pause: newPauseJSON(had)}
	if f, frozen := b.Control().Frozen(clients.Now()); frozen {
		of.Frozen = plan.Frozen(f)
	}
	c.result(of, func() {
		switch {
		case !there:
			fmt.Fprintf(c.Out, "%s: no pause is recorded\n", project)
		case err != nil:
			fmt.Fprintf(c.Out, "%s: resumed; what was recorded could not be read: %s\n", project, awsapi.Text(err))
		default:
			fmt.Fprintf(c.Out, "%s: resumed; it was paused since %s by %s: %s\n", project, plan.Moment(had.Since), had.By, had.Reason)
		}
		if of.Frozen != "" {
			fmt.Fprintf(c.Out, "%s: still held: %s\n", project, of.Frozen)
		}
	})
	return nil
}
