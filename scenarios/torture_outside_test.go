package scenarios

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
)

// faultsOf is all that is wrong when the release is done, seen from outside.
func (s *sufferer) faultsOf(calm map[string][]string) string {
	s.t.Helper()
	var out []string
	s.run(s.t, "sandbox", "fault", "--state", s.state, "--off")
	for _, project := range s.projects() {
		file := s.fileOf(project)
		if len(s.lives) > 0 {
			if code, text := amiship(s.t, s.env(s.t, "vendor", ""), "resume", "--file", file); code != 0 {
				out = append(out, "it does not resume:\n"+text)
			}
		}
		if code, text := amiship(s.t, s.env(s.t, "vendor", ""), "verify", releasedTag, "--file", file, "--as", "customer"); code != 0 {
			out = append(out, "verify finds:\n"+text)
		}
		if code, text := amiship(s.t, s.env(s.t, "vendor", ""), "plan", releasedTag, "--file", file, "--exit-code"); code != 0 {
			out = append(out, "something is left to do:\n"+text)
		}
	}
	if diff := cmp.Diff(calm, s.outcome()); diff != "" {
		out = append(out, "the world differs from that of an undisturbed release (-want +got):\n"+diff)
	}
	if left := s.left(); len(left) > 0 {
		out = append(out, "left over: "+strings.Join(left, ", "))
	}
	return strings.Join(append(out, s.secrets()...), "\n")
}

// left are processes, files and machines, looked for until there are none: who
// clears up after a run that was killed needs a moment.
func (s *sufferer) left() (left []string) {
	s.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range 150 {
		left = slices.Concat(processesWith(s.t, "TMPDIR="+s.tmp), entries(s.t, s.tmp), entries(s.t, filepath.Join(s.state, "machines", "machines")))
		if len(left) == 0 {
			return nil
		}
		<-tick.C
	}
	return left
}

// theLicense is the same in all releases, since it is a part of what they are made of.
const theLicense = "mark-license-of-the-torture"

var secretKey = regexp.MustCompile(`AWS_SECRET_ACCESS_KEY=(\S+)`)

// secrets are the places where the license, or the caller's key, is to be read.
func (s *sufferer) secrets() (out []string) {
	s.t.Helper()
	secrets := []string{theLicense, secretKey.FindStringSubmatch(strings.Join(s.env(s.t, "vendor", ""), "\n"))[1]}
	shown := func(where, text string) {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				out = append(out, "a secret is shown in "+where)
			}
		}
	}
	for _, u := range s.said {
		shown("what "+u.command+" said", u.out)
	}
	shown("the log of calls", s.callLog())
	for _, file := range entries(s.t, filepath.Join(s.state, "store")) {
		text, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(text), theLicense) {
			out = append(out, "the license is in AWS's store")
		}
	}
	return out
}

// noResult are tables that say how it came to be as it is.
var noResult = regexp.MustCompile(`^(marketplace\.(change-sets|tags|outcomes)|quota-outcomes|accounts|roles|ec2\.bases)/`)

// unequal is what differs between two that are alike: revisions and versions count
// attempts, ids and days are their own. The retention policy of the last retirement is
// recorded on the newest AMI, of whichever region that is. A copy is made of an AMI of the
// release in whichever region answers.
var unequal = regexp.MustCompile(`"(Revision|Version)":\d+|"(CaseID|ID)":"([0-9a-f]{8}-[-0-9a-f]{27}|[0-9a-f]{11}|[0-9a-f]{40})"|\d{4}-\d\d-\d\d|"(Launched|LaunchedBefore)":"TIME",?|"amiship:keep":"[^"]*",?|"SourceRegion":"[^"]*",?`)

// outcome is the world as far as customers, and the bill, see it.
func (s *sufferer) outcome() map[string][]string {
	s.t.Helper()
	out := repeatedOnce(s.t, s.box)
	for place, values := range out {
		if noResult.MatchString(place) {
			delete(out, place)
			continue
		}
		for i, v := range values {
			values[i] = unequal.ReplaceAllString(v, "")
		}
		slices.Sort(values)
	}
	return out
}
