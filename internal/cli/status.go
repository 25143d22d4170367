package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/view"
	"amiship/internal/world"
)

// statusCmd is the command status.
type statusCmd struct {
	*app
	also []string // --also
}

func statusCommand(a *app) *cobra.Command {
	c := &statusCmd{app: a}
	cmd := &cobra.Command{
		Use: "status [TAG]", Short: "Show the releases of the project, or the AMIs of one",
		Long: `Status shows how far the open releases of the project are, what blocks them or
the next ones, from which base AMIs the next ones will be built, for how many
more the quotas are enough, and which releases there are; also what interrupted
runs left behind, what is left in enabled regions that the catalog does not
name, and whether changes are paused or frozen. With a tag it shows the AMIs of
that release. It changes nothing.

A bundle can have a catalog for each partition of AWS, such as AWS GovCloud
(US), whose account is another. --also names another catalog and the profile of
its account: a release is shown with all of its partitions.

The JSON of status without a tag has a schema: docs/status.schema.json. With
--also its views are a list of them.`,
		Example: `  amiship status
  amiship status v2.42.0
  amiship status --also amiship-gov.yaml@gov`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Args:        cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := c.parts(cmd.Context())
			switch {
			case err != nil:
				return err
			case len(args) == 1:
				return c.runOf(cmd.Context(), all, args[0])
			}
			return c.run(cmd.Context(), all)
		},
	}
	cmd.Flags().StringArrayVar(&c.also, "also", nil, "another catalog, and the profile of its account: `FILE@PROFILE`")
	return cmd
}

// part is a catalog of the project, the planner with its account's clients, and the command
// that was typed, as it would be for this catalog.
type part struct {
	bundle  *catalog.Bundle
	planner *planner
	typed   typedLine
}

// parts are the catalog, with the environment's credentials, and each of --also with those of
// its profile.
func (c *statusCmd) parts(ctx context.Context) ([]part, error) {
	first, err := c.newViewer(ctx)
	if err != nil {
		return nil, err
	}
	all := []part{{first.bundle, first.planner, typedBy(ctx)}}
	for _, text := range c.also {
		p, err := c.other(ctx, text)
		if err != nil {
			return nil, err
		}
		if err := apart(all, text, p.bundle.Catalog); err != nil {
			return nil, usage(err)
		}
		all = append(all, p)
	}
	return all, nil
}

func (c *statusCmd) other(ctx context.Context, text string) (part, error) {
	file, profile, ok := strings.Cut(text, "@")
	if !ok || file == "" || profile == "" {
		return part{}, usage(fmt.Errorf("--also %q is no FILE@PROFILE", text))
	}
	there := *c.app
	there.file = file
	b, err := there.load()
	if err != nil {
		return part{}, err
	}
	clients, err := loadProfile(ctx, b.Catalog.Build.Region, profile)
	if err != nil {
		return part{}, err
	}
	typed := typedBy(ctx)
	typed.profile, typed.own = profile, nil
	typed.shared = append(slices.DeleteFunc(slices.Clone(typed.shared), func(f typedFlag) bool { return f.name == fileFlag }), typedFlag{name: fileFlag, value: file})
	return part{b, plannerOf(clients), typed}, nil
}

// apart refuses a catalog of another project, and one with a region of another: each is
// shown with its own account's AMIs.
func apart(all []part, text string, c *catalog.Catalog) error {
	for _, p := range all {
		name := filepath.Base(p.bundle.File)
		if project := p.bundle.Catalog.Project; project != c.Project {
			return fmt.Errorf("--also %s is of the project %s, %s of %s", text, c.Project, name, project)
		}
		for _, region := range allRegions(c) {
			if slices.Contains(allRegions(p.bundle.Catalog), region) {
				return fmt.Errorf("--also %s names %s, which is in %s too", text, region, name)
			}
		}
	}
	return nil
}

func (c *statusCmd) runOf(ctx context.Context, all []part, tag string) error {
	var whole []report.Part
	var missed error
	for _, p := range all {
		d, err := c.atTag(ctx, p.bundle, tag)
		var unmatched *catalog.TagError
		switch {
		case len(whole) > 0 && errors.As(err, &unmatched):
			c.noted.note(c.Err, filepath.Base(p.bundle.File)+": "+err.Error())
			continue
		case err != nil:
			return err
		}
		toDo, look, err := p.planner.plan(p.context(ctx), d, reconciling(d))
		if err != nil {
			return err
		}
		whole, missed = append(whole, report.Part{Desired: d, Plan: toDo, Look: look}), errors.Join(missed, unreadRegions(toDo))
	}
	c.result(&catalogAnswer{Catalog: report.NewCatalog(whole...)}, func() {
		for _, p := range whole {
			report.Plan(c.Out, p.Desired, p.Plan, p.Look)
		}
		report.AMIs(c.Out, whole...)
		for _, p := range whole {
			report.Listings(c.Out, p.Plan)
		}
	})
	return missed
}

// catalogAnswer is catalog.json with a header.
type catalogAnswer struct {
	view.Header
	report.Catalog
}

// context has the command as it would be typed for this catalog.
func (p part) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, typedKey{}, p.typed)
}

func (c *statusCmd) run(ctx context.Context, all []part) error {
	var views []view.View
	var missed error
	for _, p := range all {
		v, err := (&viewer{c.app, p.bundle, p.planner}).view(p.context(ctx))
		if err != nil {
			return err
		}
		views, missed = append(views, v), errors.Join(missed, unseen(v))
	}
	of := answer(&views[0])
	if len(c.also) > 0 {
		of = &viewsAnswer{Views: views}
	}
	c.result(of, func() { report.Status(c.Out, views...) })
	return missed
}

// viewsAnswer is of several catalogs: each view says whose account it is of.
type viewsAnswer struct {
	view.Header
	Views []view.View `json:"views"`
}

func imagesOf(regions []string) []world.Query {
	var out []world.Query
	for _, r := range regions {
		out = append(out, world.Query{Kind: world.LookImages, Region: r})
	}
	return out
}

func claimsOf(regions []string) []world.Query {
	var out []world.Query
	for _, r := range regions {
		out = append(out, world.Query{Kind: world.LookClaims, Region: r})
	}
	return out
}

// leftovers are what runs that died have left in the regions of a catalog. A region that
// can't be read has none: other parts of the same answer say so.
func leftovers(ctx context.Context, clients *awsapi.Clients, c *catalog.Catalog) ([]string, error) {
	w, err := observe.Once(ctx, clients, release.Desired{Project: c.Project}, claimsOf(allRegions(c)))
	return reconcile.Leftovers(c.Project, w), err
}

// allRegions are the regions of a catalog, sorted.
func allRegions(c *catalog.Catalog) []string {
	out := slices.Concat(c.Regions.Required, c.Regions.BestEffort, []string{c.Build.Region})
	slices.Sort(out)
	return slices.Compact(out)
}
