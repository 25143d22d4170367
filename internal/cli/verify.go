package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/outside"
	"amiship/internal/report"
	"amiship/internal/view"
)

// verifyCmd is the command verify.
type verifyCmd struct {
	*app
	as      string // profile of the customer
	catalog string // catalog.json of the release
	noTest  bool   // it was released so
	all     bool   // every release that AWS has
}

func verifyCommand(a *app) *cobra.Command {
	c := verifyCmd{app: a}
	cmd := &cobra.Command{
		Use:   "verify TAG | --all --as PROFILE",
		Short: "Report differences between a release and its catalog",
		Long: `Verify inspects every region of a release from two accounts, and changes
nothing. From the customer's account, whose profile --as names: every public AMI
is found by owner and name, exactly once, and no private AMI by name or id. From
the owner's account: names, tags, architectures, disks, snapshots, permissions
and parameters are as configured in the catalog, and nothing is left of the
builds. It shares no code with plan: a release is done when its plan is empty
and verify reports no differences.

It exits 1 with differences. A region that could not be read is one. An optional
region without AMIs is not, nor is a waived region while its waiver lasts. AWS
may not show yet what was published a moment ago: run it again.

Of a withdrawn release it checks that no customer can reach it: no AMI or
snapshot is public or shared, and no parameter of the latest version names one
where another version can take its place.

TAG is compared with today's catalog. --all compares every release with the
catalog at the commit in the tag amiship:commit of its AMIs, read from the git
repository of the catalog. Without that tag, or if this clone lacks the commit,
it uses today's catalog and says so. Values of --set apply to both. A tag that
the catalog no longer accepts is a difference. Expired releases, and those that
are not complete, are skipped.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Example: `  amiship verify v2.42.0 --as customer
  amiship verify v2.42.0 --as customer --catalog amis.json
  amiship verify --all --as customer --json | jq '.[].seen.findings'`,
		Args: func(_ *cobra.Command, args []string) error { return tagOrEvery(args, c.all) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.all {
				return c.runAll(cmd.Context())
			}
			return c.run(cmd.Context(), args[0])
		},
	}
	cmd.Flags().StringVar(&c.as, "as", "", "AWS `PROFILE` of an account that neither owns the release nor shares it (required)")
	cmd.Flags().StringVar(&c.catalog, "catalog", "", "compare with the AMI ids that release --catalog wrote to this `FILE`")
	cmd.Flags().BoolVar(&c.all, "all", false, "every release of the project")
	cmd.Flags().BoolVar(&c.noTest, "no-test", false, "accept AMIs without a boot test, as release --no-test makes them")
	return cmd
}

func (c verifyCmd) run(ctx context.Context, tag string) error {
	if c.as == "" {
		return needsEyes()
	}
	d, err := c.desired(tag)
	if err != nil {
		return err
	}
	if d.Skip != "" {
		none := audit.Verified{Project: d.Project, Tag: d.Tag, AMIs: []audit.Sight{}, Findings: []audit.Difference{}, Notes: []string{"nothing to verify: " + d.Skip}}
		c.result(&verifyAnswer{Verified: none}, c.line("%s %s: nothing to verify: %s", d.Project, d.Tag, d.Skip))
		return nil
	}
	d.Untested = c.noTest
	audit := outside.Audit{Desired: d}
	if audit.Listed, err = readListed(c.catalog); err != nil {
		return err
	}
	if audit.Owner, audit.Customer, err = bothEyes(ctx, firstRegion(d), c.as); err != nil {
		return err
	}
	return c.audit(ctx, audit)
}

// bothEyes are the clients of the owner and of the customer that a profile names.
func bothEyes(ctx context.Context, region, profile string) (owner, customer *awsapi.Clients, err error) {
	if owner, err = loadClients(ctx, region); err != nil {
		return nil, nil, err
	}
	customer, err = loadProfile(ctx, region, profile)
	return owner, customer, asHint(err)
}

func needsEyes() error {
	return withHint(usage(errors.New("verify needs --as PROFILE")),
		"what others see can only be seen from another account: --as names a profile of one (in a sandbox: --as customer)")
}

func (c verifyCmd) audit(ctx context.Context, audit outside.Audit) error {
	seen, err := audit.Run(ctx)
	if err != nil {
		return asHint(err)
	}
	c.result(&verifyAnswer{Verified: seen}, func() { report.Verified(c.Out, seen) })
	if len(seen.Findings) > 0 {
		return silent(codeFailed)
	}
	return nil
}

// verifyAnswer is of one release.
type verifyAnswer struct {
	view.Header
	audit.Verified
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
