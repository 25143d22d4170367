package scenarios

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
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
	cache     string
	server    *packageServer
	faults    string // file
	said      transcript
	troubled  int            // runs that trouble was meant for
	answers   []string       // to the last blocker
	asides    [][]string     // commands that come before the next run
	waited    int            // runs in a row that still had to wait
	preparing map[string]int // runs that found a change set so, from when the operator looks
}

func newSufferer(t *testing.T, o ordeal) *sufferer {
	t.Helper()
	k := kinds[o.kind]
	s := &sufferer{t: t, ordeal: o, kind: k, tmp: shortTemp(t), cache: t.TempDir(), faults: filepath.Join(t.TempDir(), "faults.yaml"), preparing: map[string]int{}}
	world := worldFile(t, fmt.Sprintf("clock: %s\n%s", o.clock, k.world))
	if k.real {
		s.box = realBox(t, "--world", world)
	} else {
		s.box = startAt(t, "--world", world)
	}
	s.file = impatient(t, k, k.bundle(t))
	s.server = servePackages(t, s.file)
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

// enough is how often a stage is run before the test gives up.
const enough = 14

// release runs each stage until it is done.
func (s *sufferer) release() (complaint string) {
	s.t.Helper()
	for i, st := range s.ordered() {
		s.advance(s.t, st.later)
		if st.before != nil {
			s.calm()
			st.before(s)
		}
		complaint = notDone
		for n := 0; n < enough && complaint == notDone; n++ {
			complaint = s.once(st, s.trouble(i))
		}
		if complaint != "" {
			return strings.Join(st.args, " ") + ": " + complaint
		}
	}
	return ""
}

const notDone = "it is not done"

// trouble is that of the next run, in a stage.
func (s *sufferer) trouble(stage int) (tr trouble) {
	if stage >= s.from && s.troubled < len(s.runs) {
		tr = s.runs[s.troubled]
		s.troubled++
	}
	return tr
}

// once is one run, and what an operator does who sees how it ended.
func (s *sufferer) once(st stage, tr trouble) (complaint string) {
	s.t.Helper()
	s.set(st, tr)
	args, aside := slices.Concat(st.args, s.answers), len(s.asides) > 0
	if aside {
		args, s.asides = s.asides[0], s.asides[1:]
	}
	changed := s.watch(st)
	runs, complaint := s.under(st, tr, args)
	s.said = append(s.said, runs...)
	if complaint = cmp.Or(complaint, changed()); complaint != "" {
		return complaint
	}
	for _, run := range runs {
		if complaint = run.crashed(); complaint != "" {
			return complaint
		}
		if !aside && !slices.Contains([]int{0, 1, 20, 75, 77, 130, -1}, run.code) && !run.isAbroad() {
			return fmt.Sprintf("exit %d is not for this", run.code)
		}
	}
	if aside {
		return notDone
	}
	return s.after(st, decisive(runs))
}

// decisive is the one of runs at once that says whether the stage is done: one that is
// complete, unless another was killed after it, whose leftovers it could not see.
func decisive(runs []utterance) utterance {
	out := runs[0]
	for _, run := range runs[1:] {
		if run.code == 0 && (out.code >= 0 || run.ended.After(out.ended)) || run.code < 0 && run.ended.After(out.ended) {
			out = run
		}
	}
	return out
}

// set has the sandbox fail as it should during a run.
func (s *sufferer) set(st stage, tr trouble) {
	s.t.Helper()
	faults := tr.faults
	if st.down != "" {
		faults = append([]string{"{region: " + st.down + "}"}, faults...)
	}
	text := "[]\n"
	if len(faults) > 0 {
		text = "- " + strings.Join(faults, "\n- ") + "\n"
	}
	writeFile(s.t, s.faults, text)
	s.server.lose(tr.server)
	s.run(s.t, "sandbox", "fault", "--state", s.state, "--file", s.faults)
}

// calm ends the faults of the last run: what the operator does by hand is not meant.
func (s *sufferer) calm() {
	s.t.Helper()
	s.run(s.t, "sandbox", "fault", "--state", s.state, "--off")
}

// under does runs of a command that are killed, if only because they take too long.
func (s *sufferer) under(st stage, tr trouble, args []string) (runs []utterance, complaint string) {
	s.t.Helper()
	args = append(args, "--file", s.fileOf(st.project), "-v", "--call-timeout", "2s", "--read-timeout", "10s")
	if args[0] == "release" || args[0] == "withdraw" {
		args = append(args, "--poll", "100ms", "--wait", s.patience().wait.String())
	}
	blows := []blow{tr.kill}
	if tr.twice {
		blows = append(blows, blow{})
	}
	runs = make([]utterance, len(blows))
	defer s.timePasses(tr)()
	beside := s.nextDoor(st, tr.neighbors)
	var all sync.WaitGroup
	for i, b := range blows {
		begun := s.begin(b, args)
		all.Go(func() { runs[i] = begun() })
	}
	crashed := s.crashes(tr.crash) // after all have begun, for which the sandbox is asked
	all.Wait()
	said := beside()
	s.said = append(s.said, said...)
	for _, run := range said {
		if complaint := run.crashed(); complaint != "" {
			return runs, complaint
		}
	}
	if err := crashed(); err != nil {
		return runs, err.Error()
	}
	return runs, ""
}

// begin starts a run, which end waits for.
func (s *sufferer) begin(b blow, args []string) (end func() utterance) {
	s.t.Helper()
	k, via := killerOf(s.t, s.url, func(*http.Request, []byte) bool { return true })
	cmd := exec.Command(program, args...)
	cmd.Dir = s.t.TempDir()
	cmd.Env = append(s.env(s.t, "vendor", via), "TMPDIR="+s.tmp, "XDG_CACHE_HOME="+s.cache, "PREMIUM_LICENSE="+theLicense)
	wait := k.startAt(s.t, cmd, b.call, b.after)
	late := time.AfterFunc(cmp.Or(b.time, s.patience().run), k.kill)
	return func() utterance {
		defer late.Stop()
		code, out := wait()
		return utterance{"amiship " + strings.Join(args, " "), code, out, time.Now()}
	}
}

// crashes kills the sandbox after a while, if that is not zero, and starts it again.
// The returned function waits for that.
func (s *sufferer) crashes(after time.Duration) (end func() error) {
	if after == 0 {
		return func() error { return nil }
	}
	over, done := make(chan struct{}), make(chan error)
	go func() {
		due := time.NewTimer(after)
		defer due.Stop()
		select {
		case <-due.C:
			done <- s.crash()
		case <-over:
			done <- nil
		}
	}()
	return func() error { close(over); return <-done }
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
func (s *sufferer) after(st stage, run utterance) (complaint string) {
	s.t.Helper()
	s.answers = nil
	if run.code != 75 {
		s.waited = 0
	}
	switch run.code {
	case 0:
		if strings.Contains(run.out, st.until) {
			return ""
		}
		s.advance(s.t, 3*time.Minute)
	case 75:
		if s.waited++; s.waited > 3 {
			s.cancelStuck()
		}
		s.advance(s.t, max(st.patient, 3*time.Minute))
	case 20:
		if st.args[0] == "release" {
			s.answer(st, run.out)
		}
		if len(s.lives) > 0 {
			s.asides = append(s.asides, []string{"resume"})
		}
		s.advance(s.t, 31*time.Minute)
	case 10: // isAbroad: a correction, with a mistake in it
		replaceIn(s.t, s.file, abroad, nowhere)
	default:
		s.advance(s.t, 3*time.Minute)
	}
	return notDone
}

// answer is what the operator does about blockers of a release.
func (s *sufferer) answer(st stage, out string) {
	s.t.Helper()
	s.asides = s.unblocks(out)
	s.refusals(out)
	if st.args[1] != "--all-open" {
		s.answers = []string{"--retest", "--resubmit"}
		return
	}
	for _, m := range blockedRelease.FindAllStringSubmatch(out, -1) {
		s.asides = append(s.asides, []string{"release", m[1], "--retest", "--resubmit"})
	}
}

var blockedRelease = regexp.MustCompile(`(?m)^prometheus (v\S+): blocked`)

var unblockable = regexp.MustCompile(`(?m)^ *BLOCKED +((quota|snapshot-block)/\S+)`)

// unblocks are the commands by which the operator frees quota, and lets snapshots be public.
func (s *sufferer) unblocks(out string) (commands [][]string) {
	remedies := map[string]string{"quota": s.remedy, "snapshot-block": "allow"}
	for _, m := range unblockable.FindAllStringSubmatch(out, -1) {
		if remedy := remedies[m[2]]; remedy != "" {
			commands = append(commands, []string{"unblock", m[1], remedy, "--tag", releasedTag, "--yes"})
		}
	}
	return commands
}

// preparingRuns is how many runs may find a change set PREPARING: those are half a day apart.
const preparingRuns = 2

// cancelStuck cancels our change sets: an operator has seen that they don't move.
func (s *sufferer) cancelStuck() {
	s.t.Helper()
	code, out := amiship(s.t, s.env(s.t, "vendor", ""), "listings", "--json", "--file", s.file)
	var all struct{ Listings []offer }
	if err := json.Unmarshal([]byte(out), &all); code != 0 || err != nil {
		return // there are none
	}
	for _, o := range all.Listings {
		for _, set := range o.ChangeSets {
			if set.Status != "PREPARING" {
				continue
			}
			if s.preparing[set.ID]++; s.preparing[set.ID] > preparingRuns {
				awsCLI(s.t, s.env(s.t, cmp.Or(s.seller, "vendor"), ""), "marketplace-catalog", "cancel-change-set", "--region", "us-east-1",
					"--catalog", "AWSMarketplace", "--change-set-id", set.ID)
			}
		}
	}
}
