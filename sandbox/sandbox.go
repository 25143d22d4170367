// Package sandbox is an AWS to rehearse against: one HTTP endpoint that
// unmodified clients take for EC2, STS, Service Quotas, SSM and the Marketplace
// Catalog in every region, with machines that really run.
//
// It is reached only over HTTP, by clients of AWS; nothing of Amiship is
// imported here, and nothing here is imported by what it tests. All state is
// in one directory; one sandbox at a time runs on it, and goes on where the
// last one was killed.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"amiship/sandbox/admin"
	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/sts"
	"amiship/sandbox/wire"
)

// Config is what a sandbox can be told. Only Listen and State are needed.
type Config struct {
	Listen   string  // loopback address with port; port 0 picks a free one
	State    string  // directory, made if missing
	Speed    float64 // divides AWS's durations; 1 when zero
	World    string  // file with what there is at the beginning; see World
	As       string  // file that a probe of AWS wrote: what the sandbox is to be like
	Driver   string  // of machines: "container" (when empty) or "instant"
	Cache    string  // directory of base images that sandboxes share; in State when empty
	Throttle bool    // AWS's request limits
	Verbose  bool    // log each step of the machines
	// HostPorts are ports of this host that machines reach, beside those of the world's
	// settings. None is open unless it is named.
	HostPorts []uint
}

// Files in the state directory that others may read.
const (
	EndpointFile    = "endpoint"        // the URL, a line
	CallsFile       = "calls.jsonl"     // a line per call: wire.Logged
	ConfigFile      = "aws-config"      // for AWS_CONFIG_FILE: a profile for each account
	CredentialsFile = "aws-credentials" // for AWS_SHARED_CREDENTIALS_FILE
)

// Run serves until ctx ends, an admin asks for the end, or something fails. It
// prints "ready URL" to stdout once it serves, and talks to stderr. When it
// returns, all machines have stopped.
func Run(ctx context.Context, cfg Config, stdout, stderr io.Writer) (err error) {
	level := slog.LevelWarn
	if cfg.Verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	if cfg.Speed < 0 {
		return fmt.Errorf("speed %v: want how many times shorter everything takes, such as 60", cfg.Speed)
	}
	lock, err := admin.Lock(cfg.State)
	if err != nil {
		return err
	}
	defer lock.Close()
	l, err := listen(ctx, cfg.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	s, err := open(cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return s.serve(ctx, l, stdout)
}

// box is a sandbox that is open.
type box struct {
	cfg   Config
	log   *slog.Logger
	store *cloud.Store
	url   string
	wire  *wire.Server
	front http.Handler // what is served at the endpoint: wire, and what is no call of AWS's
	calls *callLog
	parts parts
}

func open(cfg Config, log *slog.Logger) (_ *box, err error) {
	w, err := readWorld(cfg.World)
	if err != nil {
		return nil, err
	}
	if cfg.As != "" {
		if w.Settings, err = readAnswers(cfg.As, cfg.World); err != nil {
			return nil, err
		}
	}
	s := &box{cfg: cfg, log: log}
	defer func() {
		if err != nil {
			_ = s.close()
		}
	}()
	s.store, err = cloud.Open(filepath.Join(cfg.State, "store"), cloud.Clock{Speed: cfg.Speed})
	if err != nil {
		return nil, err
	}
	set, err := s.begin(w)
	if err != nil {
		return nil, err
	}
	if s.calls, err = openCalls(filepath.Join(cfg.State, CallsFile)); err != nil {
		return nil, err
	}
	if err := s.assemble(set); err != nil {
		return nil, err
	}
	s.wire.Log = s.calls.write
	return s, s.setFaults(w.Faults)
}

// setFaults replaces the faults, unless one of them can't hit anything.
func (s *box) setFaults(list []wire.Fault) error {
	var accounts []string
	err := s.store.View(func(tx *cloud.Tx) error {
		for id := range cloud.Accounts.All(tx, "") {
			accounts = append(accounts, id)
		}
		return nil
	})
	if err := errors.Join(err, s.wire.CheckTargets(list, accounts, ec2.AllRegions())); err != nil {
		return err
	}
	s.wire.SetFaults(list)
	return nil
}

func (s *box) serve(ctx context.Context, l net.Listener, stdout io.Writer) error {
	s.url = "http://" + l.Addr().String()
	adm, err := admin.Listen(s.cfg.State)
	if err != nil {
		return fmt.Errorf("open the admin socket: %w", err)
	}
	defer os.Remove(filepath.Join(s.cfg.State, admin.Socket))
	endpoint := filepath.Join(s.cfg.State, EndpointFile)
	if err := os.WriteFile(endpoint, []byte(s.url+"\n"), 0o600); err != nil {
		return err
	}
	defer os.Remove(endpoint)
	if err := s.writeProfiles(); err != nil {
		return fmt.Errorf("write the profiles: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	front := &http.Server{Handler: s.front, ReadHeaderTimeout: 10 * time.Second}
	back := &http.Server{Handler: s.admin(stop), ReadHeaderTimeout: 10 * time.Second}
	g.Go(func() error { return wire.Listen(ctx, front, func() error { return front.Serve(l) }) })
	g.Go(func() error { return wire.Listen(ctx, back, func() error { return back.Serve(adm) }) })
	if _, err := fmt.Fprintln(stdout, "ready", s.url); err != nil {
		stop()
	}
	return g.Wait()
}

func (s *box) admin(stop func()) http.Handler {
	return &admin.Handler{Store: s.store, Faults: s.setFaults, Info: s.info, Token: s.token, Shutdown: stop}
}

func (s *box) token(ask admin.Token) (text string, err error) {
	err = s.store.View(func(tx *cloud.Tx) error {
		text, err = sts.NewToken(tx, sts.Ask(ask))
		return err
	})
	return text, err
}

func (s *box) info() admin.Info {
	return admin.Info{URL: s.url, PID: os.Getpid(), Driver: s.cfg.Driver, Speed: max(1, s.cfg.Speed), Now: s.store.Now()}
}

func (s *box) close() error {
	var errs []error
	if s.parts.driver != nil {
		errs = append(errs, s.parts.driver.Close())
	}
	if s.calls != nil {
		errs = append(errs, s.calls.close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}
