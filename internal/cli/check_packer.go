package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/packer"
)

// processWithin is how long a credential_process may take, as in the SDKs.
const processWithin = time.Minute

// packerCaller says whether Packer gets credentials as this process does. It sees all that
// begins with AWS_, and little else: a credential_process that needs another variable works
// here, and fails in the build. Nothing is said where there is none.
func packerCaller(ctx context.Context, clients *awsapi.Clients) []audit.Finding {
	command := clients.CredentialProcess()
	if command == "" {
		return nil
	}
	f := audit.Finding{What: "Packer gets credentials from credential_process", How: audit.Proven}
	ctx, cancel := context.WithTimeout(ctx, processWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Env, cmd.WaitDelay = packer.Runner{}.Environment(), time.Second
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		said, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		f.Err = fmt.Sprintf("in the environment that Packer gets, credential_process ends with %v: %s; it may need a variable whose name does not begin with AWS_: amiship help environment lists what Packer gets", exit, said)
	case err != nil:
		f.Err = "in the environment that Packer gets, credential_process fails: " + err.Error()
	case !strings.Contains(string(out), "AccessKeyId"):
		f.Err = "in the environment that Packer gets, credential_process prints no AccessKeyId"
	}
	return []audit.Finding{f}
}

// longBuild is what a build and its boot test may well take.
const longBuild = 30 * time.Minute

// sessionFinding notes that the session ends sooner than a build may: it can't be renewed
// from here, and a build that it ends in has to be made again.
func sessionFinding(ctx context.Context, clients *awsapi.Clients) []audit.Finding {
	ends := clients.SessionEnds(ctx)
	left := ends.Sub(clients.Now())
	if ends.IsZero() || left >= longBuild {
		return nil
	}
	return []audit.Finding{{
		How:  audit.Noted,
		What: fmt.Sprintf("the session of these credentials ends in %s, and builds may take longer: get a longer one, or new ones before the release", left.Round(time.Minute)),
	}}
}
