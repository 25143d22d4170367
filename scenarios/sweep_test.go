package scenarios

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSweep: what a run that was killed in the middle of a build has left is
// shown, and removed only with a yes; before it can be judged, sweep says when.
func TestSweep(t *testing.T) {
	t.Parallel()
	b := startAt(t)
	file := instantBundle(t)
	killRun(t, b, callOf(t, "StopInstances"), false)
	env := b.env(t, "vendor", "")
	if code, out := amiship(t, env, "sweep", "--file", file); code != 0 || !strings.Contains(out, "if that run is gone, amiship sweep ends the claim after ") || strings.Contains(out, "nothing to clean up") {
		t.Fatalf("the claim of a run that was there a moment ago: exit %d\n%s", code, out)
	}
	b.advance(t, 3*time.Minute)
	code, out := amiship(t, env, "sweep", "--file", file)
	if code != 2 || !strings.Contains(out, "with i-") || !strings.Contains(out, "--yes") {
		t.Fatalf("without a terminal and without --yes: exit %d\n%s", code, out)
	}
	defer b.hurry(t)()
	if code, out := amiship(t, env, "sweep", "--file", file, "--yes"); code != 0 {
		t.Fatalf("sweep --yes: exit %d\n%s", code, out)
	}
	sameWorld(t, worldOf(t, startAt(t)), worldOf(t, b))
}

// TestAKilledBuildIsSeen: only the schedule runs. It ends what a killed run has
// left; status, blockers and check name it, and the command, before; another project's
// is left alone.
func TestAKilledBuildIsSeen(t *testing.T) {
	t.Parallel()
	b := startAt(t)
	file, env := instantBundle(t), b.env(t, "vendor", "")
	group := awsCLI(t, env, "ec2", "create-security-group", "--region", "us-east-1", "--group-name", "amiship-other-x-amd64-v1", "--description", "x",
		"--query", "GroupId", "--output", "text", "--tag-specifications", "ResourceType=security-group,Tags=[{Key=amiship:project,Value=1:other},{Key=amiship:alive,Value=1:2020-01-01T00:00:00Z}]")
	killRun(t, b, callOf(t, "StopInstances"), false)
	b.advance(t, 26*time.Hour)
	for _, args := range [][]string{{"status"}, {"status", "--json"}, {"blockers"}, {"check"}} {
		if code, out := amiship(t, env, append(args, "--file", file)...); code != 0 || !strings.Contains(out, "us-east-1: claim ") ||
			!strings.Contains(out, "with i-") || !strings.Contains(out, "amiship sweep") || strings.Contains(out, "amiship-other") {
			t.Errorf("%s: exit %d\n%s", strings.Join(args, " "), code, out)
		}
	}
	defer b.hurry(t)()
	if code, out := amiship(t, env, "release", "--all-open", "--file", file, "--poll", "200ms"); code != 0 || !strings.Contains(out, "no release is open") {
		t.Fatalf("the schedule: exit %d\n%s", code, out)
	}
	groups := awsCLI(t, env, "ec2", "describe-security-groups", "--region", "us-east-1", "--query", "SecurityGroups[?GroupName!='default'].GroupId", "--output", "text")
	if strings.TrimSpace(groups) != strings.TrimSpace(group) {
		t.Errorf("there are the groups %q, want another project's %q", groups, group)
	}
	left := awsCLI(t, env, "ec2", "describe-instances", "--region", "us-east-1", "--filters", "Name=instance-state-name,Values=pending,running,stopping,stopped", "--query", "Reservations[].Instances[].InstanceId", "--output", "text")
	if strings.TrimSpace(left) != "" {
		t.Errorf("instances are left: %s", left)
	}
}

// hurry moves AWS's clock on, half a minute every fifth of a second, until the returned
// function is called: a claim is read twice, as far apart.
func (b *box) hurry(t *testing.T) (end func()) {
	t.Helper()
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				_ = exec.Command(program, "sandbox", "advance", "31s", "--state", b.state).Run()
			}
		}
	}()
	return func() { close(over); <-done }
}

// callOf is the number of the first call of that name in a release.
func callOf(t *testing.T, name string) int {
	t.Helper()
	b := startAt(t)
	k, via := newKiller(t, b.url)
	if out, err := releaseCmd(t, b, via).CombinedOutput(); err != nil {
		t.Fatalf("release: %v\n%s", err, out)
	}
	n := slices.Index(k.calls(), name) + 1
	if n == 0 {
		t.Fatalf("a release does not call %s", name)
	}
	return n
}
