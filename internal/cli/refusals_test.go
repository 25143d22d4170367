package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire"
)

// shipped is a project with a release that is complete, an older one, and an AMI
// that failed; and somebody else's AMI.
const shipped = `
ec2:
  - account: vendor
    region: us-east-1
    images:
      - {name: "P 1.2.0", public: true, created: 10d, tags: {"amiship:project": "1:p", "amiship:tag": "1:v1.2.0", "amiship:image": "1:p", "amiship:arch": "1:amd64", "amiship:version": "1:1.2.0", "amiship:stage": "1:release", "amiship:build": "1:0", "amiship:public": "1:yes"}}
      - {name: "P 1.1.0", public: true, created: 400d, tags: {"amiship:project": "1:p", "amiship:tag": "1:v1.1.0", "amiship:image": "1:p", "amiship:arch": "1:amd64", "amiship:version": "1:1.1.0", "amiship:stage": "1:release", "amiship:build": "1:0", "amiship:public": "1:yes"}}
      - {name: "P 1.3.0", failed: true, created: 1d, tags: {"amiship:project": "1:p", "amiship:tag": "1:v1.3.0", "amiship:image": "1:p", "amiship:arch": "1:amd64", "amiship:version": "1:1.3.0", "amiship:stage": "1:release", "amiship:build": "1:0", "amiship:public": "1:yes"}}
      - {name: theirs, public: true, created: 400d}
`

const shipping = `version: 1
project: p
tags: [{pattern: "v{version}"}]
base: {owner: "136693071363", name: "debian-12-{arch}-*", user: admin}
build: {region: us-east-1, template: image.pkr.hcl}
regions: {required: [us-east-1, eu-west-1]}
package: {file: p.deb}
keep: {public: {patches: 1, minors: 1, days: 90}}
images:
  p: {arch: [amd64], public: true, name: "P {version}"}
`

// shell is a directory with a catalog, and a sandbox in front of it.
type shell struct {
	box  *sandboxtest.Box
	file string
}

func newShell(t *testing.T, world string) *shell {
	t.Helper()
	s := &shell{box: sandboxtest.Start(t, world), file: filepath.Join(t.TempDir(), "amiship.yaml")}
	key := s.box.Key(t, "vendor")
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": s.box.URL, "AWS_ACCESS_KEY_ID": key.KeyID, "AWS_SECRET_ACCESS_KEY": key.SecretKey, "AWS_REGION": "us-east-1",
		"AWS_PROFILE": "", "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	for name, text := range map[string]string{"amiship.yaml": shipping, "image.pkr.hcl": "# no template", "p.deb": "no package"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(s.file), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// run runs a command without a terminal.
func (s *shell) run(t *testing.T, args ...string) (code int, out, said string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append(args, "--file", s.file)
	code = Main(t.Context(), args, Stdio{In: strings.NewReader("y\n"), Out: &stdout, Err: &stderr}, Version{Version: "v1.2.3"})
	return code, stdout.String(), stderr.String()
}

// changes are the calls so far that change something.
func (s *shell) changes(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(s.box.Calls(t), func(action string) bool {
		return strings.HasPrefix(action, "Describe") || strings.HasPrefix(action, "Get") || strings.HasPrefix(action, "List")
	})
}

// TestRefusals: what is not said rightly, or not confirmed, changes nothing, and ends
// with a message and what to type.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"sweep, unasked":             {[]string{"sweep"}, codeUsage, "hint: --yes does what was shown"},
		"retire, unasked":            {[]string{"retire"}, codeUsage, "hint: --yes does what was shown"},
		"withdraw, unasked":          {[]string{"withdraw", "v1.2.0", "--reason", "CVE"}, codeUsage, "hint: --yes does what was shown"},
		"withdraw without a reason":  {[]string{"withdraw", "v1.2.0", "--yes"}, codeUsage, "--reason TEXT"},
		"a blank reason":             {[]string{"withdraw", "v1.2.0", "--yes", "--reason", " "}, codeUsage, "--reason TEXT"},
		"withdraw of nothing":        {[]string{"withdraw", "v1.2.1", "--yes", "--reason", "CVE"}, codeFailed, "hint: amiship status"},
		"withdraw of no release":     {[]string{"withdraw", "1.2.0", "--yes", "--reason", "CVE"}, codeFailed, "AWS has nothing of it"},
		"withdraw without a tag":     {[]string{"withdraw", "--yes", "--reason", "CVE"}, codeUsage, "accepts 1 arg"},
		"retire on paper, and do it": {[]string{"retire", "--markdown"}, codeUsage, "--markdown goes with --plan"},
		"retire as JSON, unasked":    {[]string{"retire", "--json"}, codeUsage, "--json goes with --plan or --yes"},
		"waive without a candidate":  {[]string{"waive", "eu-west-1", "--reason", "down", "--until", "2999-12-31"}, codeFailed, "no candidate"},
		"waive until some day":       {[]string{"waive", "eu-west-1", "--reason", "down", "--until", "soon"}, codeUsage, "soon"},
		"waive where it is built":    {[]string{"waive", "us-east-1", "--reason", "down", "--until", "2999-12-31"}, codeUsage, "the builds are there"},
		"unblock of nothing":         {[]string{"unblock", "quota/us-east-1", "raise", "--yes"}, codeFailed, "nothing is blocked"},
		"release of nothing":         {[]string{"release"}, codeUsage, "accepts 1 arg"},
		"release of no release":      {[]string{"release", "1.2.0"}, codeCatalog, "1.2.0"},
		"release until never":        {[]string{"release", "v1.2.0", "--until", "never"}, codeUsage, "never"},
		"approve without a digest":   {[]string{"release", "v1.2.0", "--approve", "cancel/p"}, codeUsage, "cancel/p"},
		"repair of nothing":          {[]string{"repair"}, codeUsage, "accepts 1 arg"},
		"verify as nobody":           {[]string{"verify", "v1.2.0"}, codeUsage, "verify needs --as PROFILE"},
		"plan of one tag twice":      {[]string{"plan", "v1.2.0", "v1.2.0"}, codeUsage, "named twice"},
		"forecast of none":           {[]string{"blockers", "--forecast", "0"}, codeUsage, "1 or more"},
		"no such command":            {[]string{"dance"}, codeUsage, "unknown command"},
		"no such flag":               {[]string{"sweep", "--force"}, codeUsage, "--force"},
		"no such var":                {[]string{"plan", "v1.2.0", "--set", "x=y"}, codeUsage, "x"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, shipped)
			code, _, said := s.run(t, c.args...)
			if code != c.code || !strings.Contains(said, c.says) || !strings.Contains(said, "amiship: ") {
				t.Errorf("exit code %d, want %d: %s; want %q", code, c.code, said, c.says)
			}
			if did := s.changes(t); len(did) > 0 {
				t.Errorf("it called %v", did)
			}
		})
	}
}

// TestConfirmed: with --yes each does what it showed, and only that; and then there is
// nothing left to do.
func TestConfirmed(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		calls []string // that change something, each kind once
		then  string   // what is said the second time
	}{
		"sweep":    {[]string{"sweep", "--yes"}, []string{"DeregisterImage"}, "nothing to clean up"},
		"retire":   {[]string{"retire", "--yes"}, []string{"CreateTags", "EnableImageDeprecation"}, ""},
		"withdraw": {[]string{"withdraw", "v1.2.0", "--reason", "CVE", "--yes"}, []string{"CreateTags", "ModifyImageAttribute"}, "nothing is left to withdraw"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, shipped)
			if code, out, said := s.run(t, c.args...); code != 0 {
				t.Fatalf("exit code %d: %s %s", code, out, said)
			}
			did := s.changes(t)
			slices.Sort(did)
			if !slices.Equal(slices.Compact(did), c.calls) {
				t.Errorf("it called %v, want %v", did, c.calls)
			}
			before := len(s.changes(t))
			if code, out, said := s.run(t, c.args...); code != 0 || !strings.Contains(out+said, c.then) {
				t.Errorf("again: exit code %d: %s %s", code, out, said)
			}
			if again := s.changes(t)[before:]; len(again) > 0 {
				t.Errorf("again it called %v", again)
			}
		})
	}
}

// TestNothingIsDoneBlind: a region that can't be read is no region without anything;
// the command fails, and says which.
func TestNothingIsDoneBlind(t *testing.T) {
	for _, args := range [][]string{
		{"sweep", "--yes"},
		{"retire", "--yes"},
		{"withdraw", "v1.2.0", "--reason", "CVE", "--yes", "--wait", "0s", "--poll", "1ms"},
		{"status"},
		{"plan", "v1.2.0"},
		{"release", "--all-open"},
		{"repair", "v1.2.0", "--yes"},
	} {
		t.Run(args[0], func(t *testing.T) {
			s := newShell(t, shipped)
			s.box.Meets(t, wire.Fault{Service: "ec2", Action: "DescribeImages", Status: 400, Code: "UnauthorizedOperation", Message: "You may not"})
			code, out, said := s.run(t, args...)
			if args[0] != "plan" && code == 0 || strings.Contains(out, "no releases yet") || !strings.Contains(out+said, "us-east-1") || !strings.Contains(out+said, "UnauthorizedOperation") && !strings.Contains(out+said, "could not be read") {
				t.Errorf("exit code %d: %s %s", code, out, said)
			}
			if did := s.changes(t); len(did) > 0 {
				t.Errorf("it called %v", did)
			}
		})
	}
}

// TestNothingIsDoneUnseen: a region that could not be read when the changes were shown is
// left alone, although it can be read now, and the command does not end as complete. The
// same command does the rest.
func TestNothingIsDoneUnseen(t *testing.T) {
	regions := shipped + strings.ReplaceAll(strings.TrimPrefix(shipped, "\nec2:\n"), "us-east-1", "eu-west-1")
	for _, args := range [][]string{
		{"sweep", "--yes"},
		{"retire", "--yes"},
		{"withdraw", "v1.2.0", "--reason", "CVE", "--yes", "--poll", "1ms"},
	} {
		t.Run(args[0], func(t *testing.T) {
			s := newShell(t, regions)
			s.box.Meets(t, wire.Fault{Region: "eu-west-1", Service: "ec2", Action: "DescribeImages", Status: 400, Code: "UnauthorizedOperation", Message: "You may not", Times: 1})
			code, out, said := s.run(t, args...)
			if code != codeFailed || strings.Contains(out, "complete;") && !strings.Contains(out, "incomplete;") || !strings.Contains(said, "images of eu-west-1 could not be read") || !strings.Contains(said, "run the command again") {
				t.Errorf("exit code %d: %s %s", code, out, said)
			}
			first := len(s.changes(t))
			if code, out, said := s.run(t, args...); code != 0 {
				t.Errorf("again: exit code %d: %s %s", code, out, said)
			}
			if again := s.changes(t)[first:]; len(again) == 0 || len(again) < first {
				t.Errorf("first %d changes, then %v: want as many in the other region", first, again)
			}
		})
	}
}
