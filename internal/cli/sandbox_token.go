package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"amiship/sandbox/admin"
)

// sandboxToken is `amiship sandbox token`.
func sandboxToken() *cobra.Command {
	var ask admin.Token
	cmd := onSandbox(&cobra.Command{
		Use: "token", Short: "Print an OpenID Connect token, as a CI job gets one", Args: cobra.NoArgs,
		Long: `Token prints an ID token (a JSON Web Token, RS256) of an OpenID Connect provider
of the sandbox's world, as GitLab gives a job one: with it, AWS clients assume a
role that has web_identity there. The provider must have no jwks of its own.`,
		Example: `  SUBJECT=project_path:group/project:ref_type:tag:ref:v1.0.0
  amiship sandbox token --state ./aws --subject "$SUBJECT" >token
  export AWS_WEB_IDENTITY_TOKEN_FILE=$PWD/token
  export AWS_ROLE_ARN=arn:aws:iam::123456789012:role/pipeline
  env -u AWS_ACCESS_KEY_ID aws sts get-caller-identity`,
	}, func(ctx context.Context, c *admin.Client, out io.Writer, _ []string) error {
		if ask.For <= 0 {
			return usage(errors.New("--for: want how long the token is valid, such as 2h"))
		}
		token, err := c.Token(ctx, ask)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, token)
		return err
	})
	f := cmd.Flags()
	f.StringVar(&ask.Subject, "subject", "", "`SUB` of the token: which job it is of (required)")
	f.StringVar(&ask.Provider, "provider", "", "`URL` of the provider; the only one by default")
	f.StringVar(&ask.Audience, "audience", "", "`AUDIENCE` of the token; the provider's first by default")
	f.DurationVar(&ask.For, "for", time.Hour, "how long the token is valid, by the sandbox's clock")
	_ = cmd.MarkFlagRequired("subject")
	return cmd
}
