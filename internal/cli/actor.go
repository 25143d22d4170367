package cli

import (
	"context"
	"os"
	"sync"
	"time"

	"amiship/internal/awsapi"
	"amiship/internal/record"
)

// actor is who calls AWS, and the CI job that does it. What cannot be found out is
// left empty.
func actor(ctx context.Context, clients *awsapi.Clients) record.Actor {
	_, arn, _ := clients.Identity(ctx)
	url, user := ciJob(os.Getenv)
	return record.Actor{ARN: arn, URL: url, User: user}
}

// How long a change waits to know who makes it; and, where that could not be found
// out, how long it is unknown before AWS is asked again.
const (
	actorWithin = 10 * time.Second
	actorAgain  = 10 * time.Minute
)

// once is actor for a run that may change nothing: AWS is asked with the first
// change, and once. A change does not wait long for it.
func once(ask func(context.Context) record.Actor) func(context.Context) record.Actor {
	var mu sync.Mutex
	var known record.Actor
	var asked time.Time
	return func(ctx context.Context) record.Actor {
		mu.Lock()
		defer mu.Unlock()
		if known.ARN == "" && (asked.IsZero() || time.Since(asked) >= actorAgain) {
			within, cancel := context.WithTimeout(ctx, actorWithin)
			defer cancel()
			known = ask(within)
			asked = time.Now()
		}
		return known
	}
}

// calling asks who calls AWS.
func calling(clients *awsapi.Clients) func(context.Context) record.Actor {
	return func(ctx context.Context) record.Actor { return actor(ctx, clients) }
}

// ciJob is the job's address and its user, as GitLab and GitHub name them in the
// environment.
func ciJob(env func(string) string) (url, user string) {
	if url = env("CI_JOB_URL"); url != "" {
		return url, env("GITLAB_USER_LOGIN")
	}
	server, repository, run := env("GITHUB_SERVER_URL"), env("GITHUB_REPOSITORY"), env("GITHUB_RUN_ID")
	if server == "" || repository == "" || run == "" {
		return "", ""
	}
	return server + "/" + repository + "/actions/runs/" + run, env("GITHUB_ACTOR")
}
