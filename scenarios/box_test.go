package scenarios

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is the amiship that is tested; TestMain builds it.
var program string

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "packer" {
		if err := currentPacker(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "amiship-scenarios-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "amiship")
	build := exec.Command("go", "build", "-o", program, "-cover="+strconv.FormatBool(os.Getenv("GOCOVERDIR") != ""), "amiship/cmd/amiship")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return 1
	}
	return m.Run()
}

// box is a sandbox process.
type box struct {
	url, state string
	args       []string
	cmd        *exec.Cmd
	log        *bytes.Buffer
	before     shopWindow // what Marketplace had when it was started
}

// startBox starts a sandbox and waits until it serves; the test's end stops it.
func startBox(t testing.TB, state string, args ...string) *box {
	t.Helper()
	b := &box{state: state, args: args, log: &bytes.Buffer{}}
	if err := b.begin("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.end(t) })
	var err error
	if b.before, err = b.look(); err != nil {
		t.Fatal(err)
	}
	return b
}

// begin starts the process at an address.
func (b *box) begin(address string) error {
	b.cmd = exec.Command(program, append([]string{"sandbox", "--listen", address, "--state", b.state}, b.args...)...)
	b.cmd.Stderr = b.log
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := b.cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			b.url = url
			return nil
		}
	}
	_ = b.cmd.Wait()
	return fmt.Errorf("the sandbox did not get ready:\n%s", b.log)
}

// crash is kill -9 of the sandbox, and a start where it was.
func (b *box) crash() error {
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
	return b.begin(strings.TrimPrefix(b.url, "http://"))
}

// end stops the sandbox as a person would, once its products were compared with what they
// were.
func (b *box) end(t testing.TB) {
	if b.cmd.ProcessState != nil {
		return
	}
	b.sameProducts(t)
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	if err := b.cmd.Wait(); err != nil {
		t.Errorf("sandbox: %v\n%s", err, b.log)
	}
}

// env returns the variables that point a client at one of the accounts; via, if
// not empty, is an address in between.
func (b *box) env(t testing.TB, account, via string) []string {
	t.Helper()
	out := b.run(t, "sandbox", "env", "--state", b.state, "--account", account)
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "AMISHIP_TEST=1"}
	for line := range strings.Lines(out) {
		if kv, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
			env = append(env, strings.ReplaceAll(kv, "'", ""))
		}
	}
	if via != "" {
		env = append(env, "AWS_ENDPOINT_URL="+via)
	}
	return env
}

// run runs amiship with nothing but its arguments, and returns what it printed.
func (b *box) run(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		t.Fatalf("amiship %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// advance moves the sandbox's clock.
func (b *box) advance(t testing.TB, d time.Duration) {
	t.Helper()
	b.run(t, "sandbox", "advance", d.String(), "--state", b.state)
}

// forward passes requests on. Their Host header stays: it is signed.
func forward(t testing.TB, target string) *httputil.ReverseProxy {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}}
}

// call is a line of the sandbox's log of calls.
type call struct {
	Service, Action, Region, Account string
	Status                           int
	ReadOnly                         bool
}

// calls returns the calls since the last one of skip.
func (b *box) calls(t testing.TB, skip int) []call {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.state, "calls.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var out []call
	for line := range bytes.Lines(text) {
		var c call
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("calls.jsonl: %v", err)
		}
		out = append(out, c)
	}
	return out[min(skip, len(out)):]
}
