package observe

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/release"
)

// region asks what a release needs in every region: by doing it where nothing is
// changed, by a dry run where there is one.
func (p preflight) region(ctx context.Context, t release.Target) []audit.Finding {
	region := t.Region
	switch err := p.regions.closed(region); err {
	case errNoRegion:
		return []audit.Finding{finding(region, "a region of AWS", fmt.Errorf("%s is %w: see %s", region, err, t.At))}
	case errOff:
		return []audit.Finding{finding(region, "an enabled region", fmt.Errorf("%s is %w: aws account enable-region --region-name %s", region, err, region))}
	}
	client := p.clients.EC2(region)
	_, err := client.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"self"}, MaxResults: aws.Int32(5)})
	if err != nil {
		return []audit.Finding{finding(region, "ec2:DescribeImages", unseen(region, err))} // it has nothing else to say
	}
	out := []audit.Finding{finding(region, "ec2:DescribeImages", nil)}
	out = append(out, p.publicity(ctx, region)...)
	for _, try := range dryRuns(ctx, client) {
		out = append(out, simulated(region, try.action, try.err))
	}
	return out
}

// more notes the enabled regions that the catalog does not name.
func (p preflight) more(targets []release.Target) []audit.Finding {
	var named []string
	for _, t := range targets {
		named = append(named, t.Region)
	}
	rest := p.regions.besides(named)
	if len(rest) == 0 {
		return nil
	}
	return []audit.Finding{{What: fmt.Sprintf("%d enabled regions that the catalog does not name", len(rest)), How: audit.Noted, More: strings.Join(rest, ", ")}}
}

// publicity says whether AMIs can be public in a region.
func (p preflight) publicity(ctx context.Context, region string) []audit.Finding {
	o := Observer{Clients: p.clients}
	l, err := o.limits(ctx, region)
	switch {
	case err != nil:
		return []audit.Finding{finding(region, "whether AMIs may be public", err)}
	case l.BlockPublic != "" && p.public.AMIs:
		err = fmt.Errorf("block public access for AMIs is on (%s)", l.BlockPublic)
	case l.Encrypted:
		err = fmt.Errorf("encryption by default is on: copies can be neither shared nor public")
	}
	out := []audit.Finding{finding(region, "snapshots and AMIs can be shared", err)}
	if p.public.Snapshots {
		out = append(out, p.snapshots(ctx, region))
	}
	if !p.public.AMIs {
		return out
	}
	public := finding(region, fmt.Sprintf("%d public AMIs at most, %d in all", l.Public.Limit, l.AMIs.Limit), nil)
	if err := cmp.Or(l.Public.Err, l.AMIs.Err); err != "" {
		public = audit.Finding{Where: region, What: "how many AMIs may be public: " + err, How: audit.Unknown}
	}
	return append(out, public)
}

// snapshots says whether snapshots can be public in a region.
func (p preflight) snapshots(ctx context.Context, region string) audit.Finding {
	by, err := snapshotBlock(ctx, p.clients.EC2(region), region)
	if err == nil && by != "" {
		err = fmt.Errorf("block public access for snapshots is on (%s)", by)
	}
	return finding(region, "snapshots can be public", err)
}

// simulated is what a dry run comes to. Who was told that a thing is not there was
// let through before.
func simulated(where, what string, err error) audit.Finding {
	f := finding(where, what, dry(err))
	if err != nil && !awsapi.IsDryRun(err) && !awsapi.Denied(awsapi.Code(err)) && awsapi.Code(err) != "" {
		f.Err = ""
	}
	f.How = audit.Simulated
	return f
}
