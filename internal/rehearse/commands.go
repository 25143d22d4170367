package rehearse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"amiship/internal/plan"
	"amiship/internal/progress"
	"amiship/internal/release"
)

// commands are those that a user types, run as the vendor.
type commands struct {
	Rehearsal
	*props
	env []string
}

// release runs `amiship release` and notes what it came to.
func (c commands) release(ctx context.Context, d release.Desired, rel *Release) error {
	start, amis := time.Now(), c.amisOf(d.Tag)
	args := c.tested("release", d.Tag, "--json", "--poll", "500ms", "--wait", "30m", "--builds", strconv.Itoa(c.builds()), "--catalog", amis)
	result := "complete"
	if len(d.Listings) > 0 {
		args, result = append(args, "--until", string(plan.UntilPublic)), "public"
	}
	var out bytes.Buffer
	err := c.run(ctx, &out, args...)
	p, none := answered(out.Bytes(), d.Tag)
	rel.Plan = p
	switch {
	case err != nil:
		return err
	case none != nil:
		return fmt.Errorf("amiship release %s --json: %w", d.Tag, none)
	}
	if rel.Plan.Skip != "" {
		rel.add("release", "nothing to release: "+rel.Plan.Skip, start)
		return nil
	}
	rel.add("release", result+"; AMI ids in "+amis, start)
	rel.addSteps()
	return nil
}

// answered is the plan of a tag in what a command answers.
func answered(text []byte, tag string) (plan.Plan, error) {
	var all struct {
		Plans []plan.Plan `json:"plans"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return plan.Plan{}, err
	}
	for _, p := range all.Plans {
		if p.Tag == tag {
			return p, nil
		}
	}
	return plan.Plan{}, fmt.Errorf("no plan of %s is in its answer", tag)
}

// verify runs another command that checks everything, as the customer and the
// owner.
func (c commands) verify(ctx context.Context, d release.Desired, rel *Release) error {
	start := time.Now()
	args := c.tested("verify", d.Tag, "--as", customer, "--catalog", c.amisOf(d.Tag))
	var out strings.Builder
	err := c.run(ctx, &out, args...)
	rel.Verified = out.String()
	if err != nil {
		return err
	}
	rel.add("verify", "nothing is wrong", start)
	return nil
}

// plan asks whether the release is complete.
func (c commands) plan(ctx context.Context, d release.Desired, rel *Release) error {
	start := time.Now()
	if err := c.run(ctx, io.Discard, "plan", d.Tag, "--exit-code"); err != nil {
		return fmt.Errorf("after the release something is left to do: %w", err)
	}
	rel.add("plan", "nothing is left to do", start)
	return nil
}

// run runs an amiship command on the catalog.
func (c commands) run(ctx context.Context, out io.Writer, args ...string) error {
	name := "amiship " + strings.Join(args[:min(2, len(args))], " ")
	if args[0] == "release" {
		args = append(args, "--progress", "json")
		if c.Verbose {
			args = append(args, "--verbose")
		}
	}
	args = slices.Concat(args, []string{"--file", c.Catalog}, c.setFlags())
	cmd := c.command(ctx, args...)
	cmd.Env = slices.Concat(c.props.env, c.cacheEnv(), c.env)
	said := progress.NewRelay(c.Progress, c.say)
	cmd.Stdout, cmd.Stderr = out, said
	err := cmd.Run()
	said.End()
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s: %w", name, cause)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return &CommandError{Command: name, Code: exit.ExitCode()}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// untested reports whether the boot test is skipped: it would check machines
// that run nothing.
func (c commands) untested() bool { return c.Driver == instant }

// cacheEnv keeps stand-ins out of the user's cache of packages.
func (c commands) cacheEnv() []string {
	if c.work == "" {
		return nil
	}
	return []string{"XDG_CACHE_HOME=" + filepath.Join(c.work, "cache")}
}

// amisOf is the file for a release's AMI ids: one of its own, if there are
// several releases.
func (c commands) amisOf(tag string) string {
	if len(c.Tags) == 1 {
		return c.AMIs
	}
	ext := filepath.Ext(c.AMIs)
	return strings.TrimSuffix(c.AMIs, ext) + "-" + strings.ReplaceAll(tag, "/", "-") + ext
}
