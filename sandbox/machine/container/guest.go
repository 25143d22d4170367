package container

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/emulation"
	"amiship/sandbox/machine/network"
)

// guest is one machine from Start until it has ended.
type guest struct {
	driver  *Driver
	spec    machine.Spec
	dir     string
	forward *network.Forward
	ctx     context.Context // ends when the machine must no longer run
	cancel  context.CancelFunc
	done    chan struct{} // closed when nothing of the machine is left but its disk

	mu      sync.Mutex
	state   machine.Status
	process *process // nil before init runs
	asked   bool     // to stop
	forced  bool
}

func newGuest(d *Driver, spec machine.Spec) *guest {
	g := &guest{
		driver: d, spec: spec, dir: d.dir(spec.ID),
		forward: d.net.Forward(spec.Public, spec.Private),
		done:    make(chan struct{}),
		state:   machine.Status{State: machine.Starting},
	}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	return g
}

func (g *guest) status() machine.Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state
}

func (g *guest) over() bool {
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

// ending reports whether the guest has ended, and waits for the little that may
// be left to close behind a machine whose state says so.
func (g *guest) ending() bool {
	switch g.status().State {
	case machine.Stopped, machine.Failed:
		<-g.done
		return true
	}
	return g.over()
}

// fail ends a guest that was never run.
func (g *guest) fail(err error) {
	g.end(err)
	close(g.done)
}

func (g *guest) end(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state = machine.Status{State: machine.Stopped}
	if err != nil && !g.asked {
		g.state = machine.Status{State: machine.Failed, Err: err.Error()}
		g.driver.cfg.Log.Error("machine failed", "id", g.spec.ID, "err", err)
	}
}

// run boots the machine, again when it reboots, and stays until it has ended.
// It keeps its thread to itself: the kernel ends a machine with the thread
// that started it.
func (g *guest) run() {
	runtime.LockOSThread()
	defer close(g.done)
	defer g.cancel()
	defer g.forward.Close()
	hold, err := emulation.Open(g.spec.Arch)
	if err != nil {
		g.end(fmt.Errorf("start %s: %w", g.spec.ID, err))
		return
	}
	defer hold.Close()
	for {
		again, err := g.boot()
		if again && g.ctx.Err() == nil {
			g.driver.cfg.Log.Info("machine reboots", "id", g.spec.ID)
			continue
		}
		g.end(err)
		return
	}
}

// boot runs the machine once and reports whether it asked to be booted again.
func (g *guest) boot() (again bool, err error) {
	lower, err := g.driver.paths(g.ctx, g.spec.Layers)
	if err != nil {
		return false, fmt.Errorf("start %s: %w", g.spec.ID, err)
	}
	began := time.Now()
	p, err := g.launch(lower)
	if err != nil {
		return false, fmt.Errorf("start %s: %w", g.spec.ID, err)
	}
	g.running(p)
	ctx, cancel := context.WithCancel(g.ctx)
	defer cancel()
	go g.awaitSSH(ctx, began)
	return g.verdict(p.wait())
}

func (g *guest) running(p *process) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.process = p
	g.state = machine.Status{State: machine.Running}
	if g.asked {
		g.state.State = machine.Stopping
		go g.shutDown(p, g.forced)
	}
}

// verdict reads from how init ended what the machine wanted: in a container
// the kernel turns a reboot into SIGHUP and a power-off into SIGINT.
func (g *guest) verdict(ws syscall.WaitStatus) (again bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.process = nil
	switch {
	case ws.Signaled() && ws.Signal() == syscall.SIGHUP:
		g.state = machine.Status{State: machine.Starting}
		return true, nil
	case ws.Signaled() && ws.Signal() == syscall.SIGINT, ws.Exited() && ws.ExitStatus() == 0:
		return false, nil
	case ws.Signaled():
		return false, fmt.Errorf("init of %s was ended by %s", g.spec.ID, ws.Signal())
	}
	return false, fmt.Errorf("init of %s ended with status %d", g.spec.ID, ws.ExitStatus())
}

// stop begins to end the machine. It may be called again, with force.
func (g *guest) stop(force bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	first := !g.asked || force && !g.forced
	g.asked, g.forced = true, g.forced || force
	g.cancel()
	if g.over() || !first {
		return
	}
	g.state = machine.Status{State: machine.Stopping}
	if g.process != nil {
		go g.shutDown(g.process, force)
	}
}

// shutDown asks init to power off, and ends the machine by force when it takes
// too long. Init is asked again each second: early in its life it cannot hear.
func (g *guest) shutDown(p *process, force bool) {
	patience := g.driver.cfg.StopTimeout
	if g.emulated() {
		patience *= slower
	}
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for !force {
		g.powerOff(p)
		select {
		case <-p.ended:
			return
		case <-again.C:
		case <-deadline.C:
			g.driver.cfg.Log.Warn("machine did not stop when asked; ended by force", "id", g.spec.ID)
			force = true
		}
	}
	p.kill()
}

// slower is how many times as long an emulated machine may take.
const slower = 4

func (g *guest) emulated() bool { return g.spec.Arch != runtime.GOARCH }

// powerOff sends init SIGRTMIN+4: see systemd(1). QEMU gives real-time signals
// numbers of its own, which only the machine's own programs know.
func (g *guest) powerOff(p *process) {
	if !g.emulated() {
		p.signal(syscall.Signal(34 + 4))
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(g.ctx), g.driver.cfg.StopTimeout)
	defer cancel()
	if err := p.within(ctx, "/bin/sh", "-c", "kill -s RTMIN+4 1"); err != nil {
		g.driver.cfg.Log.Debug("ask a machine to stop", "id", g.spec.ID, "err", err) // it may just have
	}
}

// remove deletes the disk once the machine has ended, and forgets the machine.
func (g *guest) remove() {
	<-g.done
	if err := os.RemoveAll(g.dir); err != nil {
		g.driver.cfg.Log.Error("delete a machine's disk", "id", g.spec.ID, "err", err)
	}
	g.driver.forget(g)
}

// awaitSSH polls until the machine's sshd greets.
func (g *guest) awaitSSH(ctx context.Context, began time.Time) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	at := netip.AddrPortFrom(g.spec.Private, 22)
	for !g.driver.net.Greets(ctx, at, "SSH-") {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state.State == machine.Running {
		g.state.SSH = true
		took := time.Since(began).Round(time.Millisecond)
		g.driver.cfg.Log.Info("machine answers SSH", "id", g.spec.ID, "address", g.spec.Public,
			"arch", g.spec.Arch, "emulated", g.emulated(), "after", took)
		if g.emulated() {
			g.process.console.say(fmt.Sprintf("%s by emulation: SSH answers %s after power-on", g.spec.Arch, took))
		}
	}
}

// prepare makes the directories of the disk. The work directory of an earlier
// run says that it may be damaged, since nothing was synced; it is not, as the
// host did not go down in between.
func (g *guest) prepare() error {
	work := filepath.Join(g.dir, "work")
	return errors.Join(os.RemoveAll(work), os.MkdirAll(work, 0o755),
		os.MkdirAll(filepath.Join(g.dir, "upper"), 0o755),
		os.MkdirAll(filepath.Join(g.dir, "root"), 0o755))
}
