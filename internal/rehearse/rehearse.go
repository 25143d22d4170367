// Package rehearse carries out releases in a sandbox: it starts one, releases
// into it as a user would, with a package that replaces the real one if the
// catalog has such, then checks the result as a customer in another account and
// region.
//
// It runs the same commands that a user types, as processes of their own;
// nothing is faked or shared in memory. And what the catalog has for rehearsals
// goes over what the environment has: a real token or license has no business
// here.
package rehearse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"amiship/internal/progress"
	"amiship/internal/release"
)

// Rehearsal is what to rehearse, and how.
type Rehearsal struct {
	Program     string            // the amiship to run
	Catalog     string            // path of amiship.yaml
	Set         map[string]string // other values for vars of the catalog
	Verbose     bool              // releases say what Packer says
	Tags        []string          // the releases, one after the other
	RealPackage bool              // leave out what the catalog has for rehearsals
	State       string            // the sandbox's directory
	AMIs        string            // file for the AMI ids: by image, architecture, region
	Driver      string            // container or instant
	World       string            // a starting state, or empty
	As          string            // a file of amiship probe, or empty
	Speed       float64
	Builds      int    // at once; 0: as many as this machine has capacity for
	Again       string // the command line of this rehearsal
	Log         io.Writer
	Progress    progress.Shower // of the releases
}

// The accounts of a sandbox that take part.
const (
	vendor   = "vendor"
	customer = "customer"
)

// instant is the driver whose machines run no commands and serve no pages.
const instant = "instant"

// Run rehearses. Whatever it has started has ended before it returns; a report
// is returned with an error too, as far as it got.
func (r Rehearsal) Run(ctx context.Context) (rep Report, err error) {
	start := time.Now()
	rep.Title = strings.Join(r.Tags, ", ")
	defer func() { rep.Total = time.Since(start) }()
	p, err := r.prepare(ctx, &rep)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	r.World = cmp.Or(r.World, p.world)
	began := time.Now()
	box, err := r.startSandbox(ctx)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, box.stop()) }()
	rep.add("sandbox", "ready at "+box.url, began)
	ctx, leave := box.while(ctx)
	defer leave()
	if err := r.knows(ctx, p.buyer); err != nil {
		return rep, fmt.Errorf("rehearsal.buyer: %w", err)
	}
	for _, d := range p.desired {
		rep.Title = d.Project + " " + strings.Join(r.Tags, ", ")
		rep.Releases = append(rep.Releases, Release{Tag: d.Tag, desired: d})
		if err := r.release(ctx, p, d, &rep.Releases[len(rep.Releases)-1]); err != nil {
			return rep, err
		}
	}
	return rep, nil
}

// knows fails, before a release is begun, if the sandbox has no such account.
func (r Rehearsal) knows(ctx context.Context, account string) error {
	if account == "" {
		return nil
	}
	_, err := r.env(ctx, account)
	return err
}

// release runs one, and checks it: as a customer, and that nothing is left to
// do.
func (r Rehearsal) release(ctx context.Context, p *props, d release.Desired, rel *Release) error {
	vendorsEnv, err := r.env(ctx, vendor)
	if err != nil {
		return err
	}
	c := commands{Rehearsal: r, props: p, env: vendorsEnv}
	defer func() { rel.Plan = rel.Plan.Rehearsed(r.Again) }()
	if err := c.release(ctx, d, rel); err != nil {
		return err
	}
	if rel.Plan.Skip != "" {
		return nil
	}
	if err := r.inspect(ctx, d, rel); err != nil {
		return err
	}
	if len(d.Listings) > 0 {
		if err := c.list(ctx, d, rel); err != nil {
			return err
		}
	}
	if err := r.buy(ctx, p, d, rel); err != nil {
		return err
	}
	if err := c.verify(ctx, d, rel); err != nil {
		return err
	}
	return c.plan(ctx, d, rel)
}

// environ is this process's environment without what points at AWS: the
// sandbox's takes its place.
func environ() []string {
	var out []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "AWS_") {
			out = append(out, kv)
		}
	}
	return out
}

// CommandError says how a command of the rehearsal ended.
type CommandError struct {
	Command string
	Code    int // exit code; see `amiship help exit-codes`
}

func (e *CommandError) Error() string {
	return fmt.Sprintf("%s ended with exit code %d", e.Command, e.Code)
}
