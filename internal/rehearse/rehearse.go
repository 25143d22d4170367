// Package rehearse carries out a whole release in a sandbox: it starts one,
// releases into it as anybody would, then looks at the result with the eyes of
// a customer in another account and region.
//
// What a newcomer would get wrong: it runs the same commands that a user types,
// as processes of their own; nothing is faked or shared in memory.
package rehearse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"amiship/internal/awsapi"
	"amiship/internal/outside"
	"amiship/internal/release"
)

// Rehearsal is what to rehearse, and how.
type Rehearsal struct {
	Program string // the amiship to run
	Catalog string // path of amiship.yaml
	Desired release.Desired
	State   string // the sandbox's directory
	AMIs    string // file for the AMI ids: by image, architecture, region
	Driver  string // container or instant
	World   string // a starting state, or empty
	Speed   float64
	Log     io.Writer
}

// The accounts of a sandbox that take part.
const (
	vendor   = "vendor"
	customer = "customer"
)

// Run rehearses. The sandbox is stopped before it returns; a report is returned
// with an error too, as far as it got.
func (r Rehearsal) Run(ctx context.Context) (rep Report, err error) {
	start := time.Now()
	rep.Title = r.Desired.Project + " " + r.Desired.Tag
	defer func() { rep.Total = time.Since(start) }()
	box, err := r.startSandbox(ctx)
	if err != nil {
		return rep, err
	}
	defer func() {
		if stopErr := box.stop(); err == nil {
			err = stopErr
		}
	}()
	ctx, leave := box.while(ctx)
	defer leave()
	rep.add("sandbox", "ready at "+box.url, start)
	began := time.Now()
	rep.Release, err = r.release(ctx)
	if err != nil {
		return rep, err
	}
	rep.add("release", "AMI ids in "+r.AMIs, began)
	return rep, r.look(ctx, box.url, &rep)
}

func (r Rehearsal) release(ctx context.Context) (string, error) {
	env, err := r.env(ctx, vendor)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	cmd := r.command(ctx, "release", r.Desired.Tag, "--file", r.Catalog, "--poll", "500ms", "--wait", "30m", "--catalog", r.AMIs)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, r.Log
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("amiship release %s: %w", r.Desired.Tag, errors.Join(err, context.Cause(ctx)))
	}
	return out.String(), nil
}

// look asks the vendor's account what the AMIs were built from, and then has
// every public one tried by a customer.
func (r Rehearsal) look(ctx context.Context, url string, rep *Report) error {
	owner, err := r.caller(ctx, url, vendor)
	if err != nil {
		return err
	}
	account, _, err := owner.Identity(ctx)
	if err != nil {
		return err
	}
	clients, err := r.caller(ctx, url, customer)
	if err != nil {
		return err
	}
	for _, v := range r.Desired.Variants {
		base, err := outside.Customer{Clients: owner}.BaseOf(ctx, v.Build.Region, v.Name)
		if err != nil {
			return err
		}
		rep.Notes = append(rep.Notes, v.Image+"/"+v.Arch+" was built from "+base)
		if !v.Public {
			continue
		}
		if err := r.try(ctx, outside.Customer{Clients: clients, Poll: poll}, account, v, rep); err != nil {
			return fmt.Errorf("as a customer: %w", err)
		}
	}
	return nil
}

// poll is the time between two looks at a machine that starts.
const poll = 200 * time.Millisecond

// try does what a customer does with an AMI.
func (r Rehearsal) try(ctx context.Context, c outside.Customer, owner string, v release.Variant, rep *Report) (err error) {
	region := r.elsewhere(v)
	start := time.Now()
	ami, err := c.Find(ctx, region, owner, v.Name)
	if err != nil {
		return err
	}
	rep.add("find", fmt.Sprintf("%q of %s in %s: %s", v.Name, owner, region, ami), start)
	if len(v.Checks) == 0 || r.Driver != "container" {
		rep.Notes = append(rep.Notes, v.Image+"/"+v.Arch+" was not started: "+r.whyNot(v))
		return nil
	}
	start = time.Now()
	m, err := c.Launch(ctx, region, ami, v.Build.InstanceType, ports(v))
	defer func() {
		if endErr := c.End(context.WithoutCancel(ctx), m); err == nil {
			err = endErr
		}
	}()
	if err != nil {
		return err
	}
	rep.add("launch", m.ID+" at "+m.Address, start)
	return r.ask(ctx, c, v, m, rep)
}

func (r Rehearsal) whyNot(v release.Variant) string {
	if len(v.Checks) == 0 {
		return "the catalog has no checks for it"
	}
	return "the driver " + r.Driver + " has no real machines"
}

// patience is how long a machine may take to configure itself.
const patience = 3 * time.Minute

func (r Rehearsal) ask(ctx context.Context, c outside.Customer, v release.Variant, m outside.Machine, rep *Report) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, check := range v.Checks {
		start := time.Now()
		if err := c.Check(ctx, m, check); err != nil {
			console, _ := c.Console(context.WithoutCancel(ctx), m)
			return fmt.Errorf("%w\nthe machine's console:\n%s", err, console)
		}
		rep.add("ask", fmt.Sprintf("http://%s:%d%s answers %d", m.Address, check.Port, check.Path, check.Status), start)
	}
	return nil
}

// elsewhere is a region that is not the build region, if there is one.
func (r Rehearsal) elsewhere(v release.Variant) string {
	for _, t := range slices.Backward(r.Desired.Targets) {
		if t.Required && t.Region != v.Build.Region {
			return t.Region
		}
	}
	return v.Build.Region
}

func ports(v release.Variant) []int {
	var out []int
	for _, c := range v.Checks {
		out = append(out, c.Port)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// caller makes clients for one of the sandbox's accounts.
func (r Rehearsal) caller(ctx context.Context, url, account string) (*awsapi.Clients, error) {
	env, err := r.env(ctx, account)
	if err != nil {
		return nil, err
	}
	who := awsapi.Caller{Endpoint: url}
	for _, kv := range env {
		switch key, val, _ := strings.Cut(kv, "="); key {
		case "AWS_ACCESS_KEY_ID":
			who.KeyID = val
		case "AWS_SECRET_ACCESS_KEY":
			who.Secret = val
		}
	}
	return awsapi.LoadAs(ctx, "us-east-1", who)
}
