package cli

import (
	"strings"
	"testing"

	"amiship/sandbox/wire"
)

// TestAnnounced: a release prints which account it is about before anything else, and goes
// on where part of that can't be read; with credentials that AWS rejects it does nothing.
func TestAnnounced(t *testing.T) {
	s := newShell(t, "")
	const caller = "amiship: account 123456789012, as arn:aws:iam::123456789012:user/vendor; "
	at := "; a sandbox at " + s.box.URL + "\n"
	for name, c := range map[string]struct {
		faults []wire.Fault
		want   string
	}{
		"all of it":   {nil, caller + "alias vendor" + at},
		"no alias":    {[]wire.Fault{{Service: "iam", Code: "AccessDenied", Status: 403}}, caller + "alias unknown: AccessDenied" + at},
		"no identity": {[]wire.Fault{{Service: "sts", Code: "AccessDenied", Status: 403}}, "amiship: account unknown: ask AWS who is calling: AccessDenied: "},
	} {
		s.box.Meets(t, c.faults...)
		for _, args := range [][]string{{"release", "v1.2.3", "--wait", "0s", "--json"}, {"release", "--all-open"}} {
			_, out, said := s.run(t, args...)
			if !strings.HasPrefix(said, c.want) || strings.Contains(out, "account 123") {
				t.Errorf("%s, %v: it says\n%s%swant first\n%s", name, args, said, out, c.want)
			}
		}
	}
}
