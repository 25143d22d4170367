// Package boottest launches instances of an AMI and checks them as a customer
// would: over SSH with a fresh key, and over HTTP.
//
// A check that fails is a result, not an error; an error says that the test
// could not be made. Two instances are launched, since what must not be baked
// into an image (host keys, ids, the product's secrets) shows only between two.
package boottest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"amiship/internal/release"
)

// Test is what to check on the instances of one AMI.
type Test struct {
	User   string // that SSH logs in as
	Key    []byte // private, PEM: the only one that may log in
	Checks []release.Check
	Within time.Duration // from now to the last check, and again from a restart
	Poll   time.Duration // between two tries
	// Allow are the subjects of findings that the catalog accepts; * is any text.
	Allow []string
	// Ports are those that the image may listen on, besides 22 and those of Checks.
	Ports []Range
	// Restart stops the instance and starts it again, as its owner may; nil: none is
	// restarted. The last instance is, once it has passed.
	Restart func(context.Context, Machine) (Machine, error)
	// Tell is told of answers that stay the same, Saw of each answer; nil: of none.
	Tell, Saw func(string)

	login  func(context.Context, *visit) (runner, string, error) // nil: over SSH
	starts time.Duration                                         // zero: startsWithin
	// Hide redacts secrets from the instances' output, before it is shown or
	// kept.
	Hide func(string) string
}

// Range is an inclusive range of ports.
type Range struct{ From, To int }

// Report is what a test came to.
type Report struct {
	Failures []Failure         // none: the AMI is good
	Notes    []string          // what is worth knowing, and no failure
	Logs     map[string][]byte // of instances with failures, by file name: "i-0ab.cloud-init-output.log"
}

// Failure is a check that failed.
type Failure struct{ Machine, Check, Why string }

func (f Failure) String() string {
	who := ""
	if f.Machine != "" {
		who = f.Machine + ": "
	}
	return who + f.Check + ": " + f.Why
}

// Run checks instances that were launched from one AMI.
func (t Test) Run(ctx context.Context, machines []Machine) (Report, error) {
	key, err := ssh.ParsePrivateKey(t.Key)
	if err != nil {
		return Report{}, fmt.Errorf("read the key of the boot test: %w", err)
	}
	visits := make([]*visit, len(machines))
	defer func() {
		for _, v := range visits {
			v.leave()
		}
	}()
	var wg sync.WaitGroup
	for i, m := range machines {
		visits[i] = newVisit(t, m, key)
		wg.Go(func() { visits[i].all(ctx, i == len(machines)-1) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return Report{}, ctx.Err()
	}
	for _, v := range visits {
		if v.err != nil {
			return Report{}, v.err
		}
	}
	return t.report(ctx, visits), nil
}

func (t Test) report(ctx context.Context, visits []*visit) Report {
	rep := Report{Logs: map[string][]byte{}}
	for i, v := range visits {
		rep.Failures = append(rep.Failures, v.unlike(slices.Concat(visits[:i], visits[i+1:]))...)
	}
	rep.Failures = append(rep.Failures, compare(visits)...)
	rep.Failures = append(rep.Failures, t.judged(visits)...)
	ctx, cancel := context.WithTimeout(ctx, logsWithin)
	defer cancel()
	for _, v := range visits {
		if note := v.listening(ctx); note != "" {
			rep.Notes = append(rep.Notes, note)
		}
		services := v.services(ctx)
		if len(v.failures) > 0 {
			rep.Failures = append(rep.Failures, services...)
			continue
		}
		for _, s := range services {
			rep.Notes = append(rep.Notes, s.String())
		}
	}
	if len(rep.Failures) > 0 {
		for _, v := range visits {
			v.logs(ctx, rep.Logs)
		}
	}
	slices.Sort(rep.Notes)
	rep.Notes = slices.Compact(rep.Notes)
	return rep
}

// unlike are the failures of an instance. One that another, whose metadata service answers
// otherwise, does not have is named so.
func (v *visit) unlike(others []*visit) []Failure {
	out := slices.Clone(v.failures)
	for i, f := range out {
		for _, other := range others {
			had := slices.ContainsFunc(other.failures, func(o Failure) bool { return o.Check == f.Check || o.Check == loggingIn })
			if v.machine.Metadata != other.machine.Metadata && v.machine.Metadata.Tokens && !had {
				out[i].Why = fmt.Sprintf("only where the metadata service has %s (with %s, %s passes): %s", v.machine.Metadata, other.machine.Metadata, other.machine.ID, f.Why)
			}
		}
	}
	return out
}

// compare finds what two instances of one AMI have in common, and must not.
func compare(visits []*visit) []Failure {
	var out []Failure
	seen := map[string]string{}
	for _, v := range visits {
		for _, what := range slices.Sorted(maps.Keys(v.prints)) {
			text := strings.TrimSpace(v.prints[what])
			switch other, twice := seen[what+"\n"+text]; {
			case text == "":
				out = append(out, Failure{v.machine.ID, what, "is empty; it must be the machine's own"})
			case twice:
				out = append(out, Failure{"", what, "is the same on " + other + " and " + v.machine.ID + "; it must be each machine's own"})
			}
			seen[what+"\n"+text] = v.machine.ID
		}
	}
	return out
}
