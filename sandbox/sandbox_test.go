package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"amiship/sandbox/admin"
	"amiship/sandbox/wire/wiretest"
)

// TestMain makes this test program a sandbox of its own when it is told to: one
// that can be killed.
func TestMain(m *testing.M) {
	state := os.Getenv("SANDBOX_TEST_STATE")
	if state == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := Run(ctx, Config{Listen: "127.0.0.1:0", State: state, Driver: Instant, World: os.Getenv("SANDBOX_TEST_WORLD"), Speed: 100}, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// process is a sandbox in a process of its own.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	state string
	url   string
	admin *admin.Client
}

func start(t *testing.T, state, world string) *process {
	t.Helper()
	p := &process{t: t, state: state, admin: admin.Dial(state), cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.cmd.Env = append(os.Environ(), "SANDBOX_TEST_STATE="+state, "SANDBOX_TEST_WORLD="+world)
	p.cmd.Stderr = t.Output()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the sandbox said %q and ended: %v", line, p.cmd.Wait())
	}
	p.url = strings.TrimSpace(strings.TrimPrefix(line, "ready "))
	t.Cleanup(func() { p.kill() })
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// term ends it as Ctrl-C does.
func (p *process) term() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	return p.cmd.Wait()
}

func (p *process) dump() admin.Dump {
	p.t.Helper()
	d, err := p.admin.Dump(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p *process) parameters(account string) *ssm.Client {
	p.t.Helper()
	who, err := p.admin.Account(p.t.Context(), account)
	if err != nil {
		p.t.Fatal(err)
	}
	return ssm.NewFromConfig(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &p.url, Credentials: credentials.NewStaticCredentialsProvider(who.KeyID, who.SecretKey, ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }, HTTPClient: wiretest.Eager{},
	})
}

func put(ctx context.Context, c *ssm.Client, n int) error {
	_, err := c.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String(fmt.Sprintf("/n/%06d", n)), Value: aws.String("v"), Type: types.ParameterTypeString})
	return err
}

// TestKill: what was answered before kill -9 is there after it, and nothing
// else but perhaps what was never answered.
func TestKill(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	total := 0
	for round := range 3 {
		p := start(t, state, "")
		c := p.parameters("vendor")
		for enough := total + 1 + 10*round; put(t.Context(), c, total) == nil; {
			if total++; total == enough {
				go p.kill() // while the next are written
			}
		}
		again := start(t, state, "")
		got := len(again.dump()["ssm.parameters"]["eu-west-1"])
		if got != total && got != total+1 {
			t.Fatalf("round %d: %d parameters were answered, %d are there", round, total, got)
		}
		total = got
		again.kill()
	}
}

// TestRestart: the dump is the same after kill -9 and after a clean end.
func TestRestart(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	p := start(t, state, "")
	for n := range 5 {
		if err := put(t.Context(), p.parameters("vendor"), n); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.admin.Advance(t.Context(), 26*time.Hour); err != nil {
		t.Fatal(err)
	}
	want := p.dump()
	p.kill()
	p = start(t, state, "")
	if d := cmp.Diff(want, p.dump()); d != "" {
		t.Errorf("after kill -9:\n%s", d)
	}
	if err := p.term(); err != nil {
		t.Errorf("SIGTERM ends it with %v", err)
	}
	for _, name := range []string{EndpointFile, admin.Socket} {
		if _, err := os.Stat(filepath.Join(state, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", name, err)
		}
	}
	p = start(t, state, "")
	if d := cmp.Diff(want, p.dump()); d != "" {
		t.Errorf("after SIGTERM:\n%s", d)
	}
	info, err := p.admin.Info(t.Context())
	if err != nil || time.Until(info.Now) < 25*time.Hour {
		t.Errorf("the clock is at %v (%v): the advance is forgotten", info.Now, err)
	}
}

func TestStateIsLocked(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "")
	err := Run(t.Context(), Config{Listen: "127.0.0.1:0", State: p.state, Driver: Instant}, io.Discard, io.Discard)
	if !errors.Is(err, admin.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint(p.cmd.Process.Pid)) {
		t.Errorf("a second sandbox ends with %v, want ErrLocked and the first one's process", err)
	}
	if _, err := p.admin.Info(t.Context()); err != nil {
		t.Errorf("the first one: %v", err)
	}
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "")
	if err := p.admin.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := admin.Lock(p.state) // free at once
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	if _, err := p.admin.Info(t.Context()); !errors.Is(err, admin.ErrNotRunning) {
		t.Errorf("afterwards: %v, want ErrNotRunning", err)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	p := start(t, filepath.Join(t.TempDir(), strings.Repeat("a-long-name-", 10)), "")
	url, err := os.ReadFile(filepath.Join(p.state, EndpointFile))
	if err != nil || strings.TrimSpace(string(url)) != p.url {
		t.Errorf("the endpoint file has %q (%v), want %s", url, err, p.url)
	}
	for name, want := range map[string]os.FileMode{admin.Socket: 0o600, EndpointFile: 0o600, CallsFile: 0o600, "store": 0o700} {
		info, err := os.Stat(filepath.Join(p.state, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v (%v), want %v", name, info.Mode(), err, want)
		}
	}
	_ = put(t.Context(), p.parameters("vendor"), 1)
	const want = `"Action":"PutParameter","Region":"eu-west-1","Account":"123456789012"`
	tick := time.NewTicker(10 * time.Millisecond) // a call is logged after its answer
	defer tick.Stop()
	var calls []byte
	for range 200 {
		if calls, err = os.ReadFile(filepath.Join(p.state, CallsFile)); strings.Contains(string(calls), want) {
			return
		}
		<-tick.C
	}
	t.Errorf("the call is logged as %s (%v)", calls, err)
}

func TestDefaultAccounts(t *testing.T) {
	t.Parallel()
	a, b := start(t, t.TempDir(), ""), start(t, t.TempDir(), "")
	form := regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`)
	for name, id := range map[string]string{"vendor": "123456789012", "customer": "210987654321", "marketplace": "679593333241"} {
		one, err := a.admin.Account(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		two, err := b.admin.Account(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if one.ID != id || !form.MatchString(one.KeyID) || len(one.SecretKey) != 40 {
			t.Errorf("%s is %s with the key %s and a secret of %d characters", name, one.ID, one.KeyID, len(one.SecretKey))
		}
		if one.KeyID != two.KeyID || one.SecretKey == two.SecretKey {
			t.Errorf("%s: the key must be the same in every sandbox, the secret must not", name)
		}
	}
	if _, err := a.admin.Account(t.Context(), "canonical"); err == nil {
		t.Error("canonical has a key")
	}
	if _, err := a.parameters("vendor").GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/none")}); wiretest.Code(err) != "ParameterNotFound" {
		t.Errorf("the vendor's key: %v", err)
	}
}

func TestLoopbackOnly(t *testing.T) {
	tests := map[string]bool{
		"127.0.0.1:0": true, "127.9.9.9:0": true, "localhost:0": true, "[::1]:0": true,
		"0.0.0.0:0": false, ":0": false, "[::]:0": false, "192.0.2.1:0": false, "example.com:80": false, "127.0.0.1": false, "": false,
	}
	for addr, want := range tests {
		l, err := listen(t.Context(), addr)
		if l != nil {
			_ = l.Close()
		}
		if addr == "[::1]:0" && err != nil && !strings.Contains(err.Error(), "loopback") {
			continue // a host without IPv6
		}
		if (err == nil) != want {
			t.Errorf("listen on %q: %v, want it to go %v", addr, err, want)
		}
	}
}

func TestNegativeSpeed(t *testing.T) {
	err := Run(t.Context(), Config{Listen: "127.0.0.1:0", State: t.TempDir(), Driver: Instant, Speed: -1}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "speed -1") {
		t.Errorf("speed -1: %v", err)
	}
}

func TestUnknownDriver(t *testing.T) {
	err := Run(t.Context(), Config{Listen: "127.0.0.1:0", State: t.TempDir(), Driver: "cloud"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "container and instant") {
		t.Errorf("the driver cloud: %v", err)
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
