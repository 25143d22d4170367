package scenarios

import (
	"strings"
	"testing"
	"time"
)

// stuckCopy is a release whose copy to one region AWS never ends, three days later.
func stuckCopy(t *testing.T, settings string) (b *box, release func(args ...string) (int, string)) {
	t.Helper()
	file := instantBundle(t)
	b = worldBox(t, "settings: {ec2: {"+settings+"}}\n")
	b.run(t, "sandbox", "fault", "--state", b.state, "--region", "eu-west-1", "--action", "CopyImage", "--ends", "stuck", "--times", "1")
	env := b.env(t, "vendor", "")
	release = func(args ...string) (int, string) { return amiship(t, env, append(args, "--file", file)...) }
	if code, out := release("release", "v2.42.0", "--poll", "200ms", "--wait", "1s"); code != 75 {
		t.Fatalf("exit %d, want 75\n%s", code, out)
	}
	b.advance(t, 72*time.Hour)
	code, out := release("release", "v2.42.0", "--poll", "200ms", "--wait", "1s")
	if code != 20 || !strings.Contains(out, "has been pending for 3 days, more than 6 hours") {
		t.Fatalf("exit %d, want 20 with its age\n%s", code, out)
	}
	return b, release
}

// TestStuckCopyIsGivenUp: whatever AWS does with a pending AMI that is deregistered, the
// release gets another copy, or says what else there is.
func TestStuckCopyIsGivenUp(t *testing.T) {
	t.Parallel()
	for settings, refused := range map[string]bool{
		"deregister_pending: free": false,
		"deregister_pending: free, snapshot_copies: 1, copy_image_limit: refuse": false,
		"deregister_pending: keep":   false,
		"deregister_pending: refuse": true,
	} {
		t.Run(settings, func(t *testing.T) {
			t.Parallel()
			_, run := stuckCopy(t, settings)
			code, out := run("unblock", "copy/prometheus/amd64/eu-west-1", "copy", "--tag", "v2.42.0", "--yes")
			if refused {
				if code != 1 || !strings.Contains(out, "InvalidAMIID.Unavailable") || !strings.Contains(out, "amiship waive eu-west-1") {
					t.Fatalf("exit %d, want 1 and the other remedy\n%s", code, out)
				}
				withoutTheRegion(t, run)
				return
			}
			if code != 0 {
				t.Fatalf("exit %d\n%s", code, out)
			}
			if code, out := run("release", "v2.42.0", "--poll", "200ms"); code != 0 || !strings.Contains(out, "complete, 4 of 4 regions") {
				t.Errorf("exit %d\n%s", code, out)
			}
		})
	}
}

// withoutTheRegion: a waiver lets the release complete, though the copy stays as it is.
func withoutTheRegion(t *testing.T, run func(...string) (int, string)) {
	t.Helper()
	until := time.Now().AddDate(0, 0, 10).Format(time.DateOnly)
	if code, out := run("waive", "eu-west-1", "--reason", "stuck", "--until", until, "--tag", "v2.42.0"); code != 0 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	if code, out := run("release", "v2.42.0", "--poll", "200ms"); code != 0 || !strings.Contains(out, "3 of 4 regions") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// TestStuckChangeSet: a change set of another user that has not ended for days is shown,
// whatever the policy, before there is an AMI to offer; and it does not keep a release waiting.
func TestStuckChangeSet(t *testing.T) {
	t.Parallel()
	for _, pending := range []string{"wait", "cancel", "stop"} {
		t.Run(pending, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, goods{
				world:   "  change_sets: [{product: " + premiumProduct + ", name: by hand, status: APPLYING, stuck: true, started: 1h}]\n",
				listing: "    pending: " + pending + "\n",
			})
			m.advance(t, 72*time.Hour)
			for _, command := range []string{"blockers", "plan"} {
				code, out := amiship(t, m.env(t, "vendor", ""), command, "v2.42.0", "--file", m.file())
				if code != 20 || !strings.Contains(out, `"by hand", APPLYING, begun `) {
					t.Errorf("%s: exit %d, want 20 and the change set\n%s", command, code, out)
				}
			}
			if pending != "wait" {
				return
			}
			m.mustEnd(t, 0, "--until", "shared")
			if code, out := m.carryOn(t); code != 20 || !strings.Contains(out, "for 3 days, and no other has ended") {
				t.Errorf("exit %d, want 20 and its age\n%s", code, out)
			}
		})
	}
}
