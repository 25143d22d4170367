package scenarios

import (
	"strings"
	"testing"
)

// strictly has a sandbox refuse what was signed more than five minutes away from its
// clock, of some actions.
func strictly(t *testing.T, b *box, actions string) {
	t.Helper()
	b.run(t, "sandbox", "fault", "--state", b.state, "--action", actions, "--signed", "5m")
}

// TestClockIsWrong: AWS refuses what is signed by the runner's clock. Amiship's calls
// are corrected and take no region for switched off; Packer's would fail, and so
// nothing is built, and the line says what sets the clock. The rest goes on.
func TestClockIsWrong(t *testing.T) {
	t.Parallel()
	for ahead, side := range map[string]string{"20m": "20m behind AWS's", "-20m": "20m ahead of AWS's"} {
		t.Run(ahead, func(t *testing.T) {
			t.Parallel()
			b := worldBox(t, "clock: "+ahead+"\n")
			env, file := b.env(t, "vendor", ""), instantBundle(t)
			ends := func(want int, texts []string, args ...string) {
				t.Helper()
				code, out := amiship(t, env, append(args, "--file", file)...)
				if code != want || strings.Contains(out, "switched off") {
					t.Fatalf("%s: exit %d, want %d\n%s", args, code, want, out)
				}
				wantAll(t, out, texts)
			}
			release := []string{"release", "v2.42.0", "--poll", "200ms", "--wait", "1m"}
			sets := "sudo timedatectl set-ntp true"

			ends(0, []string{"ok", "a clock that AWS takes signatures by"}, "check") // AWS accepts it
			strictly(t, b, "")
			ends(1, []string{"MISSING", "this machine's clock is " + side, sets}, "check")
			ends(20, []string{"BLOCKED  clock", side, sets, "amiship release v2.42.0"}, release...)
			ends(20, []string{"BLOCKED  clock", side, sets}, "blockers", "v2.42.0")
			if text := b.callLog(); strings.Contains(text, `"Action":"RunInstances"`) || strings.Contains(text, `"Action":"CreateSecurityGroup"`) {
				t.Error("something was begun that can't be built")
			}

			strictly(t, b, "CreateImage") // only Packer calls it
			ends(1, []string{"AuthFailure"}, append(release, "--until", "built")...)
			b.run(t, "sandbox", "fault", "--state", b.state, "--off")
			ends(0, nil, append(release, "--until", "built")...)
			strictly(t, b, "")
			ends(0, nil, release...)
			ends(0, nil, "verify", "v2.42.0", "--as", "customer")
		})
	}
}
