package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Check is what a machine started from the AMI must answer: over HTTP, or, if
// Run is set, to a command over SSH. Texts may hold what MachinePlaceholders
// names.
type Check struct {
	Port     int    `json:",omitempty"`
	Path     string `json:",omitempty"` // begins with /
	Status   int    `json:",omitempty"`
	Run      string `json:",omitempty"` // for the shell of Build.SSHUser
	Exit     int    `json:",omitempty"`
	Contains string `json:",omitempty"` // in the answer's body, or on standard output
	Differs  bool   `json:",omitempty"` // what Run prints, between two machines
}

// MachinePlaceholders are those that stand for what is known only once a
// machine runs: its public DNS name (or address), public IPv4 address, and id.
func MachinePlaceholders() []string { return []string{"host", "address", "instance"} }

func (c Check) String() string {
	if c.Run != "" {
		return "run " + c.Run
	}
	return fmt.Sprintf("GET :%d%s", c.Port, c.Path)
}

// ChecksDigest tells one set of checks from another: 12 hex digits.
func (v Variant) ChecksDigest() string {
	text, err := json.Marshal(v.Checks)
	if err != nil {
		panic(err) // texts and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// Ports returns the TCP ports that the checks ask at, sorted.
func (v Variant) Ports() []int {
	var out []int
	for _, c := range v.Checks {
		if c.Run == "" {
			out = append(out, c.Port)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
