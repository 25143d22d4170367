package record

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Digest tells one list of texts from another: the first hexadecimal digits, at most 64,
// of the SHA-256 of the texts with a zero byte between each two. Names and tags on AWS
// rest on it.
func Digest(digits int, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])[:digits]
}
