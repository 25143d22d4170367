package cli

import (
	"context"

	"github.com/spf13/cobra"

	"amiship/internal/reconcile"
	"amiship/internal/report"
	"amiship/internal/view"
)

// historyCmd is the command history.
type historyCmd struct{ *app }

func historyCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "history TAG", Short: "Show what was done for a release, when and by whom",
		Long: `History shows what AWS and the tags of the AMIs record of a release: when AMIs
were built, copied, tested, shared, published and withdrawn, when a region was
waived or a step approved; by which caller (its ARN) and, in GitLab CI and
GitHub Actions, in which job and by which user; and the change sets of its
listings. --json shows each AMI.

What was done before Amiship recorded it, or by a run that was killed before it
could, is unknown: history does not guess. It changes nothing.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Example: `  amiship history v2.42.0
  amiship history v2.42.0 --json | jq '.entries[].what'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return historyCmd{a}.run(cmd.Context(), args[0]) },
	}
}

func (c historyCmd) run(ctx context.Context, tag string) error {
	b, err := c.load()
	if err != nil {
		return err
	}
	d, err := c.recalled(b, tag)
	if err != nil {
		return err
	}
	pl, err := newPlanner(ctx, b.Catalog.Build.Region)
	if err != nil {
		return err
	}
	h := reconcile.History{Desired: d}
	p, _, err := pl.plan(ctx, d, h.Reconcile)
	if err != nil {
		return err
	}
	entries := h.Entries(pl.World)
	of := &historyAnswer{Project: d.Project, Tag: tag, Entries: append([]reconcile.Entry{}, entries...)}
	c.result(of, func() { report.History(c.Out, d.Project, tag, entries) })
	return unreadRegions(p)
}

type historyAnswer struct {
	view.Header
	Project string            `json:"project"`
	Tag     string            `json:"tag"`
	Entries []reconcile.Entry `json:"entries"`
}
