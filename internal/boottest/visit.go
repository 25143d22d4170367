package boottest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"amiship/internal/release"
)

// visit is what is found on one machine. One goroutine at a time has it.
type visit struct {
	test     Test
	machine  Machine
	key      ssh.Signer
	shell    runner
	prints   map[string]string // what must be the machine's own, by what it is
	failures []Failure
}

func (v *visit) fail(check, format string, args ...any) {
	v.failures = append(v.failures, Failure{v.machine.ID, check, fmt.Sprintf(format, args...)})
}

// runner runs commands on a machine. An error says that one could not be run to
// its end.
type runner interface {
	run(ctx context.Context, command string) (result, error)
	close()
}

// check logs in and looks. Commands are run once: what they ask for shall be so
// when cloud-init is done. Pages are asked for until they are as they shall be.
func (v *visit) check(ctx context.Context) {
	sh, err := login(ctx, v.test.Poll, v.machine, v.test.User, v.key)
	if err != nil {
		v.fail("SSH", "%v", err)
		return
	}
	v.shell = sh
	v.prints["the SSH host key"] = sh.hostKey
	v.look(ctx)
}

// look goes through what is to be found on a machine that let us in.
func (v *visit) look(ctx context.Context) {
	booted := v.cloudInit(ctx)
	v.ownThings(ctx)
	for _, c := range v.test.Checks {
		switch c = at(v.machine, c); {
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
		v.fail(what, "ended with an error: %s", orElse(v.saidOfErrors(ctx), v.oneLine(res.out+res.errors)))
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
	return v.oneLine(res.out)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// ownThings looks for what an image must not bring along: keys that let others
// in, and identities.
func (v *visit) ownThings(ctx context.Context) {
	if res, ok := v.run(ctx, "/etc/machine-id", "cat /etc/machine-id"); ok {
		v.prints["/etc/machine-id"] = res.out
	}
	const what = "authorized_keys"
	res, ok := v.run(ctx, what, "sudo sh -c 'cat /root/.ssh/authorized_keys* /home/*/.ssh/authorized_keys* 2>/dev/null; true'")
	if !ok {
		return
	}
	for rest := []byte(res.out); len(rest) > 0; {
		key, comment, _, left, err := ssh.ParseAuthorizedKey(rest)
		if err != nil {
			return // no more keys
		}
		if string(key.Marshal()) != string(v.key.PublicKey().Marshal()) {
			v.fail(what, "lets in %s (%s), which is not the key of this launch", ssh.FingerprintSHA256(key), comment)
		}
		rest = left
	}
}

// run runs a command that must succeed.
func (v *visit) run(ctx context.Context, what, command string) (result, bool) {
	res, err := v.shell.run(ctx, command)
	if err == nil && res.exit != 0 {
		err = fmt.Errorf("exit status %d: %s", res.exit, v.oneLine(res.errors))
	}
	if err != nil {
		v.fail(what, "%v", err)
	}
	return res, err == nil
}

func (v *visit) command(ctx context.Context, c release.Check) {
	res, err := v.shell.run(ctx, c.Run)
	switch {
	case err != nil:
		v.fail(c.String(), "%v", err)
	case res.exit != c.Exit:
		v.fail(c.String(), "exit status %d, want %d: %s", res.exit, c.Exit, v.oneLine(res.errors+res.out))
	case !strings.Contains(res.out, c.Contains):
		v.fail(c.String(), "printed %q, which does not contain %q", v.oneLine(res.out), c.Contains)
	case c.Differs:
		v.prints["what "+c.Run+" prints"] = res.out
	}
}

func (v *visit) page(ctx context.Context, c release.Check) {
	if err := Ask(ctx, v.test.Poll, v.machine, c); err != nil {
		v.fail(c.String(), "%v", err)
	}
}

// logsWithin is how long the logs of a machine that failed may take.
const logsWithin = time.Minute

// logs reads what tells why, by names that go with the machine.
func (v *visit) logs(ctx context.Context, into map[string][]byte) {
	if v.shell == nil {
		return
	}
	for name, command := range map[string]string{
		"cloud-init-output.log": "sudo cat /var/log/cloud-init-output.log",
		"cloud-init.log":        "sudo tail -c 200000 /var/log/cloud-init.log",
		"first-boot.log":        "sudo sh -c 'tail -v -c 100000 /var/log/*first-boot*'",
		"journal.log":           "sudo journalctl --no-pager --boot --lines 2000",
	} {
		if res, err := v.shell.run(ctx, command); err == nil && res.out != "" {
			into[v.machine.ID+"."+name] = []byte(v.test.Hide(res.out))
		}
	}
}

func (v *visit) leave() {
	if v.shell != nil {
		v.shell.close()
	}
}

// oneLine is a short form of what a command said: its last lines, without secrets.
func (v *visit) oneLine(text string) string {
	const most = 300
	text = strings.Join(strings.Fields(v.test.Hide(text)), " ")
	if cut := len(text) - most; cut > 0 {
		text = "…" + strings.ToValidUTF8(text[cut:], "")
	}
	return text
}
