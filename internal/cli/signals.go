package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interrupts returns a channel that is closed at the first Ctrl-C or TERM, or when the
// output is lost; the second signal ends the context.
func (a *app) interrupts(ctx context.Context) (context.Context, <-chan struct{}, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	stop := make(chan struct{})
	go func() {
		defer signal.Stop(signals)
		select {
		case <-signals:
			a.inTime(a.stopping)
		case <-a.lost.stop:
		case <-ctx.Done():
			return
		}
		close(stop)
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, stop, cancel
}

// reading is a context for what only reads: it ends with the first word to stop.
func reading(ctx context.Context, stop <-chan struct{}) context.Context {
	reads, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		select {
		case <-stop:
		case <-ctx.Done():
		}
	}()
	return reads
}
