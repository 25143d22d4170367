package boottest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// printer is a machine that is logged in to, and on which each command prints a text
// so many times, to both streams, and then ends with 3.
func printer(t *testing.T, text string, times int) *shell {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ours, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(newKey(t))
	go func() {
		_, channels, requests, err := ssh.NewServerConn(theirs, config)
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		for one := range channels {
			channel, commands, err := one.Accept()
			if err != nil {
				return
			}
			print(channel, commands, text, times)
		}
	}()
	c, channels, requests, err := ssh.NewClientConn(ours, "machine", &ssh.ClientConfig{HostKeyCallback: ssh.InsecureIgnoreHostKey()})
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{client: ssh.NewClient(c, channels, requests)}
	t.Cleanup(s.close)
	return s
}

func print(channel ssh.Channel, commands <-chan *ssh.Request, text string, times int) {
	for command := range commands {
		_ = command.Reply(true, nil)
		for range times {
			_, _ = channel.Write([]byte(text))
			_, _ = channel.Stderr().Write([]byte(text))
		}
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{3}))
		channel.Close()
	}
}

func TestWhatACommandPrintsIsBounded(t *testing.T) {
	text := strings.Repeat("x", 1<<16-1) + "\n"
	s := printer(t, text, 40)
	res, err := s.run(t.Context(), "yes")
	if err != nil || res.exit != 3 {
		t.Fatalf("ended with %d, %v", res.exit, err)
	}
	want := lost{24 << 16, 24 << 16}
	if len(res.out) != mostPrinted || len(res.errors) != mostPrinted || res.lost != want {
		t.Errorf("kept %d and %d bytes, lost %v, want %v", len(res.out), len(res.errors), res.lost, want)
	}
}

// TestWhatWasCutHidesSecrets: one that begins where the text is cut shows neither
// whole nor in part, and it shows that it was cut.
func TestWhatWasCutHidesSecrets(t *testing.T) {
	cut := result{out: "one\ntwo {\"seats\"", lost: lost{out: 1000}}
	v := &visit{test: Test{Hide: hide}, machine: Machine{ID: "i-1"}, shell: answers{"": cut}}
	const want = "one\n[cut: 1012 more bytes]\n"
	logs := map[string][]byte{}
	v.logs(t.Context(), logs)
	if got := string(logs["i-1.journal.log"]); got != want {
		t.Errorf("log: %q", got)
	}
	if got := v.said(cut); got != "one [cut: 1012 more bytes]" {
		t.Errorf("said %q", got)
	}
}

// TestKeysThatAreCutOff: what could not be read may give access.
func TestKeysThatAreCutOff(t *testing.T) {
	v := newVisit(Test{Hide: hide}, Machine{}, newKey(t))
	v.shell = answers{"inspection": {lost: lost{out: 1}}, "machine-id": {out: "1"}}
	v.look(t.Context())
	if len(v.failures) != 1 || !strings.Contains(v.failures[0].Why, "more than 1048576 bytes") {
		t.Errorf("got %v", v.failures)
	}
}

func TestLastOfALog(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.log": "first\nsecond\n", "b.log": strings.Repeat("a line of 20 bytes.\n", 20)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := strings.TrimPrefix(lastOf(50, filepath.Join(dir, "*.log")+" /nowhere"), "sudo ")
	out, err := exec.CommandContext(t.Context(), "sh", "-c", command).Output()
	want := "==> " + dir + "/a.log <==\nfirst\nsecond\n==> " + dir + "/b.log <==\n[cut: the last of 400 bytes]\n" + strings.Repeat("a line of 20 bytes.\n", 2)
	if err != nil || string(out) != want {
		t.Errorf("%v, got %s\nwant %s", err, out, want)
	}
}

func TestAConsoleBeginsWithAWholeLine(t *testing.T) {
	long := strings.Repeat("x", mostConsole) + "\nlast\n"
	if got := wholeLines(long); got != "last\n" {
		t.Errorf("got %d bytes", len(got))
	}
	if got := wholeLines("half\nlast\n"); got != "half\nlast\n" {
		t.Errorf("got %q", got)
	}
}
