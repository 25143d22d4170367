package ec2

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"amiship/sandbox/wire"
)

// newID makes an id as AWS does: the kind, a 0 and 16 random hex digits.
func newID(kind string) string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return kind + "-0" + hex.EncodeToString(b[:])
}

// derivedID is the id of something that is not stored because every account
// has it in every region, like the default VPC.
func derivedID(kind string, of ...string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + strings.Join(of, "\x00")))
	return kind + "-0" + hex.EncodeToString(sum[:8])
}

var idForm = regexp.MustCompile(`^[a-z]+-([0-9a-f]{8}|[0-9a-f]{17})$`)

// wellFormed reports whether id could be one of the kind.
func wellFormed(kind, id string) bool {
	return strings.HasPrefix(id, kind+"-") && idForm.MatchString(id)
}

// checkID refuses an id that cannot be one of the kind with code.
func checkID(kind, id, code string) error {
	if wellFormed(kind, id) {
		return nil
	}
	return wire.Errorf(code, `Invalid id: "%s" (expecting "%s-...")`, id, kind)
}

// digest is a short fingerprint of s.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}
