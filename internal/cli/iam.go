package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"amiship/internal/marketplace"
	"amiship/internal/report"
)

func (a *app) iamCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "iam", Short: "Print the IAM policies that releases need", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.marketplaceRoleCommand())
	return cmd
}

func (a *app) marketplaceRoleCommand() *cobra.Command {
	var r marketplace.Role
	cmd := &cobra.Command{
		Use: "marketplace-role --account ID", Short: "Print the role by which AWS Marketplace takes AMIs in",
		Long: `Marketplace-role prints the commands that make the role by which AWS Marketplace
reads an AMI and shares it with itself: whom the role trusts, what it may do, and
what whoever releases needs besides, iam:PassRole on it included. Nothing is
asked of AWS and nothing is changed; the commands are the AWS CLI's, for a shell.

A listing names the role by its ARN. With --json the three documents and the ARN
are one object.`,
		Example: `  amiship iam marketplace-role --account 123456789012
  amiship iam marketplace-role --account 123456789012 --json | jq .releaser`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.marketplaceRole(r) },
	}
	cmd.Flags().StringVar(&r.Account, "account", "", "id of the account that the AMIs belong to (required)")
	cmd.Flags().StringVar(&r.Name, "name", marketplace.DefaultRole, "name of the role")
	return cmd
}

// roleJSON is what `iam marketplace-role --json` prints.
type roleJSON struct {
	ARN         string             `json:"role_arn"`
	Trust       marketplace.Policy `json:"trust"`
	Permissions marketplace.Policy `json:"permissions"`
	Releaser    marketplace.Policy `json:"releaser"`
}

func (a *app) marketplaceRole(r marketplace.Role) error {
	if r.Account == "" {
		return withHint(usage(errors.New("marketplace-role needs --account ID")), "aws sts get-caller-identity --query Account prints that of your credentials")
	}
	if err := r.Check(); err != nil {
		return usage(err)
	}
	if a.json {
		return report.JSON(a.Out, roleJSON{r.ARN(), r.Trust(), r.Permissions(), r.Releaser()})
	}
	return writeRole(a.Out, r)
}

// writeRole writes the role as a shell script, to be read, typed or run. Its
// documents hold no quote.
func writeRole(w io.Writer, r marketplace.Role) error {
	trust, permissions, releaser := indented(r.Trust()), indented(r.Permissions()), indented(r.Releaser())
	_, err := fmt.Fprintf(w, `# In account %[1]s: the role that AWS Marketplace takes, and nobody else.
aws iam create-role --role-name '%[2]s' --assume-role-policy-document '%[3]s'

# What it may do: what AWS's own policy AWSMarketplaceAmiIngestion allows.
aws iam put-role-policy --role-name '%[2]s' --policy-name AmiIngestion --policy-document '%[4]s'

# What whoever releases needs besides.
aws iam create-policy --policy-name AmishipMarketplace --policy-document '%[5]s'

# It works once it is attached to the role or user that releases:
# aws iam attach-role-policy --role-name NAME --policy-arn arn:aws:iam::%[1]s:policy/AmishipMarketplace

# In amiship.yaml, a listing's access_role_arn: %[6]s
`, r.Account, r.Name, trust, permissions, releaser, r.ARN())
	return err
}

func indented(p marketplace.Policy) string {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic(err) // texts
	}
	return strings.TrimSpace(string(text))
}
