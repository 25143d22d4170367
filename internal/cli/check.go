package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/packer"
	"amiship/internal/report"
	"amiship/internal/world"
)

func (a *app) checkCommand() *cobra.Command {
	var offline bool
	cmd := &cobra.Command{
		Use: "check [TAG]", Short: "Check the catalog, the tools, the credentials and the permissions",
		Long: `Check says what a release would miss, without changing anything: whether the
catalog is right (at a tag, if one is given), Packer is there, AWS knows the
caller and takes what is signed by this machine's clock, every region answers and
takes the release's AMIs, builds have a network to run in, and each listing's
product can be read and takes the image: its architecture, visibility and room for
versions.

Each is proven (it was done), simulated (AWS says that it would work), or unknown
before it is done: whether machines can be started, a change set submitted, or
the access role used.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.check(cmd.Context(), args, offline)
		},
	}
	cmd.Flags().BoolVar(&offline, "offline", false, "only the catalog and the tools")
	return cmd
}

func (a *app) check(ctx context.Context, args []string, offline bool) error {
	b, err := a.load()
	if err != nil {
		return err
	}
	for _, tag := range args {
		if _, err := catalog.Resolve(b, tag); err != nil {
			return err
		}
	}
	found := []world.Finding{{What: b.File, How: world.Proven}, a.tool(ctx)}
	if !offline {
		more, err := online(ctx, b)
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	if a.json {
		err = report.JSON(a.Out, found)
	} else {
		report.Findings(a.Out, found)
	}
	for _, f := range found {
		if f.Err != "" {
			return firstOf(err, silent(codeFailed))
		}
	}
	return err
}

func (a *app) tool(ctx context.Context) world.Finding {
	version, err := (packer.Runner{}).Version(ctx)
	f := world.Finding{What: "packer " + version, How: world.Proven}
	if err != nil {
		f.Err = err.Error()
	}
	return f
}

func online(ctx context.Context, b *catalog.Bundle) ([]world.Finding, error) {
	clients, err := awsapi.Load(ctx, b.Catalog.Build.Region)
	if err != nil {
		return nil, err
	}
	account, arn, err := clients.Identity(ctx)
	if err != nil {
		return nil, err
	}
	who := world.Finding{What: fmt.Sprintf("account %s, as %s", account, arn), How: world.Proven}
	asked := append(observe.Preflight(ctx, clients, b.Catalog.Build.Region, b.Catalog.Build.Subnet, allRegions(b.Catalog), anyPublic(b.Catalog)),
		observe.PreflightListings(ctx, clients, b.Listings())...)
	return append([]world.Finding{who, clockFinding(clients.Skew())}, asked...), nil
}

// clockFinding says whether AWS takes what is signed by this machine's clock.
func clockFinding(skew time.Duration) world.Finding {
	f := world.Finding{What: "a clock that AWS takes signatures by", How: world.Proven}
	if skew != 0 {
		f.Err = world.WrongClock(skew) + "; set it: " + world.SetClock
	}
	return f
}

func anyPublic(c *catalog.Catalog) bool {
	for _, image := range c.Images {
		if image.Public {
			return true
		}
	}
	return false
}
