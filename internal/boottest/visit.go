package boottest

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"amiship/internal/release"
)

// visit is what is found on one instance. One goroutine at a time uses it.
type visit struct {
	test     Test
	machine  Machine
	key      ssh.Signer
	shell    runner
	again    bool              // it was restarted
	prints   map[string]string // what must be unique to the instance, by what it is
	failures []Failure
	found    found
	findings []finding
	err      error // the test could not be made
}

func newVisit(t Test, m Machine, key ssh.Signer) *visit {
	return &visit{test: t, machine: m, key: key, prints: map[string]string{}}
}

// afterRestart begins the names of checks that an instance failed after it was restarted.
const afterRestart = "after a restart, "

func (v *visit) fail(check, format string, args ...any) {
	if v.again {
		check = afterRestart + check
	}
	v.failures = append(v.failures, Failure{v.machine.ID, check, fmt.Sprintf(format, args...)})
}

// runner runs commands on an instance. An error says that one did not run to
// its end.
type runner interface {
	run(ctx context.Context, command string) (result, error)
	close()
}

// loggingIn is what fails where an instance lets no one in.
const loggingIn = "SSH"

// all makes the whole test of an instance.
func (v *visit) all(ctx context.Context, restart bool) {
	limited, cancel := context.WithTimeout(ctx, v.test.Within)
	defer cancel()
	v.check(limited)
	if !restart || v.test.Restart == nil || len(v.failures) > 0 || ctx.Err() != nil {
		return
	}
	was := v.prints
	v.leave()
	v.shell = nil
	if v.machine, v.err = v.test.Restart(ctx, v.machine); v.err != nil {
		return
	}
	limited, cancel = context.WithTimeout(ctx, v.test.Within)
	defer cancel()
	v.again, v.prints = true, map[string]string{}
	v.check(limited)
	for _, what := range []string{hostKey, machineID} {
		if is := v.prints[what]; is != "" && is != was[what] {
			v.fail(what, "is another one than before")
		}
	}
	v.prints = was
}

// hostKey and machineID are what is unique to every instance, and stays as it is.
const (
	hostKey   = "the SSH host key"
	machineID = "/etc/machine-id"
)

// check logs in and runs the checks. Commands run once: what they check must
// hold when cloud-init is done. Pages are polled until they are as expected.
func (v *visit) check(ctx context.Context) {
	login := v.test.login
	if login == nil {
		login = overSSH
	}
	sh, host, err := login(ctx, v)
	if err != nil {
		v.fail(loggingIn, "%v", err)
		return
	}
	v.shell, v.prints[hostKey] = sh, host
	v.inspect(ctx)
}

// inspect runs the checks on an instance that accepted the login.
func (v *visit) inspect(ctx context.Context) {
	booted := v.cloudInit(ctx)
	if res, ok := v.run(ctx, machineID, "cat /etc/machine-id"); ok {
		v.prints[machineID] = res.out
	}
	if !v.again {
		v.look(ctx)
	}
	for _, c := range v.test.Checks {
		switch c = at(v.machine, c); {
		case c.After == release.AfterLaunch && v.again || c.After == release.AfterRestart && !v.again:
		case c.Run != "":
			v.command(ctx, c)
		case booted:
			v.page(ctx, c)
		default: // waiting would be in vain
			once, cancel := context.WithTimeout(ctx, answersWithin)
			v.page(once, c)
			cancel()
		}
	}
}

// cloudInit waits until cloud-init, which runs the first-boot scripts, is done.
// Its exit status 2 says that it is, after warnings.
func (v *visit) cloudInit(ctx context.Context) bool {
	const what = "cloud-init"
	res, err := v.shell.run(ctx, "cloud-init status --wait --long")
	switch {
	case err != nil:
		v.fail(what, "%v", err)
	case res.exit != 0 && res.exit != 2:
		v.fail(what, "ended with an error: %s", orElse(v.saidOfErrors(ctx), v.said(res)))
	default:
		return true
	}
	return false
}

// saidOfErrors is what the boot printed about errors, last: the words of a script
// that failed tell more than cloud-init's own.
func (v *visit) saidOfErrors(ctx context.Context) string {
	res, err := v.shell.run(ctx, `sudo grep -i -e fail -e error /var/log/cloud-init-output.log | grep -v '\.py\[' | tail -n 4`)
	if err != nil {
		return ""
	}
	return v.said(result{out: res.out, lost: lost{out: res.lost.out}})
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// run runs a command that must succeed.
func (v *visit) run(ctx context.Context, what, command string) (result, bool) {
	res, err := v.shell.run(ctx, command)
	if err == nil && res.exit != 0 {
		err = fmt.Errorf("exit status %d: %s", res.exit, v.said(res))
	}
	if err != nil {
		v.fail(what, "%v", err)
	}
	return res, err == nil
}

// startsWithin is how long a service may take to start once a restarted instance has
// booted: nothing waits for it, as the first-boot script does.
const startsWithin = time.Minute

// command runs a check's command: once, or until it holds after a restart.
func (v *visit) command(ctx context.Context, c release.Check) {
	var res result
	try := func() (err error) {
		res, err = v.outcome(ctx, c)
		return err
	}
	var err error
	if v.again {
		limited, cancel := context.WithTimeout(ctx, cmp.Or(v.test.starts, startsWithin))
		err = until(limited, v.test.Poll, try)
		cancel()
	} else {
		err = try()
	}
	switch {
	case err != nil:
		v.fail(c.String(), "%v", err)
	case c.Differs:
		v.prints["what "+c.Run+" prints"] = res.out
	}
}

// outcome runs a check's command; the error is what is wrong with what came of it.
func (v *visit) outcome(ctx context.Context, c release.Check) (result, error) {
	res, err := v.shell.run(ctx, c.Run)
	switch {
	case err != nil:
		return res, err
	case res.exit != c.Exit:
		return res, fmt.Errorf("exit status %d, want %d: %s", res.exit, c.Exit, v.answer(res))
	case !strings.Contains(res.out, c.Contains):
		return res, fmt.Errorf("printed %q, which does not contain %q", v.answer(result{out: res.out, lost: lost{out: res.lost.out}}), c.Contains)
	}
	return res, nil
}

func (v *visit) page(ctx context.Context, c release.Check) {
	if err := v.test.ask(ctx, v.machine, c); err != nil {
		v.fail(c.String(), "%v", err)
	}
}

// logsWithin is how long reading the logs of a failed instance may take.
const logsWithin = time.Minute

// logs reads the logs that show the reason, by names that contain the
// instance's id.
func (v *visit) logs(ctx context.Context, into map[string][]byte) {
	if v.shell == nil {
		return
	}
	for name, command := range map[string]string{
		"cloud-init-output.log": lastOf(500_000, "/var/log/cloud-init-output.log"),
		"cloud-init.log":        lastOf(200_000, "/var/log/cloud-init.log"),
		"first-boot.log":        lastOf(100_000, "/var/log/*first-boot*"),
		"journal.log":           "sudo journalctl --no-pager --boot --lines 2000",
	} {
		if res, err := v.shell.run(ctx, command); err == nil && res.out != "" {
			into[v.machine.ID+"."+name] = []byte(v.test.hide(whole(res.out, res.lost.out)))
		}
	}
}

// lastOf prints the last bytes of each file, in whole lines: the end of a secret could
// not be told from other text.
func lastOf(bytes int, files string) string {
	return fmt.Sprintf(`sudo sh -c 'for f in %s; do`+
		` n=$(stat -c %%s "$f") || continue;`+
		` echo "==> $f <==";`+
		` if [ "$n" -le %[2]d ]; then cat "$f"; continue; fi;`+
		` echo "[cut: the last of $n bytes]";`+
		` tail -c %[2]d "$f" | tail -n +2; done'`, files, bytes)
}

func (v *visit) leave() {
	if v.shell != nil {
		v.shell.close()
	}
}

// answer is the beginning of what a command printed, without secrets: errors first.
func (v *visit) answer(res result) string {
	return v.test.begin(whole(res.errors, res.lost.errors) + whole(res.out, res.lost.out))
}

// said is a short form of what a command printed: its last lines, without secrets.
func (v *visit) said(res result) string {
	const most = 300
	text := whole(res.errors, res.lost.errors) + whole(res.out, res.lost.out)
	text = strings.Join(strings.Fields(v.test.hide(text)), " ")
	if cut := len(text) - most; cut > 0 {
		text = "…" + strings.ToValidUTF8(text[cut:], "")
	}
	return text
}
