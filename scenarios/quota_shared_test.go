package scenarios

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// pairBundle is the example at another version, with two public images.
func pairBundle(t *testing.T, version string) string {
	t.Helper()
	file := instantBundle(t)
	deb := filepath.Join(filepath.Dir(file), "prometheus.deb")
	before := sha256Of(t, deb)
	makeDeb(t, deb, version)
	replaceIn(t, file, before, sha256Of(t, deb))
	replaceIn(t, file, "\nimages:\n", "\nimages:\n  second: {public: true, name: \"Second {version}\", checks: [{run: \"true\"}]}\n")
	return file
}

// TestTwoReleasesInOneQuota: two releases at once want two public AMIs each, in a
// region that has capacity for three. One becomes public everywhere, the other
// nowhere, and says what it lacks; once there is capacity it completes.
func TestTwoReleasesInOneQuota(t *testing.T) {
	t.Parallel()
	b := worldBox(t, "ec2:\n  - {account: vendor, region: eu-west-1, images: [{name: \"Old {n}\", count: 2, public: true}]}\n")
	tags := []string{"v2.42.0", "v2.43.0"}
	bundles := []string{pairBundle(t, "2.42.0"), pairBundle(t, "2.43.0")}
	run := func(i int) *realRun {
		r := &realRun{tmp: shortTemp(t)}
		r.cmd = exec.Command(program, "release", tags[i], "--file", bundles[i], "--poll", "200ms", "--wait", "2m")
		r.cmd.Env = append(b.env(t, "vendor", ""), "TMPDIR="+r.tmp)
		r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
		return r
	}
	runs := []*realRun{run(0), run(1)}
	first, second := runs[0].start(t), runs[1].start(t)
	codes := []int{first(), second()}
	if slices.Max(codes) != 20 || slices.Min(codes) != 0 {
		t.Fatalf("exit codes %d, want 0 and 20\n%s\n%s", codes, runs[0].out.String(), runs[1].out.String())
	}
	held := slices.Index(codes, 20)
	if !strings.Contains(runs[held].out.String(), "BLOCKED  quota/eu-west-1") {
		t.Errorf("it does not say what it lacks:\n%s", runs[held].out.String())
	}
	for i, want := range map[int]int{held: 0, 1 - held: 8} {
		if got := publicAMIs(t, b, tags[i]); got != want {
			t.Errorf("%s: %d public AMIs in four regions, want %d", tags[i], got, want)
		}
	}

	if code, out := amiship(t, b.env(t, "vendor", ""), "unblock", "quota/eu-west-1", "raise", "--yes", "--tag", tags[held], "--file", bundles[held]); code != 0 {
		t.Fatalf("unblock: exit %d\n%s", code, out)
	}
	b.advance(t, 72*time.Hour)
	last := run(held)
	if code := last.start(t)(); code != 0 {
		t.Fatalf("once there is capacity: exit %d\n%s", code, last.out.String())
	}
	for _, tag := range tags {
		if got := publicAMIs(t, b, tag); got != 8 {
			t.Errorf("%s: %d public AMIs at the end, want 8", tag, got)
		}
	}
}

// publicAMIs counts those of a release, in the sandbox's own records.
func publicAMIs(t *testing.T, b *box, tag string) int {
	t.Helper()
	n, env := 0, b.env(t, "vendor", "")
	for _, region := range []string{"us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2"} {
		out := awsCLI(t, env, "ec2", "describe-images", "--region", region, "--owners", "self",
			"--filters", "Name=tag:amiship:tag,Values=1:"+tag, "Name=is-public,Values=true", "--query", "Images[].ImageId", "--output", "text")
		n += len(strings.Fields(out))
	}
	return n
}
