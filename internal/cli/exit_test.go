package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/plan"
)

func awsError(code string) error {
	return fmt.Errorf("copy ami-1 to eu-west-1: %w", &smithy.OperationError{
		ServiceID: "EC2", OperationName: "CopyImage", Err: &smithy.GenericAPIError{Code: code, Message: "says AWS"},
	})
}

// noCredentials is how a call ends for which there are none.
func noCredentials(t *testing.T) error {
	t.Helper()
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	clients, err := awsapi.Load(t.Context(), "us-east-1")
	if err == nil {
		_, _, err = clients.Identity(t.Context())
	}
	return err
}

// TestFail: each error ends with its exit code, in its own words, and with the next
// thing to type where there is one.
func TestFail(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for name, c := range map[string]struct {
		err  error
		code int
		says string // on a line of its own; empty: nothing is said
		hint string // empty: there is none
	}{
		"done":                     {nil, 0, "", ""},
		"said already":             {silent(codeBlocked), codeBlocked, "", ""},
		"said in another":          {errors.Join(errors.New("no"), silent(codeWaiting)), codeWaiting, "", ""},
		"interrupted":              {fmt.Errorf("look: %w", context.Canceled), codeInterrupted, "amiship: interrupted at once", ""},
		"a deadline":               {fmt.Errorf("look: %w", context.DeadlineExceeded), codeFailed, "amiship: look: context deadline exceeded", ""},
		"any other":                {errors.New("no"), codeFailed, "amiship: no", ""},
		"two lines":                {errors.Join(errors.New("one"), errors.New("two")), codeFailed, "amiship: one\namiship: two", ""},
		"wrong usage":              {usage(errors.New("what?")), codeUsage, "amiship: what?", "amiship --help"},
		"such a text":              {errors.New("unknown command \"dance\" for \"amiship\""), codeFailed, "amiship: unknown command", ""},
		"with a hint":              {withHint(usage(errors.New("what?")), "this"), codeUsage, "amiship: what?", "this"},
		"a wrong catalog":          {&exitError{codeCatalog, errors.New("no")}, codeCatalog, "amiship: no", ""},
		"a wrong tag":              {fmt.Errorf("v1: %w", &catalog.TagError{}), codeCatalog, "amiship: ", ""},
		"problems":                 {&catalog.Problems{}, codeCatalog, "amiship: ", ""},
		"AWS's":                    {awsError("InvalidRequest"), codeFailed, "amiship: copy ami-1 to eu-west-1: InvalidRequest: says AWS\n", ""},
		"wrong credentials":        {awsError("AuthFailure"), codeCredentials, "AuthFailure", "aws sts get-caller-identity"},
		"expired credentials":      {awsError("ExpiredToken"), codeCredentials, "ExpiredToken", "aws sts get-caller-identity"},
		"not allowed":              {awsError("UnauthorizedOperation"), codeFailed, "copy ami-1 to eu-west-1: UnauthorizedOperation", "policy"},
		"not allowed elsewhere":    {awsError("AccessDeniedException"), codeFailed, "AccessDeniedException", "policy"},
		"no default VPC":           {awsError("VPCIdNotSpecified"), codeFailed, "VPCIdNotSpecified", "build.subnet"},
		"a quota":                  {awsError("ResourceLimitExceeded"), codeFailed, "ResourceLimitExceeded", "aws service-quotas"},
		"a region that is off":     {awsError("OptInRequired"), codeFailed, "OptInRequired", "regions in amiship.yaml"},
		"Marketplace's quota":      {awsError("ServiceQuotaExceededException"), codeFailed, "ServiceQuota", "amiship listings"},
		"no such product":          {awsError("ResourceNotFoundException"), codeFailed, "ResourceNotFound", "aws marketplace-catalog list-entities"},
		"refused by Marketplace":   {awsError("ValidationException"), codeFailed, "ValidationException", "amiship listings"},
		"its own hint comes first": {withHint(awsError("AuthFailure"), "this"), codeCredentials, "AuthFailure", "this"},
		"nobody answers":           {fmt.Errorf("look: %w", &url.Error{Op: "Post", URL: "http://127.0.0.1:1/x", Err: refused}), codeFailed, "connection refused", "http://127.0.0.1:1 "},
		"no credentials":           {noCredentials(t), codeCredentials, "AWS", "AWS_PROFILE"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, said bytes.Buffer
			a := &app{Stdio: Stdio{Out: &out, Err: &said}}
			if code := a.fail(c.err); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			text, hint, _ := strings.Cut(said.String(), "amiship: hint: ")
			if !strings.Contains(text, c.says) || (text == "") != (c.says == "") {
				t.Errorf("says %q, want %q", text, c.says)
			}
			if !strings.Contains(hint, c.hint) || (hint == "") != (c.hint == "") {
				t.Errorf("hints %q, want %q", hint, c.hint)
			}
			if out.Len() > 0 {
				t.Errorf("standard output has %q", out.String())
			}
		})
	}
}

// TestHintsOfSteps: once for all steps that failed for the same reason, and none for
// those that did not fail.
func TestHintsOfSteps(t *testing.T) {
	step := func(state plan.State, code string) plan.Step { return plan.Step{State: state, Code: code} }
	var said bytes.Buffer
	a := &app{Stdio: Stdio{Err: &said}}
	a.hints(plan.Plan{Steps: []plan.Step{
		step(plan.Failed, "UnauthorizedOperation"), step(plan.Failed, "AccessDenied"), step(plan.Failed, "VPCIdNotSpecified"),
		step(plan.Failed, "Strange"), step(plan.Waiting, "ResourceLimitExceeded"), step(plan.Done, ""),
	}})
	if got := said.String(); strings.Count(got, "hint:") != 2 || !strings.Contains(got, "policy") || !strings.Contains(got, "build.subnet") {
		t.Errorf("hints: %s", got)
	}
}
