package observe

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/release"
)

// preflight asks AWS, without changing anything, whether a release could work.
type preflight struct {
	clients *awsapi.Clients
	public  Public
	regions regionList
}

// Public is what of a release will be public.
type Public struct{ AMIs, Snapshots bool }

// Preflight asks, without changing anything, whether a release could work: that
// every region answers and takes its AMIs, and that the caller may do what a release does.
func Preflight(ctx context.Context, c *awsapi.Clients, buildRegion string, targets []release.Target, public Public) []audit.Finding {
	p := preflight{c, public, nil}
	ask := []string{buildRegion}
	for _, t := range targets {
		ask = append(ask, t.Region)
	}
	within, cancel := c.Within(ctx)
	p.regions = readRegions(within, c, ask)
	cancel()
	byRegion := make([][]audit.Finding, len(targets))
	var g errgroup.Group
	g.SetLimit(parallel)
	for i, t := range targets {
		g.Go(func() error {
			within, cancel := c.Within(ctx)
			defer cancel()
			byRegion[i] = p.region(within, t)
			return nil
		})
	}
	_ = g.Wait() // findings hold the errors
	return slices.Concat(append(byRegion, p.builds(ctx, buildRegion), p.more(targets))...)
}

// builds asks what is done in the build region alone. What has no dry run is not
// known before it is done.
func (p preflight) builds(ctx context.Context, region string) []audit.Finding {
	client := p.clients.EC2(region)
	var out []audit.Finding
	for _, try := range dryClaims(ctx, client) {
		out = append(out, simulated(region, try.action, try.err))
	}
	for _, action := range []string{"ec2:RunInstances", "ec2:StopInstances", "ec2:StartInstances", "ec2:CreateImage", "ssm:PutParameter", "ssm:DeleteParameter", "servicequotas:RequestServiceQuotaIncrease"} {
		out = append(out, audit.Finding{Where: region, What: action, How: audit.Unknown})
	}
	return out
}

func finding(where, what string, err error) audit.Finding {
	f := audit.Finding{Where: where, What: what, How: audit.Proven}
	if err != nil {
		f.Err = awsapi.Text(err)
	}
	return f
}

// dry takes AWS's "it would have worked" for what it is.
func dry(err error) error {
	if awsapi.IsDryRun(err) {
		return nil
	}
	return err
}
