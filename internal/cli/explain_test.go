package cli

import (
	"strings"
	"testing"

	"amiship/sandbox/wire"
)

// TestExplain: what a step or a release waits for is said to its end, with the next command;
// what is no step names the command that lists them.
func TestExplain(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		down bool // eu-west-1 does not answer
		code int
		says []string
	}{
		"a step": {
			args: []string{"publish/p/amd64/eu-west-1", "--tag", "v1.2.0"},
			says: []string{"publish/p/amd64/eu-west-1 is queued: make an AMI public", "after gate, which is queued", "after copy/p/amd64/eu-west-1, which is to do", "next: amiship release v1.2.0"},
		},
		"a blocked one": {
			args: []string{"gate", "--tag", "v1.2.0"}, down: true,
			says: []string{"gate is queued", "after copy/p/amd64/eu-west-1, which is blocked", "BLOCKED  region/eu-west-1", "amiship release v1.2.0"},
		},
		"of a release that is not named": {
			args: []string{"gate"}, code: codeUsage,
			says: []string{"no step gate in a release that is not complete: there is none"},
		},
		"one that is done": {
			args: []string{"publish/p/amd64/us-east-1", "--tag", "v1.2.0"},
			says: []string{"publish/p/amd64/us-east-1 is done"},
		},
		"a release": {
			args: []string{"v1.2.0"},
			says: []string{"p v1.2.0: ", "to do    copy/p/amd64/eu-west-1: copy the candidate", "keeps back", "next: amiship release v1.2.0"},
		},
		"a blocked release": {
			args: []string{"v1.2.0"}, down: true,
			says: []string{"BLOCKED  region/eu-west-1"},
		},
		"no step": {
			args: []string{"copy/p/amd64/mars-1", "--tag", "v1.2.0"}, code: codeUsage,
			says: []string{"no step copy/p/amd64/mars-1 in v1.2.0", "amiship plan TAG --steps"},
		},
		"a tag with a tag": {
			args: []string{"v1.2.0", "--tag", "v1.1.0"}, code: codeUsage,
			says: []string{`no kind of step "v1.2.0": known are`},
		},
		"neither": {
			args: []string{"nonsense"}, code: codeCatalog,
			says: []string{"nonsense"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, shipped)
			if c.down {
				s.box.Meets(t, wire.Fault{Region: "eu-west-1", Service: "ec2", Action: "DescribeImages", Status: 400, Code: "UnauthorizedOperation"})
			}
			code, out, said := s.run(t, append([]string{"explain"}, c.args...)...)
			for _, want := range c.says {
				if !strings.Contains(out+said, want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if code != c.code || t.Failed() {
				t.Errorf("exit code %d, want %d:\n%s%s", code, c.code, out, said)
			}
		})
	}
}
