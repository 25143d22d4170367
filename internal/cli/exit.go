package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/plan"
)

// The exit codes are a published table: see exitCodesTopic.
const (
	codeFailed      = 1
	codeUsage       = 2
	codeChanges     = 3
	codeCatalog     = 10
	codeBlocked     = 20
	codeWaiting     = 75
	codeInterrupted = 130
)

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use: "exit-codes", Short: "What the exit codes mean",
		Long: `Exit codes:
  0    done
  1    failed
  2    wrong usage
  3    the plan has changes (plan --exit-code)
  10   the catalog is wrong, or the tag is no release
  20   blocked: somebody must decide
  75   still waiting: run the same command again to carry on
  130  interrupted`,
	}
}

// exitError is an error with its exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// silent is an exit code whose reason was printed already.
type silent int

func (s silent) Error() string { return fmt.Sprintf("exit code %d", int(s)) }

func usage(err error) error { return &exitError{codeUsage, err} }

// hinted is an error with the next thing to type.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

func withHint(err error, hint string) error { return &hinted{err, hint} }

// fail prints an error with its hint and returns its exit code.
func (a *app) fail(err error) int {
	var quiet silent
	switch {
	case err == nil:
		return 0
	case errors.As(err, &quiet):
		return int(quiet)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(a.Err, "amiship: interrupted at once: what was under way is left as it is; the same command carries on")
		return codeInterrupted
	}
	for _, line := range strings.Split(awsapi.Text(err), "\n") {
		fmt.Fprintln(a.Err, "amiship:", line)
	}
	if hint := hintFor(err); hint != "" {
		fmt.Fprintln(a.Err, "amiship: hint:", hint)
	}
	return codeOf(err)
}

func codeOf(err error) int {
	var coded *exitError
	var problems *catalog.Problems
	var tag *catalog.TagError
	switch {
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &problems), errors.As(err, &tag):
		return codeCatalog
	case isUsage(err):
		return codeUsage
	}
	return codeFailed
}

// isUsage recognises what cobra says of wrong arguments, which has no type.
func isUsage(err error) bool {
	text := err.Error()
	for _, prefix := range []string{"unknown command", "accepts ", "requires at least", "unknown flag", "invalid argument", "required flag"} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}

// hintFor finds the next thing to type.
func hintFor(err error) string {
	var h *hinted
	switch {
	case errors.As(err, &h):
		return h.hint
	case isUsage(err) || codeOf(err) == codeUsage:
		return "amiship --help lists commands and flags"
	}
	return awsHint(err)
}

func awsHint(err error) string {
	switch {
	case awsapi.IsNoCredentials(err):
		return "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `amiship rehearse` needs none"
	case awsapi.Unreachable(err) != "":
		return awsapi.Unreachable(err) + " does not answer: see AWS_ENDPOINT_URL, the network, or the sandbox (`amiship sandbox`)"
	}
	return codeHint(awsapi.Code(err))
}

// codeHint is what to do about an AWS error code.
func codeHint(code string) string {
	switch {
	case awsapi.BadCredentials(code):
		return "AWS does not know these credentials, or no more: aws sts get-caller-identity shows who you are"
	case awsapi.Denied(code):
		return "the caller's IAM policy lacks the action that is named above: allow it, then run the same command again"
	}
	if hint := catalogHint(code); hint != "" {
		return hint
	}
	switch code {
	case "VPCIdNotSpecified":
		return "the region has no default VPC: name a subnet in build.subnet of amiship.yaml"
	case "ResourceLimitExceeded":
		return "the region's quota is used up: aws service-quotas list-service-quotas --service-code ec2 shows it, request-service-quota-increase asks for more"
	case "OptInRequired":
		return "the region is not enabled for this account: enable it, or take it out of regions in amiship.yaml"
	}
	return ""
}

// catalogHint is what to do about a code of the Marketplace Catalog's.
func catalogHint(code string) string {
	switch code {
	case "ServiceQuotaExceededException":
		return "Marketplace takes no more for now: amiship listings shows the pending change sets and the room for versions; when there is some, run the same command again"
	case "ResourceNotFoundException":
		return "the caller's account has no such product: " + listEntities + " shows which it has; correct product, or account, of the listing in amiship.yaml"
	case "ValidationException":
		return "AWS refuses the request for the reason that is named above: amiship listings shows what it has of the product"
	}
	return ""
}

const listEntities = "aws marketplace-catalog list-entities --region us-east-1 --catalog AWSMarketplace --entity-type AmiProduct"

// hints prints, once each, what to do about the steps that failed.
func (a *app) hints(p plan.Plan) {
	seen := map[string]bool{"": true}
	for _, s := range p.Steps {
		if hint := codeHint(s.Code); s.State == plan.Failed && !seen[hint] {
			seen[hint] = true
			fmt.Fprintln(a.Err, "amiship: hint:", hint)
		}
	}
}
