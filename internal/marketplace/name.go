package marketplace

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// maxName is how many characters the name of a change set may have
// (docs/reference/aws.md#startchangeset).
const maxName = 100

var notInName = regexp.MustCompile(`[^\w\s+=.:@-]`)

// maxStem leaves space for what follows a stem.
const maxStem = maxName - len(" validate 0123456789ab")

// Stem begins the name of every change set that Amiship makes for one release
// of one listing; what follows is a word for its purpose and a digest. One that
// is too long, or had to be changed, says by a digest of its own whose it is.
func Stem(project, tag, listing string) string {
	whole := "amiship " + project + " " + tag + " " + listing
	stem := notInName.ReplaceAllString(whole, ".")
	if stem == whole && len(stem) <= maxStem {
		return stem
	}
	sum := sha256.Sum256([]byte(whole))
	digest := " " + hex.EncodeToString(sum[:4])
	return stem[:min(len(stem), maxStem-len(digest))] + digest
}

// Purposes of change sets, as their names have them.
const (
	Add      = "add"
	Validate = "validate" // Intent VALIDATE: a rehearsal at AWS's
	Restrict = "restrict" // takes versions from new buyers, and adds none
)

// ChangeSetName names a change set for its purpose and for what it asks.
func ChangeSetName(stem, purpose, digest string) string { return stem + " " + purpose + " " + digest }

// ReadName takes the name of a change set apart. ok is false for one that was
// not made by Amiship for that stem.
func ReadName(stem, name string) (purpose, digest string, ok bool) {
	rest, ok := strings.CutPrefix(name, stem+" ")
	if !ok {
		return "", "", false
	}
	purpose, digest, ok = strings.Cut(rest, " ")
	return purpose, digest, ok && (purpose == Add || purpose == Validate || purpose == Restrict) && len(digest) == 12
}

// IsOurs reports whether Amiship made a change set of this name for a project.
func IsOurs(project, name string) bool {
	return strings.HasPrefix(name, notInName.ReplaceAllString("amiship "+project+" ", "."))
}
