package archtest

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var makesClient = regexp.MustCompile(`aws\.Config\{|config\.LoadDefaultConfig\(|BaseEndpoint:`)

// hasty finds tests with a client of AWS that decodes answers while they come in: under
// load it fails now and then.
func hasty(t *testing.T, repo fs.FS) (wrong []string) {
	t.Helper()
	for _, name := range tree(t, repo) {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		if code := text(t, repo, name); makesClient.MatchString(code) && !strings.Contains(code, "wiretest.Eager") {
			wrong = append(wrong, name+" makes a client of AWS without wiretest.Eager")
		}
	}
	return wrong
}

func TestClientsOfTestsAreEager(t *testing.T) {
	for _, w := range hasty(t, os.DirFS("../..")) {
		t.Error(w)
	}
	bad := fstest.MapFS{"a_test.go": {Data: []byte("cfg := aws.Con" + "fig{Region: \"x\"}")}}
	if len(hasty(t, bad)) != 1 {
		t.Error("a client without it is not found")
	}
}
