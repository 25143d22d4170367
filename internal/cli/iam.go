package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"amiship/internal/marketplace"
	"amiship/internal/view"
)

func iamCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "iam", Short: "Print the IAM policies that releases need", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(marketplaceRoleCommand(a))
	return cmd
}

// roleCmd is the command iam marketplace-role.
type roleCmd struct {
	*app
	role marketplace.Role
}

func marketplaceRoleCommand(a *app) *cobra.Command {
	c := roleCmd{app: a}
	cmd := &cobra.Command{
		Use: "marketplace-role --account ID", Short: "Print the role with which AWS Marketplace reads AMIs",
		Long: `Marketplace-role prints AWS CLI commands that create the role with which AWS
Marketplace reads an AMI and shares it with itself: its trust policy, its
permissions, and what the principal that releases needs in addition,
iam:PassRole on the role included. It calls no AWS API and changes nothing.

A listing names the role by its ARN. --json prints the three policies and the
ARN as one object.`,
		Annotations: printing(document, takes(jsonFlag)),
		Example: `  amiship iam marketplace-role --account 123456789012
  amiship iam marketplace-role --account 123456789012 --json | jq .releaser`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return c.run() },
	}
	cmd.Flags().StringVar(&c.role.Account, "account", "", "`ID` of the account that owns the AMIs (required)")
	cmd.Flags().StringVar(&c.role.Name, "name", marketplace.DefaultRole, "`NAME` of the role")
	return cmd
}

// roleAnswer has policies as IAM spells them.
type roleAnswer struct {
	view.Header
	ARN         string             `json:"role_arn"`
	Trust       marketplace.Policy `json:"trust"`
	Permissions marketplace.Policy `json:"permissions"`
	Releaser    marketplace.Policy `json:"releaser"`
}

func (c roleCmd) run() error {
	r := c.role
	if r.Account == "" {
		return withHint(usage(errors.New("marketplace-role needs --account ID")), "aws sts get-caller-identity --query Account prints that of your credentials")
	}
	if err := r.Check(); err != nil {
		return usage(err)
	}
	c.result(&roleAnswer{ARN: r.ARN(), Trust: r.Trust(), Permissions: r.Permissions(), Releaser: r.Releaser()}, func() { writeRole(c.Out, r) })
	return nil
}

// writeRole writes the role as a shell script, to be read, typed or run. Its
// documents hold no quote.
func writeRole(w io.Writer, r marketplace.Role) {
	trust, permissions, releaser := indented(r.Trust()), indented(r.Permissions()), indented(r.Releaser())
	fmt.Fprintf(w, `# In account %[1]s: the role that AWS Marketplace alone can assume.
aws iam create-role --role-name '%[2]s' --assume-role-policy-document '%[3]s'

# What it may do: what AWS's own policy AWSMarketplaceAmiIngestion allows.
aws iam put-role-policy --role-name '%[2]s' --policy-name AmiIngestion --policy-document '%[4]s'

# What the principal that releases needs in addition.
aws iam create-policy --policy-name AmishipMarketplace --policy-document '%[5]s'

# It works once it is attached to the role or user that releases:
# aws iam attach-role-policy --role-name NAME --policy-arn arn:aws:iam::%[1]s:policy/AmishipMarketplace

# In amiship.yaml, a listing's access_role_arn: %[6]s
`, r.Account, r.Name, trust, permissions, releaser, r.ARN())
}

func indented(p marketplace.Policy) string {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic(err) // texts
	}
	return strings.TrimSpace(string(text))
}
