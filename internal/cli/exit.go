package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"amiship/internal/apply"
	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/plan"
)

// The exit codes are published: exitCodes has their meanings.
const (
	codeDone        = 0
	codeFailed      = 1
	codeUsage       = 2
	codeChanges     = 3
	codeCatalog     = 10
	codeBlocked     = 20
	codeOutput      = 74
	codeWaiting     = 75
	codeCredentials = 77
	codeInterrupted = 130
)

// exitCode is a row of the table of exit codes.
type exitCode struct {
	code    int
	meaning string
}

func exitCodes() []exitCode {
	return []exitCode{
		{codeDone, "Success."},
		{codeFailed, "Failed: the message says what, and often what to do."},
		{codeUsage, "Usage error: an unknown command, flag or name, or no confirmation: without a terminal, --yes confirms."},
		{codeChanges, "The plan has changes (plan --exit-code)."},
		{codeCatalog, "The catalog is invalid, or the tag matches no tag pattern."},
		{codeBlocked, "Blocked until an operator decides: amiship blockers lists the remedies. Or changes are paused or frozen."},
		{codeOutput, "Stopped: standard output or standard error is closed or full, and output was lost."},
		{codeWaiting, "Still waiting. The same command resumes the run."},
		{codeCredentials, "AWS rejected the credentials: missing, invalid or expired. With new ones the same command resumes the run."},
		{codeInterrupted, "Interrupted. The same command resumes the run."},
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
		fmt.Fprintln(a.Err, "amiship: interrupted at once: what was under way is left as it is; the same command resumes the run")
		return codeInterrupted
	}
	for _, line := range strings.Split(awsapi.Text(err), "\n") {
		fmt.Fprintln(a.Err, "amiship:", line)
	}
	if hint := hintFor(err); hint != "" {
		fmt.Fprintln(a.Err, "amiship: hint:", hint)
	}
	var wrong *usageError
	if errors.As(err, &wrong) {
		fmt.Fprintln(a.Err, "amiship: usage:", wrong.line())
	}
	return codeOf(err)
}

func codeOf(err error) int {
	var coded *exitError
	var problems *catalog.Problems
	var tag *catalog.TagError
	var held *apply.HeldError
	var wrong *usageError
	switch {
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &wrong):
		return codeUsage
	case awsapi.IsExpired(err), awsapi.IsBadCredentials(err):
		return codeCredentials
	case errors.As(err, &problems), errors.As(err, &tag):
		return codeCatalog
	case errors.As(err, &held):
		return codeBlocked
	}
	return codeFailed
}

// hintFor finds the next thing to type.
func hintFor(err error) string {
	var h *hinted
	var wrong *usageError
	switch {
	case errors.As(err, &h):
		return h.hint
	case errors.As(err, &wrong):
		return wrong.hint()
	}
	return awsHint(err)
}

func awsHint(err error) string {
	var gone *awsapi.CredentialsError
	switch {
	case awsapi.IsFullDisk(err):
		return "free space on the disk, or name another place: XDG_CACHE_HOME for packages, TMPDIR for temporary files; then run the same command again"
	case awsapi.IsNoCredentials(err):
		return "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `amiship rehearse` needs none"
	case errors.As(err, &gone) && awsapi.IsBadCredentials(err) && !awsapi.HaveExpired(err):
		return "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, to credentials that AWS accepts"
	case errors.As(err, &gone):
		return "get new credentials, then run the same command again: it resumes the run"
	case awsapi.Unreachable(err) != "":
		return awsapi.Unreachable(err) + " does not answer: see AWS_ENDPOINT_URL, the network, or the sandbox (`amiship sandbox`)"
	}
	return codeHint(awsapi.Code(err))
}

// codeHint is what to do about an AWS error code.
func codeHint(code string) string {
	switch {
	case awsapi.BadCredentials(code):
		return "AWS rejected the credentials, invalid or expired: aws sts get-caller-identity shows the current caller"
	case awsapi.Denied(code):
		return "add the action that is named above to the IAM policy of the current caller, then run the same command again"
	}
	if hint := catalogHint(code); hint != "" {
		return hint
	}
	switch code {
	case "VPCIdNotSpecified":
		return "the region has no default VPC: name a subnet in build.subnet of amiship.yaml"
	case "ResourceLimitExceeded":
		return "the region's quota is exhausted: aws service-quotas list-service-quotas --service-code ec2 shows it, request-service-quota-increase requests more"
	case "OptInRequired":
		return "the region is not enabled for this account: enable it, or remove it from regions in amiship.yaml"
	}
	return ""
}

// catalogHint is what to do about a code of the Marketplace Catalog's.
func catalogHint(code string) string {
	switch code {
	case "ServiceQuotaExceededException":
		return "a Marketplace quota is exhausted: amiship listings shows the pending change sets and the remaining versions; run the same command again when there is capacity"
	case "ResourceNotFoundException":
		return "the caller's account has no such product: " + listEntities + " shows which it has; fix product or account of the listing in amiship.yaml"
	case "ValidationException":
		return "AWS rejected the request for the reason that is named above: amiship listings shows the product's current state"
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
