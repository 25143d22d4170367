package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"amiship/internal/progress"
	"amiship/internal/release"
	"amiship/internal/terminal"
)

// How progress is shown, as --progress says.
const (
	progressAuto  = "auto" // live on a terminal that can, else plain
	progressLive  = "live"
	progressPlain = "plain"
	progressJSON  = "json"
)

// progressFlag adds --progress to a command.
func (a *app) progressFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.progressing, "progress", progressAuto, "show progress on standard error as `FORM`: auto, live (a table), plain (lines) or json (docs/progress.schema.json)")
}

// fitProgress makes standard error what progress is shown on.
func (a *app) fitProgress(env func(string) string) error {
	tty, err := a.screens.err, a.Err
	color := terminal.Colored(a.color, tty != nil, env)
	form := a.progressing
	if form == progressAuto && tty != nil && env("TERM") != "dumb" {
		form = progressLive
	}
	switch form {
	case progressLive:
		if tty == nil {
			return usage(errors.New("--progress live needs a terminal as standard error"))
		}
		a.screen = terminal.NewScreen(err, func() (int, int) { return terminal.Size(tty) })
		a.Err = terminal.Fitted(a.screen, tty, color)
		a.shower = progress.NewLive(a.screen, a.Err, !speaksUnicode(env), time.Now)
	case progressJSON:
		a.shower = progress.NewJSON(err, time.Now)
		a.Err = progress.NewNotes(a.shower, time.Now)
	case progressAuto, progressPlain, "":
		a.Err = terminal.Fitted(err, tty, color)
		quiet := progress.OnPipe
		if tty != nil {
			quiet = progress.OnTerminal
		}
		a.shower = progress.NewPlain(a.Err, quiet)
	default:
		return usage(fmt.Errorf("--progress is auto, live, plain or json, not %q", form))
	}
	return nil
}

// speaksUnicode reports whether the terminal shows more than ASCII, as its locale says.
func speaksUnicode(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToUpper(env(name)); locale != "" {
			return strings.Contains(locale, "UTF")
		}
	}
	return false
}

// shows is what shows the progress of runs.
func (a *app) shows() progress.Shower {
	if a.shower == nil {
		a.shower = progress.NewPlain(a.Err, progress.OnPipe)
	}
	return a.shower
}

// progress tracks a run; desired is the release whose AMIs it shows.
func (a *app) progress(desired release.Desired) *progress.Tracker {
	return progress.NewTracker(a.shows(), desired, time.Now)
}

// beating is how often it is seen whether there is something to say, and a table is drawn.
const beating = time.Second

// showing has a run's progress move, and the table give way to the shell while the program is stopped,
// until the function that it returns is called.
func (a *app) showing(tracker *progress.Tracker) (end func()) {
	over := make(chan struct{})
	var all sync.WaitGroup
	a.current.Store(tracker)
	all.Go(func() { a.beat(over, tracker.Tick) })
	end = sync.OnceFunc(func() {
		close(over)
		all.Wait()
		tracker.End()
	})
	return end
}

// beat does something every second, and draws the table: then, when the terminal has another
// size, and when the program goes on that was stopped.
func (a *app) beat(over <-chan struct{}, tick func()) {
	every := time.NewTicker(beating)
	defer every.Stop()
	signals := make(chan os.Signal, 4)
	if a.screen != nil {
		signal.Notify(signals, syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGCONT)
		defer signal.Stop(signals)
	}
	for {
		select {
		case <-over:
			return
		case <-every.C:
			tick()
		case s := <-signals:
			if s == syscall.SIGTSTP {
				a.suspend()
			}
		}
		if a.screen != nil {
			a.screen.Draw()
		}
	}
}

// suspend stops the program as a Ctrl-Z does that no one hears; the shell gets a clean
// terminal. Where no shell could have it go on, in a session of its own, it goes on at once.
// It is SIGSTOP because Go's runtime keeps what it has done about SIGTSTP.
func (a *app) suspend() {
	if session, err := unix.Getsid(0); err != nil || session == unix.Getpgrp() {
		return
	}
	goesOn := make(chan os.Signal, 1)
	signal.Notify(goesOn, syscall.SIGCONT)
	defer signal.Stop(goesOn)
	a.screen.Rest(func() {
		_ = unix.Kill(os.Getpid(), unix.SIGSTOP) // no one refuses that
		<-goesOn                                 // until then some threads may still run
	})
}

// stopping says at once that a run stops, and what it still does.
func (a *app) stopping() {
	text := "stopping: begins nothing new"
	if tracker := a.current.Load(); tracker != nil {
		if doing := tracker.UnderWay(); len(doing) > 0 {
			text += "; ends " + strings.Join(doing[:min(4, len(doing))], ", ")
			if more := len(doing) - 4; more > 0 {
				text += fmt.Sprintf(" and %d more", more)
			}
		}
	}
	fmt.Fprintf(a.Err, "amiship: %s; gives up its claims. Ctrl-C again exits at once\n", text)
	if live, drawn := a.shower.(*progress.Live); drawn {
		live.Ending("stopping: Ctrl-C again exits at once")
	}
}

// inTime does something that may hang, as a write to a terminal that is held, and goes on
// without it if it does.
func (a *app) inTime(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(beating):
	}
}

// soon prints a line unless something else was said within most of a second.
func (a *app) soon(ctx context.Context, text string) (said func()) {
	const most = 700 * time.Millisecond
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-time.After(most):
			fmt.Fprintln(a.Err, text)
		case <-ctx.Done():
		}
	}()
	return cancel
}
