// Command bench measures Amiship against a sandbox, beside what people use where
// that is installed, and writes what came of it to docs/benchmarks.md. `make
// bench` runs it; the arguments are the program to measure and, if not all, the
// numbers of the benches to run.
//
// Seconds are this machine's, and it may be busy. Results that hold on another
// machine are ratios of two measurements of one run, or counts.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// document is where the table is kept, seen from the repository.
const document = "docs/benchmarks.md"

// bench is one thing to measure.
type bench struct {
	name string
	run  func(context.Context, *lab) ([]row, error)
}

// benches are in the order of their numbers, which begin with 1.
func benches() []bench {
	return []bench{
		{"nothing to do", nothingToDo},
		{"a first release", firstRelease},
		{"lag", lag},
		{"twenty at once", atOnce},
		{"the sandbox", servers},
		{"growth", growth},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Environ()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures, prints the table and writes it.
func run(ctx context.Context, args []string, out *os.File, env []string) error {
	if len(args) == 0 {
		return errors.New("name the amiship to measure, and perhaps numbers of benches")
	}
	chosen, err := numbers(args[1:])
	if err != nil {
		return err
	}
	l, err := newLab(args[0], env, os.Stderr)
	if err != nil {
		return err
	}
	defer l.close()
	var rows []row
	var failed []error
	under := thisMachine()
	for _, n := range chosen {
		b, began := benches()[n-1], time.Now()
		l.say("bench %d: %s", n, b.name)
		got, err := l.run(ctx, b)
		if err != nil {
			failed = append(failed, fmt.Errorf("bench %d, %s: %w", n, b.name, err))
			continue // what is half measured is not kept
		}
		for i := range got {
			got[i].bench = n
		}
		rows = append(rows, got...)
		l.say("bench %d took %.0f s", n, time.Since(began).Seconds())
	}
	before := committed(ctx)
	if err := show(out, rows, before); err != nil {
		return err
	}
	all := len(chosen) == len(benches()) && len(failed) == 0
	return errors.Join(append(failed, keep(document, under, rows, all))...)
}

// longest is how long a bench may take: one that hangs is a fault of it.
const longest = 8 * time.Minute

func (l *lab) run(ctx context.Context, b bench) ([]row, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	return b.run(ctx, l)
}

// numbers reads which benches to run; none named: all.
func numbers(args []string) ([]int, error) {
	var out []int
	for _, a := range args {
		n, err := strconv.Atoi(a)
		if err != nil || n < 1 || n > len(benches()) {
			return nil, fmt.Errorf("%q is no bench: there are 1 to %d", a, len(benches()))
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		for n := range benches() {
			out = append(out, n+1)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
