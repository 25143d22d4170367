package scenarios

import (
	"strings"
	"testing"
	"time"
)

// TestAMIGoneWhilePending: the AMI that was offered is deregistered before
// Marketplace has copied it. The next run is told of the dead one again, for its
// token, until it gives that up; then it copies the candidate anew and offers
// the copy.
func TestAMIGoneWhilePending(t *testing.T) {
	t.Parallel()
	file, world := shelf(t)
	one(t, file)
	b := startAt(t, "--world", worldWith(t, world, "preparing: 10m", "preparing: 10000h"))
	env := b.env(t, "vendor", "")
	args := []string{"release", "v2.42.0", "--file", file, "--poll", "300ms", "--wait"}
	if code, out := amiship(t, env, append(args, "2s")...); code != 75 {
		t.Fatalf("exit %d, want 75\n%s", code, out)
	}
	first := amiNamed(t, env, "Plain 2.42.0 amd64")
	awsCLI(t, env, "ec2", "deregister-image", "--image-id", first)
	b.advance(t, 24*time.Hour)
	// An hour at most: the change set that is then handed in takes ten.
	if code, out := amishipFor(t, env, b, time.Hour, 15*time.Second, append(args, "20m")...); code != 75 {
		t.Fatalf("exit %d, want 75\n%s", code, out)
	}
	b.advance(t, 24*time.Hour)
	if code, out := amiship(t, env, append(args, "10s")...); code != 0 {
		t.Fatalf("exit %d, want 0\n%s", code, out)
	}
	good := offers(t, env, file)["good"]
	if len(good.Versions) != 1 || good.published("Shelf 2.42.0") != 1 || good.Versions[0].AMI == first {
		t.Errorf("on sale is %+v", good)
	}
	if len(good.ChangeSets) != 2 || good.ChangeSets[1].Status != "FAILED" {
		t.Errorf("the change sets are %+v", good.ChangeSets)
	}
	code, out := amiship(t, env, "listings", "--file", file)
	if code != 0 || !strings.Contains(out, "ASSET_NOT_FOUND") {
		t.Errorf("listings: exit %d, and no word of ASSET_NOT_FOUND:\n%s", code, out)
	}
}

// amishipFor runs a command while the sandbox's clock moves on in steps, a time
// in all.
func amishipFor(t *testing.T, env []string, b *box, total, step time.Duration, args ...string) (code int, out string) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		code, out = amiship(t, env, args...)
	}()
	for range total / step {
		select {
		case <-done:
			return code, out
		default:
			b.advance(t, step)
		}
	}
	<-done
	return code, out
}

// amiNamed is the id of the account's AMI of a name.
func amiNamed(t *testing.T, env []string, name string) string {
	t.Helper()
	return awsCLI(t, env, "ec2", "describe-images", "--owners", "self", "--filters", "Name=name,Values="+name, "--query", "Images[0].ImageId", "--output", "text")
}
