package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"amiship/internal/plan"
	"amiship/sandbox"
	"amiship/sandbox/admin"
)

// sandboxEnv is `amiship sandbox env`. What it prints is evaluated by a shell, which goes
// on whatever the exit code is: see refuse.
func sandboxEnv() *cobra.Command {
	var account, region string
	cmd := onSandbox(&cobra.Command{
		Use: "env", Short: "Print shell commands that point AWS clients at the sandbox", Args: cobra.NoArgs,
		Long: `Env prints shell commands that point any AWS client at the sandbox, as one of
its accounts. The others are profiles, by name and by id: --profile of the AWS
CLI, --as of amiship verify.

If it fails, as where no sandbox is running, it prints commands that fail and
leave the shell without credentials, at an address that refuses: eval never goes
on with the credentials that the shell had before.`,
		Example: `  eval "$(amiship sandbox env --state ./aws --account customer)"
  eval "$(amiship sandbox env --state ./aws)"
  aws --profile customer sts get-caller-identity`,
		Annotations: map[string]string{evaluated: "by a shell"},
	}, func(ctx context.Context, c *admin.Client, out io.Writer, _ []string) error {
		known, partition := sandbox.Regions()
		if region != "" && !slices.Contains(known, region) {
			return unknownName("region", region, known)
		}
		info, err := c.Info(ctx)
		if err != nil {
			return err
		}
		who, err := c.Account(ctx, account)
		if err != nil {
			return err
		}
		region = cmp.Or(region, known[slices.IndexFunc(known, func(r string) bool { return partition(r) == who.Partition })])
		if partition(region) != who.Partition {
			return usage(fmt.Errorf("region %s is in the partition %s, account %s in %s", region, partition(region), account, who.Partition))
		}
		dir, err := filepath.Abs(c.State())
		if err != nil {
			return err
		}
		return writeEnv(out, [][2]string{
			{"AWS_ENDPOINT_URL", info.URL},
			{"AWS_ACCESS_KEY_ID", who.KeyID},
			{"AWS_SECRET_ACCESS_KEY", who.SecretKey},
			{"AWS_REGION", region},
			{"AWS_DEFAULT_REGION", region},
			{"AWS_EC2_METADATA_DISABLED", "true"},
			{"AWS_CONFIG_FILE", filepath.Join(dir, sandbox.ConfigFile)},
			{"AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, sandbox.CredentialsFile)},
		})
	})
	cmd.Flags().StringVar(&account, "account", "vendor", "`ACCOUNT` by name or id: vendor, customer, marketplace, or one of the world")
	cmd.Flags().StringVar(&region, "region", "", "default `REGION` of clients; of the account's partition, as us-east-1")
	return cmd
}

// evaluated marks a command whose output a shell evaluates.
const evaluated = "amiship_evaluated"

// refuse prints, for a command whose output is evaluated and that has failed, what leaves
// the shell at an address where nothing listens and without any credentials, and fails.
func refuse(cmd *cobra.Command, out io.Writer) {
	if cmd == nil || cmd.Annotations[evaluated] == "" {
		return
	}
	const none = "no-sandbox-is-running"
	_ = writeEnv(out, [][2]string{
		{"AWS_ENDPOINT_URL", "http://127.0.0.1:1"}, // tcpmux, which no one serves
		{"AWS_ACCESS_KEY_ID", none},
		{"AWS_SECRET_ACCESS_KEY", none},
		{"AWS_EC2_METADATA_DISABLED", "true"},
		{"AWS_CONFIG_FILE", os.DevNull},
		{"AWS_SHARED_CREDENTIALS_FILE", os.DevNull},
	})
	fmt.Fprintln(out, "false")
}

func writeEnv(out io.Writer, env [][2]string) error {
	var b strings.Builder
	for _, kv := range env {
		fmt.Fprintf(&b, "export %s=%s\n", kv[0], plan.Quote(kv[1]))
	}
	b.WriteString("unset AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE AWS_IGNORE_CONFIGURED_ENDPOINT_URLS\n")
	for _, service := range []string{"ec2", "sts", "iam", "ssm", "service_quotas", "marketplace_catalog", "rbin"} {
		fmt.Fprintf(&b, "unset AWS_ENDPOINT_URL_%s\n", strings.ToUpper(service))
	}
	_, err := io.WriteString(out, b.String())
	return err
}
