package release

import (
	"encoding/json"
	"fmt"
	"slices"

	"amiship/internal/record"
)

// Check is what a machine started from the AMI must answer: over HTTP or HTTPS; if TCP is
// set, to a connection; if Run is set, to a command over SSH. Texts may hold what
// MachinePlaceholders names.
type Check struct {
	Port     int               `json:",omitempty"`
	Path     string            `json:",omitempty"` // begins with /
	Status   int               `json:",omitempty"`
	HTTPS    bool              `json:",omitempty"`
	Insecure bool              `json:",omitempty"` // any certificate will do
	Method   string            `json:",omitempty"` // empty: POST with a body, else GET
	Headers  map[string]string `json:",omitempty"` // of the request
	Body     string            `json:",omitempty"` // of the request
	Answers  map[string]string `json:",omitempty"` // headers of the answer, and what they contain
	TCP      int               `json:",omitempty"` // a port that accepts connections
	Run      string            `json:",omitempty"` // for the shell of Build.SSHUser
	Exit     int               `json:",omitempty"`
	Contains string            `json:",omitempty"` // in the answer's body, or on standard output
	Differs  bool              `json:",omitempty"` // what Run prints, between two instances
	After    string            `json:",omitempty"` // AfterLaunch or AfterRestart; empty: both
}

// When a check is made.
const (
	AfterLaunch  = "launch"
	AfterRestart = "restart"
)

// MachinePlaceholders are those whose values are known only once an instance
// runs: its public DNS name (or address), public IPv4 address, and id.
func MachinePlaceholders() []string { return []string{"host", "address", "instance"} }

func (c Check) String() string {
	switch {
	case c.Run != "":
		return "run " + c.Run
	case c.TCP > 0:
		return fmt.Sprintf("connect to :%d", c.TCP)
	case c.HTTPS:
		return fmt.Sprintf("%s https :%d%s", c.Verb(), c.Port, c.Path)
	}
	return fmt.Sprintf("%s :%d%s", c.Verb(), c.Port, c.Path)
}

// Scheme is the protocol of a check from outside, as URLs name it.
func (c Check) Scheme() string {
	switch {
	case c.TCP > 0:
		return "tcp"
	case c.HTTPS:
		return "https"
	}
	return "http"
}

// Verb is the method of the request.
func (c Check) Verb() string {
	switch {
	case c.Method != "":
		return c.Method
	case c.Body != "":
		return "POST"
	}
	return "GET"
}

// FromOutside is the TCP port that a check connects to; 0 for a command.
func (c Check) FromOutside() int {
	switch {
	case c.Run != "":
		return 0
	case c.TCP > 0:
		return c.TCP
	}
	return c.Port
}

// ChecksDigest tells one set of checks, and of what the boot test accepts, from another:
// 12 hex digits.
func (v Variant) ChecksDigest() string {
	of := any(v.Checks)
	if len(v.TestAllow) > 0 {
		of = []any{v.Checks, v.TestAllow}
	}
	text, err := json.Marshal(of)
	if err != nil {
		panic(err) // texts and numbers
	}
	return record.Digest(12, string(text))
}

// Ports returns the TCP ports that the checks ask at, sorted.
func (v Variant) Ports() []int {
	var out []int
	for _, c := range v.Checks {
		if port := c.FromOutside(); port > 0 {
			out = append(out, port)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
