package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/boottest"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/packer"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/view"
	"amiship/internal/world"
)

// checkCmd is the command check.
type checkCmd struct {
	*app
	offline bool
}

func checkCommand(a *app) *cobra.Command {
	c := checkCmd{app: a}
	cmd := &cobra.Command{
		Use: "check [TAG]", Short: "Check the catalog, tools, credentials and permissions",
		Long: `Check reports what a release would lack, and changes nothing: whether the
catalog is valid (at TAG, if given), Packer is installed, AWS accepts the
credentials and this machine's clock, every region answers and accepts the
release's AMIs, builds have a base AMI, of the last release's family, a network
and an instance type to run on, and each listing's product can be read and
accepts the image: its architecture, visibility, remaining versions and
recommended instance type.

Each result is proven (it was done), simulated (AWS says that it would work), or
unknown until it is done: whether instances can be launched, a change set
submitted, or the access role used.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Args:        cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.run(cmd.Context(), args)
		},
	}
	cmd.Flags().BoolVar(&c.offline, "offline", false, "check only the catalog and the tools")
	return cmd
}

func (c checkCmd) run(ctx context.Context, args []string) error {
	b, err := c.load()
	if err != nil {
		return err
	}
	releases, err := releasesToCheck(b, args, catalog.ExampleVersion)
	if err != nil {
		return err
	}
	found := append([]audit.Finding{{What: b.File, How: audit.Proven}, toolFinding(ctx, releases)}, organizationFindings(releases)...)
	if !c.offline {
		more, err := online(ctx, b, releases, args)
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	c.result(&checkAnswer{Findings: found}, func() { report.Findings(c.Out, found) })
	for _, f := range found {
		if f.Err != "" {
			return silent(codeFailed)
		}
	}
	return nil
}

type checkAnswer struct {
	view.Header
	Findings []audit.Finding `json:"findings"`
}

// releasesToCheck are the tag's, or what releases of a version that is not there will request.
func releasesToCheck(b *catalog.Bundle, tags []string, version string) ([]release.Desired, error) {
	if len(tags) == 0 {
		return b.Examples(version)
	}
	d, err := catalog.Resolve(b, tags[0])
	return []release.Desired{d}, err
}

// toolFinding says whether there is a Packer that knows what the template asks for.
func toolFinding(ctx context.Context, releases []release.Desired) audit.Finding {
	version, err := (packer.Runner{}).Version(ctx)
	f := audit.Finding{What: "packer " + version, How: audit.Proven}
	asks := slices.ContainsFunc(releases, func(d release.Desired) bool {
		return slices.ContainsFunc(d.Variants, func(v release.Variant) bool { return v.Build.Tokens || v.Build.Metadata })
	})
	switch {
	case err != nil:
		f.Err = err.Error()
	case asks && !packer.TakesMetadataOptions(version):
		f.Err = "can't build with this template: " + release.WhoTakesOptions
	}
	return f
}

func online(ctx context.Context, b *catalog.Bundle, releases []release.Desired, tags []string) ([]audit.Finding, error) {
	clients, err := loadClients(ctx, b.Catalog.Build.Region)
	if err != nil {
		return nil, err
	}
	account, arn, err := clients.Identity(ctx)
	if err != nil {
		return nil, err
	}
	who := audit.Finding{What: fmt.Sprintf("account %s, as %s", account, arn), How: audit.Proven}
	asked := append(observe.Preflight(ctx, clients, b.Catalog.Build.Region, b.Targets(), public(b.Catalog)),
		observe.PreflightListings(ctx, clients, b.Listings(), b.Targets())...)
	asked = append(asked, observe.PreflightBuilds(ctx, clients, releases)...)
	bases, err := baseFindings(ctx, clients, b, tags)
	if err != nil {
		return nil, err
	}
	asked = append(asked, bases...)
	asked = append(asked, accessFinding(ctx, clients, b.Catalog))
	asked = append(asked, packerCaller(ctx, clients)...)
	asked = append(asked, sessionFinding(ctx, clients)...)
	left, err := leftovers(ctx, clients, b.Catalog)
	for _, what := range left {
		asked = append(asked, audit.Finding{What: "left over in " + what + ": amiship sweep ends it", How: audit.Noted})
	}
	return append([]audit.Finding{who, clockFinding(clients.Skew()), changesFinding(ctx, clients, b)}, asked...), cmp.Or(clients.Rejected(), err)
}

// accessFinding says from where the instances of builds and boot tests will be reached.
func accessFinding(ctx context.Context, clients *awsapi.Clients, c *catalog.Catalog) audit.Finding {
	f := audit.Finding{Where: c.Build.Region, What: "access to builders, as build.access_from says", How: audit.Proven}
	from, err := boottest.AccessFrom(ctx, clients, c.Build.Region, release.Build{AccessFrom: c.Build.AccessFrom, AddressURL: c.Build.AddressURL, Subnet: c.Build.Subnet.First()})
	if err != nil {
		f.Err = awsapi.Text(err)
		return f
	}
	f.What = "access to builders from " + strings.Trim(fmt.Sprint(from), "[]") + ": build.access_from: " + strings.Join(c.Build.AccessFrom, ", ")
	return f
}

// clockFinding says whether AWS takes what is signed by this machine's clock.
func clockFinding(skew time.Duration) audit.Finding {
	f := audit.Finding{What: "a clock that AWS takes signatures by", How: audit.Proven}
	if skew != 0 {
		f.Err = plan.WrongClock(skew) + "; set it: " + plan.SetClock
	}
	return f
}

// changesFinding says whether a pause or a freeze holds changes now.
func changesFinding(ctx context.Context, clients *awsapi.Clients, b *catalog.Bundle) audit.Finding {
	f := audit.Finding{Where: b.Catalog.Build.Region, What: "changes are neither paused nor frozen", How: audit.Proven}
	w, err := observe.Once(ctx, clients, release.Desired{Project: b.Catalog.Project}, []world.Query{{Kind: world.LookPause, Region: b.Catalog.Build.Region}})
	if err != nil {
		f.Err = awsapi.Text(err)
	}
	for _, bl := range reconcile.Holding(b.Control(), w) {
		f.Err = bl.Why
	}
	return f
}

// organizationFindings note once for each variant what its organizations can't do.
func organizationFindings(releases []release.Desired) (found []audit.Finding) {
	for _, d := range releases {
		for _, v := range d.Variants {
			f := audit.Finding{What: v.OrganizationsOnlyLaunch(), How: audit.Noted}
			if f.What != "" && !slices.Contains(found, f) {
				found = append(found, f)
			}
		}
	}
	return found
}

// public is what of the catalog's images will be public.
func public(c *catalog.Catalog) (out observe.Public) {
	for _, image := range c.Images {
		out.AMIs = out.AMIs || image.Public
		out.Snapshots = out.Snapshots || image.Public && image.PublicSnapshot
	}
	return out
}
