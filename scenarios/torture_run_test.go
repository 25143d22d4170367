package scenarios

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sufferer is a release that is done under an ordeal, and who looks after it.
type sufferer struct {
	t *testing.T
	ordeal
	kind
	*box
	file, tmp string
	faults    string // file
	said      transcript
	answers   []string // to the last blocker
	waited    int      // runs in a row that still had to wait
}

func newSufferer(t *testing.T, o ordeal) *sufferer {
	t.Helper()
	k := kinds[o.kind]
	s := &sufferer{t: t, ordeal: o, kind: k, tmp: shortTemp(t), faults: filepath.Join(t.TempDir(), "faults.yaml")}
	world := worldFile(t, fmt.Sprintf("clock: %s\n%s", o.clock, k.world))
	if k.real {
		s.box = realBox(t, "--world", world)
	} else {
		s.box = startAt(t, "--world", world)
	}
	s.file = impatient(t, k, k.bundle(t))
	return s
}

// suffer is the whole of it: a complaint says what is wrong at the end.
func (o ordeal) suffer(t *testing.T, calm map[string][]string) (said transcript, complaint string) {
	t.Helper()
	s := newSufferer(t, o)
	defer s.end(t)
	if complaint = s.release(); complaint == "" {
		complaint = s.faultsOf(calm)
	}
	if s.real {
		endsClean(t, s.box)
	}
	return s.said, complaint
}

// enough is how often a stage is run before somebody should ask why.
const enough = 14

// release runs each stage until it is done.
func (s *sufferer) release() (complaint string) {
	s.t.Helper()
	for _, st := range s.stages {
		s.advance(s.t, st.later)
		complaint = notDone
		for n := 0; n < enough && complaint == notDone; n++ {
			complaint = s.once(st)
		}
		if complaint != "" {
			return strings.Join(st.args, " ") + ": " + complaint
		}
	}
	return ""
}

const notDone = "it is not done"

// once is one run, and what somebody does who sees how it ended.
func (s *sufferer) once(st stage) (complaint string) {
	s.t.Helper()
	var tr trouble
	if n := len(s.said); n < len(s.runs) {
		tr = s.runs[n]
	}
	writeFile(s.t, s.faults, "- "+strings.Join(tr.faults, "\n- ")+"\n")
	if len(tr.faults) == 0 {
		writeFile(s.t, s.faults, "[]\n")
	}
	s.run(s.t, "sandbox", "fault", "--state", s.state, "--file", s.faults)
	args := slices.Concat(st.args, s.answers)
	code, out := s.under(tr, args)
	s.said = append(s.said, utterance{"amiship " + strings.Join(args, " "), code, out})
	return s.after(st, code, out)
}

// under runs a command that is killed, if only because it takes too long.
func (s *sufferer) under(tr trouble, args []string) (code int, out string) {
	s.t.Helper()
	k, via := killerOf(s.t, s.url, func(*http.Request, []byte) bool { return true })
	args = append(args, "--file", s.file, "-v")
	if args[0] == "release" {
		args = append(args, "--poll", "100ms", "--wait", s.patience().wait.String())
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = s.t.TempDir()
	cmd.Env = append(s.env(s.t, "vendor", via), "TMPDIR="+s.tmp, "PREMIUM_LICENCE="+theLicence)
	end := time.AfterFunc(cmp.Or(tr.kill.time, s.patience().run), k.kill)
	defer end.Stop()
	defer s.timePasses(tr)()
	return k.killAt(s.t, cmd, tr.kill.call, tr.kill.after)
}

// patience is how long a run may take before a CI job would end it, and how long it
// may wait.
func (k kind) patience() (p struct{ run, wait time.Duration }) {
	p.run, p.wait = 50*time.Second, 2*time.Second
	if k.real {
		p.run, p.wait = 8*time.Minute, time.Minute
	}
	return p
}

// untilFast is for how long troubles last: a fast clock is not to end them.
const untilFast = 8 * time.Second

// timePasses has AWS's clock go thirty times as fast until the returned function
// is called: what a run gives three minutes is over in seconds.
func (s *sufferer) timePasses(tr trouble) (end func()) {
	if s.real { // its machines have their own time
		return func() {}
	}
	begin := time.NewTimer(0)
	if len(tr.faults) > 0 {
		begin.Reset(untilFast)
	}
	over, done := make(chan struct{}), make(chan struct{})
	tick := time.NewTicker(500 * time.Millisecond)
	go func() {
		defer close(done)
		select {
		case <-begin.C:
		case <-over:
			return
		}
		for {
			select {
			case <-tick.C:
				_ = exec.Command(program, "sandbox", "advance", "15s", "--state", s.state).Run()
			case <-over:
				return
			}
		}
	}()
	return func() { close(over); <-done; begin.Stop(); tick.Stop() }
}

// after is what follows on how a run ended: time passes, and a blocker is answered.
func (s *sufferer) after(st stage, code int, out string) (complaint string) {
	s.t.Helper()
	for _, bad := range []string{"panic: ", "DATA RACE", "goroutine 1 ["} {
		if strings.Contains(out, bad) {
			return "it crashed"
		}
	}
	s.answers = nil
	if code != 75 {
		s.waited = 0
	}
	switch code {
	case 0:
		return ""
	case 75:
		if s.waited++; s.waited > 3 {
			s.cancelStuck()
		}
		s.advance(s.t, max(st.patient, 3*time.Minute))
	case 20:
		if st.args[0] == "release" {
			s.answers = []string{"--retest", "--resubmit"}
		}
		s.advance(s.t, 31*time.Minute)
	case -1, 1, 130:
		s.advance(s.t, 3*time.Minute)
	default:
		return fmt.Sprintf("exit %d is not for this", code)
	}
	return notDone
}

// cancelStuck cancels our change sets: somebody has seen that they don't move.
func (s *sufferer) cancelStuck() {
	s.t.Helper()
	code, out := amiship(s.t, s.env(s.t, "vendor", ""), "listings", "--json", "--file", s.file)
	var all []offer
	if err := json.Unmarshal([]byte(out), &all); code != 0 || err != nil {
		return // there are none
	}
	for _, o := range all {
		for _, set := range o.ChangeSets {
			if set.Status == "PREPARING" {
				awsCLI(s.t, s.env(s.t, "vendor", ""), "marketplace-catalog", "cancel-change-set", "--region", "us-east-1",
					"--catalog", "AWSMarketplace", "--change-set-id", set.ID)
			}
		}
	}
}
