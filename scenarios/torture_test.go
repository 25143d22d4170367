package scenarios

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"
)

var (
	tortureSeed = flag.Uint64("torture.seed", 0, "the first seed of TestTorture; 0: some that are always the same, and one of the clock's")
	tortureN    = flag.Int("torture.n", 1, "how many seeds, from -torture.seed on")
)

// seeds are those to run. A fresh one is printed with what it came to.
func seeds() []uint64 {
	var out []uint64
	if *tortureSeed == 0 {
		for n := range uint64(len(kindNames)) { // one of each kind
			out = append(out, n+1)
		}
		fresh := uint64(time.Now().UnixNano()) % 1e9 //nolint:gosec // it is positive
		if kindOf(fresh) == onMachines {
			fresh++ // TestRealMachines has some
		}
		return append(out, fresh)
	}
	for n := range *tortureN {
		out = append(out, *tortureSeed+uint64(n)) //nolint:gosec // so is this
	}
	return out
}

// shrinkWithin is how long a failure among others is looked into; make torture with its seed
// takes the time that it takes.
const shrinkWithin = 3 * time.Minute

// TestTorture does whole releases while AWS fails and runs are killed, both at
// random, and each is started again until it is done. Then the world must be that
// of an undisturbed release, seen from outside of Amiship. A seed that
// fails says how to replay it, and what is left of its troubles when all are
// removed that it does not need to fail.
func TestTorture(t *testing.T) {
	t.Parallel()
	var want calmWorlds
	for _, seed := range seeds() {
		o := drawOrdeal(seed)
		t.Run(fmt.Sprintf("%s-%d", o.kind, seed), func(t *testing.T) {
			t.Parallel()
			if kinds[o.kind].real {
				takePlace(t)
			}
			calm := want.of(t, o.kind)
			said, complaint := o.suffer(t, calm)
			if complaint == "" {
				t.Logf("%s\n%s", o, said.brief())
				return
			}
			began := time.Now()
			smallest := o.shrink(func(less ordeal) bool {
				if *tortureSeed == 0 && time.Since(began) > shrinkWithin {
					return false
				}
				_, complaint := less.suffer(t, calm)
				return complaint != ""
			})
			t.Errorf("%s\n\nagain: make torture N=1 SEED=%d\n\nits troubles:\n%s\nthe smallest that fail:\n%s\nwhat was said:\n%s",
				complaint, seed, o, smallest, said)
		})
	}
}

// transcript is what runs have said.
type transcript []utterance

type utterance struct {
	command string
	code    int
	out     string
	ended   time.Time
}

// lastLines are as many as show what a run came to.
const lastLines = 60

// crashed tells a run that ended by itself, though it should not have.
func (u utterance) crashed() (complaint string) {
	for _, bad := range []string{"panic: ", "DATA RACE", "goroutine 1 ["} {
		if strings.Contains(u.out, bad) {
			return u.command + ": it crashed"
		}
	}
	return ""
}

func (s transcript) String() string {
	var b strings.Builder
	for _, u := range s {
		lines := strings.Split(strings.TrimSpace(u.out), "\n")
		fmt.Fprintf(&b, "$ %s\n%s\n=> %d\n", u.command, strings.Join(lines[max(0, len(lines)-lastLines):], "\n"), u.code)
	}
	return b.String()
}

// brief is how the runs ended.
func (s transcript) brief() string {
	var codes []string
	for _, u := range s {
		codes = append(codes, fmt.Sprint(u.code))
	}
	return "exit codes " + strings.Join(codes, " ")
}
