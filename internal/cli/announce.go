package cli

import (
	"context"
	"fmt"
	"os"
	"sync"

	"amiship/internal/awsapi"
	"amiship/internal/record"
)

// announce prints which account a release is about to change, before anything else: its id
// and alias, the caller, and the endpoint if it is not AWS's own. It returns who calls, for
// the marks of changes. What does not answer in time, or may not be read, is said to be
// unknown; credentials that AWS rejects are an error.
func (a *app) announce(ctx context.Context, clients *awsapi.Clients) (func(context.Context) record.Actor, error) {
	within, cancel := context.WithTimeout(ctx, actorWithin)
	defer cancel()
	defer a.soon(ctx, "amiship: asks AWS which account this is")()
	var alias string
	var unnamed error
	var asking sync.WaitGroup
	asking.Go(func() { alias, unnamed = clients.Alias(within) })
	account, arn, err := clients.Identity(within)
	asking.Wait()
	who := once(calling(clients))
	if err == nil {
		who = known(arn)
	}
	if gone := clients.Rejected(); gone != nil {
		return who, gone
	}
	if ctx.Err() == nil {
		fmt.Fprintln(a.Err, "amiship: account "+accountText(account, arn, err)+aliasText(alias, unnamed)+endpointText(clients))
	}
	return who, nil
}

// known is calling where the caller is known.
func known(arn string) func(context.Context) record.Actor {
	url, user := ciJob(os.Getenv)
	return func(context.Context) record.Actor { return record.Actor{ARN: arn, URL: url, User: user} }
}

func accountText(account, arn string, err error) string {
	switch at := awsapi.Unreachable(err); {
	case err != nil && at != "":
		return "unknown: " + at + " does not answer"
	case err != nil:
		return "unknown: " + awsapi.Text(err)
	}
	return account + ", as " + arn
}

func aliasText(alias string, err error) string {
	switch {
	case err != nil && awsapi.Code(err) != "":
		return "; alias unknown: " + awsapi.Code(err)
	case err != nil:
		return "; alias unknown"
	case alias == "":
		return "; no alias"
	}
	return "; alias " + alias
}

func endpointText(clients *awsapi.Clients) string {
	at := clients.Endpoint()
	switch {
	case clients.Sandboxed() && at != "":
		return "; a sandbox at " + at
	case clients.Sandboxed():
		return "; a sandbox"
	case at != "":
		return "; endpoint " + at
	}
	return ""
}
