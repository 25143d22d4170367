package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"amiship/internal/catalog"
	"amiship/internal/plan"
	"amiship/internal/report"
	"amiship/internal/view"
)

// explainCmd is the command explain.
type explainCmd struct {
	*app
	tag string
}

func explainCommand(a *app) *cobra.Command {
	c := explainCmd{app: a}
	cmd := &cobra.Command{
		Use: "explain STEP|TAG", Short: "Explain what a step or a release waits for",
		Long: `Explain reads AWS and says in words why a step is blocked, waiting or queued:
what it waits for, what that waits for in turn, down to a blocker, a wait or a
step that can be done, and the next command. Of a release it names each of
those, with the steps that they hold. It changes nothing. amiship plan TAG
--steps lists the steps.

The kinds of steps, in the order of a release:
` + kindsOfSteps(),
		Example: `  amiship explain v2.42.0
  amiship explain publish/prometheus/amd64/us-east-1
  amiship explain gate --tag v2.42.0`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Args:        cobra.ExactArgs(1),
		RunE:        func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0]) },
	}
	cmd.Flags().StringVar(&c.tag, "tag", "", "release `TAG` of the step; by default each that is not complete")
	return cmd
}

func kindsOfSteps() string {
	var rows [][2]string
	for _, k := range plan.Kinds() {
		rows = append(rows, [2]string{string(k), k.Does()})
	}
	return columns(rows)
}

func (c explainCmd) run(ctx context.Context, what string) error {
	b, err := c.load()
	if err != nil {
		return err
	}
	kind, _, _ := strings.Cut(what, "/")
	_, notATag := catalog.Resolve(b, what)
	step := slices.Contains(plan.Kinds(), plan.Kind(kind)) && notATag != nil
	pl, err := newPlanner(ctx, b.Catalog.Build.Region)
	if err != nil {
		return err
	}
	tags := []string{what}
	switch {
	case step && c.tag != "":
		tags = []string{c.tag}
	case step:
		if tags, err = openTags(ctx, pl.observer.Clients, b); err != nil {
			return err
		}
	case c.tag != "":
		return unknownName("kind of step", kind, kindNames())
	}
	var known []string // steps that were looked through in vain
	found := &explainAnswer{}
	for _, t := range tags {
		p, err := c.pathsOf(ctx, pl, b, t)
		if err != nil {
			return err
		}
		if _, ok := p.Step(plan.ID(what)); step && !ok {
			known = append(known, idTexts(p)...)
			continue
		}
		found.add(p, what, step)
	}
	c.result(found, func() {
		for _, p := range found.shown {
			explain(c.Out, p, what, step)
		}
	})
	if len(found.shown) == 0 {
		return withHint(usage(fmt.Errorf("no step %s in %s%s", what, releasesNamed(tags), didYouMean(what, known))),
			"amiship plan TAG --steps lists the steps of a release")
	}
	return nil
}

func kindNames() []string {
	var out []string
	for _, k := range plan.Kinds() {
		out = append(out, string(k))
	}
	return out
}

func idTexts(p plan.Plan) []string {
	var out []string
	for _, id := range stepIDs(p) {
		out = append(out, string(id))
	}
	return out
}

// explainAnswer has the plan of a release, or what a step waits for in each that has it.
type explainAnswer struct {
	view.Header
	Plans []plan.Plan `json:"plans,omitempty"`
	Paths []stepPath  `json:"paths,omitempty"`

	shown []plan.Plan
}

// stepPath is what a step of a release waits for, link by link.
type stepPath struct {
	Tag   string      `json:"tag"`
	Links []plan.Link `json:"links"`
}

func (a *explainAnswer) add(p plan.Plan, what string, step bool) {
	a.shown = append(a.shown, p)
	if step {
		a.Paths = append(a.Paths, stepPath{p.Tag, p.Path(plan.ID(what))})
	} else {
		a.Plans = append(a.Plans, p)
	}
}

func explain(w io.Writer, p plan.Plan, what string, step bool) {
	if step {
		report.Explain(w, p, plan.ID(what))
	} else {
		report.ExplainRelease(w, p)
	}
}

func (a *app) pathsOf(ctx context.Context, pl *planner, b *catalog.Bundle, tag string) (plan.Plan, error) {
	d, err := a.atTag(ctx, b, tag)
	if err != nil {
		return plan.Plan{}, err
	}
	p, _, err := pl.plan(ctx, d, reconciling(d))
	return p.WithPaths(), err
}

func releasesNamed(tags []string) string {
	if len(tags) == 0 {
		return "a release that is not complete: there is none"
	}
	return strings.Join(tags, ", ")
}
