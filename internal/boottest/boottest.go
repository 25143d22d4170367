// Package boottest starts machines from an AMI and checks them as a customer
// would: over SSH with a fresh key, and over HTTP.
//
// What a newcomer would get wrong: a check that fails is a result, not an error;
// an error says that the test could not be made. Two machines are started, since
// what must not be baked into an image (host keys, ids, the product's secrets)
// shows only between two.
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

// Test is what to check on the machines of one AMI.
type Test struct {
	User   string // that SSH logs in as
	Key    []byte // private, PEM: the only one that may open the machines
	Checks []release.Check
	Within time.Duration // from now to the last check
	Poll   time.Duration // between two tries
	// Hide takes secrets out of what machines print, before it is shown or kept.
	Hide func(string) string
}

// Report is what a test came to.
type Report struct {
	Failures []Failure         // none: the AMI is good
	Logs     map[string][]byte // of machines with failures, by file name: "i-0ab.cloud-init-output.log"
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

// Run checks machines that have been started from one AMI.
func (t Test) Run(ctx context.Context, machines []Machine) (Report, error) {
	key, err := ssh.ParsePrivateKey(t.Key)
	if err != nil {
		return Report{}, fmt.Errorf("read the key of the boot test: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, t.Within)
	defer cancel()
	visits := make([]*visit, len(machines))
	var wg sync.WaitGroup
	for i, m := range machines {
		visits[i] = &visit{test: t, machine: m, key: key, prints: map[string]string{}}
		wg.Go(func() { visits[i].check(limited) })
	}
	wg.Wait()
	defer func() {
		for _, v := range visits {
			v.leave()
		}
	}()
	if ctx.Err() != nil {
		return Report{}, ctx.Err()
	}
	return t.report(ctx, visits), nil
}

func (t Test) report(ctx context.Context, visits []*visit) Report {
	rep := Report{Logs: map[string][]byte{}}
	for _, v := range visits {
		rep.Failures = append(rep.Failures, v.failures...)
	}
	rep.Failures = append(rep.Failures, compare(visits)...)
	if len(rep.Failures) == 0 {
		return rep
	}
	ctx, cancel := context.WithTimeout(ctx, logsWithin)
	defer cancel()
	for _, v := range visits {
		v.logs(ctx, rep.Logs)
	}
	return rep
}

// compare finds what two machines of one AMI have in common, and must not.
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
