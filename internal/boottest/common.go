package boottest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// inCommon are the secrets that two instances of an AMI have in common: private keys and
// credentials of the same content, and files of /etc that were made before the instances
// were. A file that each instance writes for itself has another time.
func (f found) inCommon(other found, here, there string) (out []finding) {
	for _, path := range slices.Sorted(maps.Keys(f.files)) {
		a, b := f.files[path], other.files[path]
		if a.sha256 != b.sha256 {
			continue
		}
		what := ""
		switch {
		case a.kind == "key":
			what = "a private key"
		case a.kind == "credential":
			what = "a credential"
		case a.changed != b.changed || common(path):
		case a.secret():
			what = "a file that not everyone may read"
		case f.random(path):
			what = "a file with a random text"
		}
		if what != "" {
			out = append(out, finding{path, fmt.Sprintf("%s that is the same on %s and %s: make it at the first boot", what, here, there)})
		}
	}
	return out
}

// common reports whether a file of /etc may be the same everywhere: its secrets, if it
// has any, are judged on their own.
func common(path string) bool {
	switch strings.TrimSuffix(path, "-") {
	case "/etc/shadow", "/etc/gshadow", "/etc/sudoers":
		return true
	}
	for _, dir := range []string{"/etc/sudoers.d/", "/etc/ssh/sshd_config", "/etc/netplan/", "/etc/selinux/"} {
		if strings.HasPrefix(path, dir) {
			return true
		}
	}
	return strings.HasSuffix(path, ".pub")
}

// random reports whether a file of /etc holds a text that looks random.
func (f found) random(path string) bool { return slices.ContainsFunc(f.tokens[path], looksRandom) }

// looksRandom tells a key or a token from words and paths: by digits among letters, and
// by how often capitals, small letters and digits take turns.
func looksRandom(text string) bool {
	const (
		shortest = 24
		turns    = 0.3 // of two neighbors; about a half of random hex, two thirds of base64
	)
	if len(text) < shortest || strings.HasPrefix(text, "AAAA") { // a public key of SSH
		return false
	}
	neighbors, changes, digits, letters := 0, 0, 0, 0
	for i := range len(text) {
		class := classOf(text[i])
		switch class {
		case '-':
			continue
		case '0':
			digits++
		default:
			letters++
		}
		if i == 0 || classOf(text[i-1]) == '-' {
			continue
		}
		neighbors++
		if classOf(text[i-1]) != class {
			changes++
		}
	}
	return digits > 1 && letters > 1 && float64(changes) >= turns*float64(neighbors)
}

// classOf is 0, a or A for digits and letters, and - for all else.
func classOf(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return '0'
	case c >= 'a' && c <= 'z':
		return 'a'
	case c >= 'A' && c <= 'Z':
		return 'A'
	}
	return '-'
}
