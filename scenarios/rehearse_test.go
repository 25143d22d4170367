package scenarios

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRehearse is `make rehearse`: the example as it stands, from the tag to
// the page that a customer's machine serves; and nothing is left of it.
func TestRehearse(t *testing.T) {
	t.Parallel()
	takePlace(t)
	tmp, amis := t.TempDir(), filepath.Join(t.TempDir(), "catalog.json")
	env := append(os.Environ(), "TMPDIR="+tmp)
	code, out := amiship(t, env, "rehearse", offered(t), "--file", example, "--catalog", amis)
	if code != 0 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	for _, want := range []string{
		`release .* complete; AMI ids in`,
		`test .* prometheus/amd64`,
		`prometheus v\S+: 4 AMIs in 4 regions are as configured`,
		`plan .* nothing is left to do`,
		`find .* of 123456789012 in us-west-2: ami-[0-9a-f]{17}`,
		`ask .*:9090/-/ready answers 200`,
		`ask .*/api/v1/status/flags answers 200`,
		`was built from debian-12-amd64-\d+-\d+ \(Debian 12.*\)`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("the report does not say %s:\n%s", want, out)
		}
	}
	text, err := os.ReadFile(amis)
	if err != nil || len(regexp.MustCompile(`"ami-[0-9a-f]{17}"`).FindAll(text, -1)) != 4 {
		t.Errorf("catalog.json does not hold four AMIs (%v): %s", err, text)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("left in the temporary directory: %v %v", left, err)
	}
}

// TestRehearseGitLab is the larger half of what `make rehearse` goes on with:
// public images on both architectures and private ones with licenses, built from
// packages that stand in, tested, and looked at as a customer does. It ends at a
// buyer, who launches Premium and Ultimate from their listings and asks all that
// the catalog's checks say: 9 of every image, 3 about the license.
func TestRehearseGitLab(t *testing.T) {
	t.Parallel()
	takePlace(t)
	tmp, amis := t.TempDir(), filepath.Join(t.TempDir(), "gitlab.json")
	env := append(os.Environ(), "TMPDIR="+tmp, "PREMIUM_LICENSE=a-real-one", "CI_JOB_TOKEN=a-real-one")
	code, out := amiship(t, env, "rehearse", "17.5.0+ee.0", "--file", "../examples/gitlab/amiship.yaml", "--catalog", amis)
	if code != 0 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	for _, want := range []string{
		`STAND-IN +gitlab-ee_17.5.0-ee.0_arm64.deb is not the real package`,
		`STAND-IN +gitlab-ee_17.5.0-ee.0_amd64.deb is not the real package`,
		`test .* premium/amd64`,
		`test .* ee/arm64`,
		`ask .* ee/arm64 .*/users/sign_in answers 200`,
		`poll again .* 26h later, without secrets`,
		`premium +GitLab Premium 17.5.0 Release +ami-[0-9a-f]{17} +- +public`,
		`ultimate +GitLab Ultimate 17.5.0 Release +ami-[0-9a-f]{17} +- +public`,
		`find bought .* premium .* of aws-marketplace: ami-[0-9a-f]{17}`,
		`find bought .* ultimate .* of aws-marketplace: ami-[0-9a-f]{17}`,
		`try .* premium +i-[0-9a-f]{17} at \S+ passes 12 checks`,
		`try .* ultimate +i-[0-9a-f]{17} at \S+ passes 12 checks`,
		`gitlab 17.5.0\+ee.0: 76 AMIs in 19 regions and 2 listings are as configured`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("the report does not say %s:\n%s", want, out)
		}
	}
	for _, secret := range []string{"a-real-one", "a-token-for-rehearsals", `"seats"`} {
		if strings.Contains(out, secret) {
			t.Errorf("%s is in the output", secret)
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("left in the temporary directory: %v %v", left, err)
	}
}
