package scenarios

import (
	"os"
	"path/filepath"
	"regexp"
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
		`complete, 4 of 4 regions`,
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
