package marketplace

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"
)

// What a world does not say follows from what it says.

func digestOf(of ...string) []byte {
	sum := sha256.Sum256([]byte(strings.Join(of, "\x00")))
	return sum[:]
}

// madeUp is a word of n small letters and digits.
func madeUp(n int, of ...string) string {
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(digestOf(of...)))[:n]
}

func madeUpUUID(of ...string) string { return uuid(digestOf(of...)) }

// uuid spells the first sixteen bytes.
func uuid(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// madeUpImage is the id of an image that is long gone.
func madeUpImage(of ...string) string {
	return "ami-0" + hex.EncodeToString(digestOf(of...))[:16]
}
