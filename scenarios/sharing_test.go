package scenarios

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"amiship/internal/record"
)

// TestAThousandAccounts: an AMI may be shared with a thousand accounts (AWS's quota). That is
// read and written in calls whose number does not grow with the accounts, though AWS limits
// their rate; and a recall closes all of it, and keeps the whole list.
func TestAThousandAccounts(t *testing.T) {
	t.Parallel()
	var accounts []string
	for n := range 999 {
		accounts = append(accounts, fmt.Sprintf("%012d", 200000000000+7919*n))
	}
	file := instantBundle(t)
	appendTo(t, file, "share: [\""+strings.Join(accounts, `", "`)+"\"]\n") // beside the image's own
	accounts = append(accounts, "679593333241")
	b := startBox(t, t.TempDir(), "--driver", "instant", "--speed", "1000", "--throttle")
	env := b.env(t, "vendor", "")

	// do returns how many calls a command made, and how many of those read or wrote sharing.
	do := func(args ...string) (all, sharing int) {
		t.Helper()
		before := len(b.calls(t, 0))
		if code, out := amiship(t, env, append(args, "--file", file)...); code != 0 {
			t.Fatalf("%v: exit %d\n%s", args, code, out)
		}
		for _, c := range b.calls(t, before) {
			all++
			if strings.HasSuffix(c.Action, "ImageAttribute") || strings.HasSuffix(c.Action, "SnapshotAttribute") {
				sharing++
			}
		}
		return all, sharing
	}
	// In each region the AMI and its snapshot are read before and after, and written twice,
	// as AWS takes 500 at a time; then the snapshot becomes public, is read, and the AMI
	// becomes public. Before, dry runs ask for the permission to do so.
	if _, n := do("release", "v2.42.0", "--poll", "200ms"); n > 4*(2+2+4+2+1)+4*4 {
		t.Errorf("a release takes %d calls for sharing", n)
	}
	// Of each region the release's images, by tags and by names, its parameters, and both
	// attributes; and the claims of one.
	if n, _ := do("plan", "v2.42.0", "--exit-code"); n > 4*5+1 {
		t.Errorf("a plan with nothing to do takes %d calls", n)
	}
	// Both are read to be shown, as the run begins, with the mark and after it, as they are
	// closed, in six calls, and afterwards.
	if _, n := do("withdraw", "v2.42.0", "--reason", "CVE-1", "--yes"); n > 4*(2*6+6) {
		t.Errorf("a recall takes %d calls for sharing", n)
	}
	closedAndKept(t, env, accounts)
}

// closedAndKept: no other account may use the AMI in us-east-1, and its tags say who could.
func closedAndKept(t *testing.T, env, accounts []string) {
	t.Helper()
	var found struct {
		Images []struct {
			ID   string `json:"ImageId"`
			Tags []struct{ Key, Value string }
		}
	}
	text := awsCLI(t, env, "ec2", "describe-images", "--region", "us-east-1", "--owners", "self", "--output", "json")
	if err := json.Unmarshal([]byte(text), &found); err != nil || len(found.Images) != 1 {
		t.Fatalf("%v\n%s", err, text)
	}
	tags := map[string]string{}
	for _, tag := range found.Images[0].Tags {
		tags[tag.Key] = tag.Value
	}
	who := record.ReadTaken(tags)
	if len(who) != len(accounts)+1 || who[0] != accounts[0] || who[len(who)-1] != record.Everybody {
		t.Errorf("%d are kept of %d and everybody", len(who), len(accounts))
	}
	open := awsCLI(t, env, "ec2", "describe-image-attribute", "--region", "us-east-1", "--image-id", found.Images[0].ID, "--attribute", "launchPermission", "--query", "length(LaunchPermissions)")
	if open != "0" {
		t.Errorf("%s may still launch it", open)
	}
	restorable := awsCLI(t, env, "ec2", "describe-snapshots", "--region", "us-east-1", "--owner-ids", "self", "--restorable-by-user-ids", accounts[999], "--query", "length(Snapshots)")
	if restorable != "0" {
		t.Errorf("%s snapshots can still be restored", restorable)
	}
}
