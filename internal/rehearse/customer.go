package rehearse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"amiship/internal/awsapi"
	"amiship/internal/boottest"
	"amiship/internal/outside"
	"amiship/internal/release"
)

// inspect reads from the vendor's account what the AMIs were built from, and
// then tries every public one as a customer, concurrently.
func (r Rehearsal) inspect(ctx context.Context, d release.Desired, rel *Release) error {
	owner, err := r.caller(ctx, vendor)
	if err != nil {
		return err
	}
	account, _, err := owner.Identity(ctx)
	if err != nil {
		return err
	}
	clients, err := r.caller(ctx, customer)
	if err != nil {
		return err
	}
	who := outside.Customer{Clients: clients, Poll: poll}
	tries, errs := make([]try, len(d.Variants)), make([]error, len(d.Variants))
	var g errgroup.Group
	g.SetLimit(r.builds())
	for i, v := range d.Variants {
		tries[i] = try{r: r, who: who, owner: account, v: v, region: elsewhere(d, v)}
		g.Go(func() error {
			errs[i] = tries[i].all(ctx, owner)
			return nil
		})
	}
	_ = g.Wait() // errs has the errors
	for _, t := range tries {
		rel.Phases, rel.Notes = append(rel.Phases, t.phases...), append(rel.Notes, t.notes...)
	}
	if r.Driver != instant {
		rel.noteEmulation()
	}
	return errors.Join(errs...)
}

// poll is the time between two reads of an instance that starts.
const poll = 200 * time.Millisecond

// try is what a customer does with the AMI of one variant, and what comes of it.
type try struct {
	r      Rehearsal
	who    outside.Customer
	owner  string // the vendor's account id
	v      release.Variant
	region string

	phases []Phase
	notes  []string
}

func (t *try) add(name, result string, since time.Time) {
	t.phases = append(t.phases, Phase{Name: name, Variant: t.name(), Result: result, Took: time.Since(since)})
}

func (t *try) name() string { return t.v.Image + "/" + t.v.Arch }

func (t *try) all(ctx context.Context, vendor *awsapi.Clients) error {
	base, err := outside.Customer{Clients: vendor}.BaseOf(ctx, t.v.Build.Region, t.v.Name)
	if err != nil {
		return err
	}
	t.notes = append(t.notes, t.name()+" was built from "+base)
	if !t.v.Public {
		return nil
	}
	if err := t.asCustomer(ctx); err != nil {
		return fmt.Errorf("%s as a customer: %w", t.name(), err)
	}
	return nil
}

func (t *try) asCustomer(ctx context.Context) (err error) {
	start := time.Now()
	ami, err := t.who.Find(ctx, t.region, t.owner, t.v.Name)
	if err != nil {
		return err
	}
	t.add("find", fmt.Sprintf("%q of %s in %s: %s", t.v.Name, t.owner, t.region, ami), start)
	if why := t.whyNot(); why != "" {
		t.notes = append(t.notes, t.name()+" was not started: "+why)
		return nil
	}
	start = time.Now()
	m, err := t.who.Launch(ctx, t.region, ami, t.v.Build.InstanceType, t.v.Ports())
	defer func() { err = errors.Join(err, t.who.End(context.WithoutCancel(ctx), m)) }()
	if err != nil {
		return err
	}
	t.add("launch", m.ID+" at "+m.Address, start)
	return t.ask(ctx, m)
}

// whyNot says why a machine is not started, if it is not.
func (t *try) whyNot() string {
	switch {
	case len(t.v.Ports()) == 0:
		return "the catalog has no checks from outside for it"
	case t.r.Driver == instant:
		return "the driver " + t.r.Driver + " has no real machines"
	}
	return ""
}

// ask runs the checks that need no login, from outside. Those that run on the
// instance belong to the boot test, which has its key.
func (t *try) ask(ctx context.Context, m outside.Machine) error {
	ctx, cancel := context.WithTimeout(ctx, t.v.TestWithin)
	defer cancel()
	for _, check := range t.v.Checks {
		if check.FromOutside() == 0 || check.After == release.AfterRestart {
			continue
		}
		start := time.Now()
		if err := t.who.Check(ctx, m, check); err != nil {
			console, _ := t.who.Console(context.WithoutCancel(ctx), m)
			return fmt.Errorf("%w\nthe machine's console:\n%s", err, console)
		}
		said := fmt.Sprintf("answers %d", check.Status)
		if check.TCP > 0 {
			said = "accepts connections"
		}
		t.add("ask", boottest.URL(m.Machine, check)+" "+said, start)
	}
	return nil
}

// elsewhere is a region that is not the build region, if there is one.
func elsewhere(d release.Desired, v release.Variant) string {
	for _, t := range slices.Backward(d.Targets) {
		if t.Required && t.Region != v.Build.Region {
			return t.Region
		}
	}
	return v.Build.Region
}

// caller makes clients for one of the sandbox's accounts.
func (r Rehearsal) caller(ctx context.Context, account string) (*awsapi.Clients, error) {
	env, err := r.env(ctx, account)
	if err != nil {
		return nil, err
	}
	who := awsapi.Caller{}
	for _, kv := range env {
		switch key, val, _ := strings.Cut(kv, "="); key {
		case "AWS_ENDPOINT_URL":
			who.Endpoint = val
		case "AWS_ACCESS_KEY_ID":
			who.KeyID = val
		case "AWS_SECRET_ACCESS_KEY":
			who.Secret = val
		}
	}
	return awsapi.LoadAs(ctx, "us-east-1", who)
}
