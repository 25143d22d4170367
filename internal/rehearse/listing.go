package rehearse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/outside"
	"amiship/internal/plan"
	"amiship/internal/release"
)

// What a release comes to that is still to wait, by `amiship help exit-codes`.
const stillWaiting = 75

// later is when a schedule polls what Marketplace takes hours for, and polls
// how often at most.
const (
	later = "26h"
	polls = 4
)

// list submits what the release has for its listings, and then continues as a
// schedule does: a day later, by processes that know no tag and no secret.
func (c commands) list(ctx context.Context, d release.Desired, rel *Release) error {
	start := time.Now()
	err := c.carryOn(ctx, d, rel, "release", d.Tag, "--poll", "500ms", "--wait", "0s")
	if err != nil && !waits(err) {
		return err
	}
	rel.add("submit", submitted(d, err), start)
	bare := c
	bare.props = c.withoutSecrets()
	for n := 0; err != nil; n++ {
		if n == polls {
			return c.overdue(ctx, d, rel, err)
		}
		start = time.Now()
		if err := c.command(ctx, "sandbox", "advance", later, "--state", c.State).Run(); err != nil {
			return fmt.Errorf("amiship sandbox advance %s: %w", later, err)
		}
		if err = bare.carryOn(ctx, d, rel, "release", "--all-open", "--poll", "500ms"); err != nil && !waits(err) {
			return err
		}
		rel.add("poll again", later+" later, without secrets: amiship release --all-open", start)
	}
	return c.showListings(ctx, d, rel)
}

// submitted reports the result: listings that show the latest skip a patch of
// an older series.
func submitted(d release.Desired, waits error) string {
	if waits == nil {
		return "nothing to wait for"
	}
	var names []string
	for _, l := range d.Listings {
		names = append(names, l.Name)
	}
	return strings.Join(names, ", ") + "; Marketplace takes hours"
}

// carryOn runs a command that releases. If it is blocked or fails, the report
// shows what with, and what to do.
func (c commands) carryOn(ctx context.Context, d release.Desired, rel *Release, args ...string) error {
	var out bytes.Buffer
	err := c.run(ctx, &out, c.tested(append(args, "--json")...)...)
	if err == nil || waits(err) {
		return err
	}
	if p, none := answered(out.Bytes(), d.Tag); none == nil { // else it was not begun, or is done
		rel.Listings, rel.Plan.Blockers = changeSets(p), p.Blockers
	}
	return err
}

// changeSets are the steps of listings.
func changeSets(p plan.Plan) []plan.Step {
	return slices.DeleteFunc(slices.Clone(p.Steps), func(s plan.Step) bool { return s.Kind() != plan.ChangeSet })
}

// overdue says which listings Marketplace is not done with, and since when.
func (c commands) overdue(ctx context.Context, d release.Desired, rel *Release, err error) error {
	if unseen := c.showListings(ctx, d, rel); unseen != nil {
		return errors.Join(err, unseen)
	}
	var late []string
	for _, s := range rel.Listings {
		if s.State != plan.Done {
			late = append(late, s.Target.Listing+": "+s.Why)
		}
	}
	return fmt.Errorf("%d polls, each %s after the one before, and Marketplace is not done: %s: %w", polls, later, strings.Join(late, "; "), err)
}

// tested adds the flags that commands get where machines run nothing.
func (c commands) tested(args ...string) []string {
	if c.untested() {
		args = append(args, "--no-test")
	}
	return args
}

func waits(err error) bool {
	var command *CommandError
	return errors.As(err, &command) && command.Code == stillWaiting
}

// showListings notes where the release's listings are.
func (c commands) showListings(ctx context.Context, d release.Desired, rel *Release) error {
	var out bytes.Buffer
	if err := c.run(ctx, &out, "plan", d.Tag, "--json"); err != nil {
		return err
	}
	p, err := answered(out.Bytes(), d.Tag)
	if err != nil {
		return fmt.Errorf("amiship plan %s --json: %w", d.Tag, err)
	}
	rel.Listings = changeSets(p)
	return nil
}

// buy has a subscriber find each version by the product's code, start it, and
// ask it all that the catalog's checks say: configured, and with its license.
func (r Rehearsal) buy(ctx context.Context, p *props, d release.Desired, rel *Release) error {
	if p.buyer == "" || len(d.Listings) == 0 {
		return nil
	}
	owner, err := r.caller(ctx, vendor)
	if err != nil {
		return err
	}
	clients, err := r.caller(ctx, p.buyer)
	if err != nil {
		return err
	}
	who := outside.Customer{Clients: clients, Poll: poll}
	for _, l := range d.Listings {
		if !rel.shows(l) {
			continue
		}
		code, err := outside.ProductCode(ctx, owner, l)
		if err != nil {
			return err
		}
		if err := r.buyOne(ctx, who, code, l, d, rel); err != nil {
			return fmt.Errorf("%s as a buyer: %w", l.Name, err)
		}
	}
	return nil
}

// shows reports whether a listing has the release's version.
func (r *Release) shows(l release.Listing) bool {
	for _, s := range r.Listings {
		if s.Target.Listing == l.Name {
			return s.State == plan.Done
		}
	}
	return false
}

func (r Rehearsal) buyOne(ctx context.Context, who outside.Customer, code string, l release.Listing, d release.Desired, rel *Release) error {
	start := time.Now()
	ami, err := who.FindBought(ctx, code)
	if err != nil {
		return err
	}
	rel.add("find bought", fmt.Sprintf("%s  %q of aws-marketplace: %s", l.Name, *ami.Name, *ami.ImageId), start)
	v, _ := d.Variant(l.Image, l.Arch)
	if r.Driver == instant {
		rel.Notes = append(rel.Notes, l.Name+" was not started: the driver "+r.Driver+" has no real machines")
		return nil
	}
	start = time.Now()
	m, err := who.Try(ctx, marketplace.Region, *ami.ImageId, v)
	if err != nil {
		return err
	}
	rel.add("try", fmt.Sprintf("%s  %s at %s passes %d checks", l.Name, m.ID, m.Address, len(v.Checks)), start)
	return nil
}
