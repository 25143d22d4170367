package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/outside"
	"amiship/internal/report"
)

type verifyOptions struct {
	as      string // profile of the customer
	catalog string // catalog.json of the release
	noTest  bool   // it was released so
	all     bool   // every release that AWS has
}

func (a *app) verifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify TAG | --all --as PROFILE",
		Short: "Look at a release as a customer does, and say what is not as asked for",
		Long: `Verify looks at every region of a release with two pairs of eyes, and changes
nothing. As a customer, in the account of the profile that --as names: every
public AMI is found by owner and name, once, and no private one, by name or id.
As the owner: name, tags, architecture, disks, snapshots, permissions and
parameters are those that the catalog asks for, to the account, and nothing is
left of the builds. It shares no code with plan: a release is done when its
plan is empty and verify finds nothing.

It exits 1 with findings. A region that cannot be read is one; a best-effort
region without AMIs is none, nor is one that is waived, as long as it is. What was
published a moment ago AWS may not show yet: look again.

Of a release that was withdrawn it looks whether it is out of everybody's reach:
no AMI or snapshot of it is public or shared any more, and no parameter of the
latest version names one, where there is another to name.

TAG is compared with today's catalog. --all does so for every release that AWS
has, with the catalog as it was at the commit in the tag amiship:commit of its
AMIs, read from the git repository that the catalog stands in. Where there is no
such tag, or this clone has not got the commit, which is said, it is today's;
values of --set count for either. A tag that the catalog no longer takes is a
finding. What is no longer kept, or is not complete, is left out.`,
		Example: `  amiship verify v2.42.0 --as customer
  amiship verify v2.42.0 --as customer --catalog amis.json --json | jq '.findings[]'`,
		Args: func(_ *cobra.Command, args []string) error { return tagOrEvery(args, o.all) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.all {
				return a.verifyAll(cmd.Context(), o)
			}
			return a.verify(cmd.Context(), args[0], o)
		},
	}
	cmd.Flags().StringVar(&o.as, "as", "", "AWS profile of another account, which owns nothing of the release and is not shared with (required)")
	cmd.Flags().StringVar(&o.catalog, "catalog", "", "compare with the AMI ids that release --catalog wrote to this file")
	cmd.Flags().BoolVar(&o.all, "all", false, "every release that AWS has")
	cmd.Flags().BoolVar(&o.noTest, "no-test", false, "the release was made with --no-test: do not ask for a boot test")
	return cmd
}

func (a *app) verify(ctx context.Context, tag string, o verifyOptions) error {
	if o.as == "" {
		return needsEyes()
	}
	d, err := a.desired(tag)
	if err != nil {
		return err
	}
	if d.Skip != "" {
		_, err := fmt.Fprintf(a.Out, "%s %s: nothing to verify: %s\n", d.Project, d.Tag, d.Skip)
		return err
	}
	d.Untested = o.noTest
	audit := outside.Audit{Desired: d}
	if audit.Listed, err = readListed(o.catalog); err != nil {
		return err
	}
	if audit.Owner, audit.Customer, err = bothEyes(ctx, firstRegion(d), o.as); err != nil {
		return err
	}
	return a.audit(ctx, audit)
}

// bothEyes are the clients of the owner and of the customer that a profile names.
func bothEyes(ctx context.Context, region, profile string) (owner, customer *awsapi.Clients, err error) {
	if owner, err = awsapi.Load(ctx, region); err != nil {
		return nil, nil, err
	}
	customer, err = awsapi.LoadProfile(ctx, region, profile)
	return owner, customer, asHint(err)
}

func needsEyes() error {
	return withHint(usage(errors.New("verify needs --as PROFILE")),
		"what others see can only be seen from another account: --as names a profile of one (in a sandbox: --as customer)")
}

func (a *app) audit(ctx context.Context, audit outside.Audit) error {
	seen, err := audit.Run(ctx)
	if err != nil {
		return asHint(err)
	}
	if a.json {
		err = report.JSON(a.Out, seen)
	} else {
		report.Verified(a.Out, seen)
	}
	if len(seen.Findings) > 0 {
		return firstOf(err, silent(codeFailed))
	}
	return err
}

// asHint says what to give --as instead.
func asHint(err error) error {
	switch {
	case errors.Is(err, outside.ErrOwner):
		return withHint(usage(err), "--as names a profile of another account: one that owns nothing of the release")
	case awsapi.IsNoProfile(err):
		return withHint(usage(err), "aws configure list-profiles shows those that there are")
	}
	return err
}

// readListed reads what release --catalog wrote; no path is no list.
func readListed(path string) (*outside.Listed, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, withHint(err, "amiship release TAG --catalog FILE writes it")
	}
	var listed outside.Listed
	if err := json.Unmarshal(text, &listed); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return &listed, nil
}
