package iam

import (
	"crypto/sha256"
	"encoding/base32"
	"net/http"
	"regexp"

	"amiship/sandbox/wire"
)

// uniqueID is IAM's id of a thing: AROA and AIPA, and 17 letters and digits.
func uniqueID(prefix, arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

var (
	nameForm = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)
	pathForm = regexp.MustCompile(`^(/|/[!-~]+/)$`)
)

// checkName holds a name and a path against IAM's rules.
func checkName(parameter, name, path string) error {
	switch {
	case name == "":
		return wire.Errorf("ValidationError", "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", parameter)
	case !nameForm.MatchString(name):
		return wire.Errorf("ValidationError", "The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", parameter)
	case path != "" && !pathForm.MatchString(path):
		return wire.Errorf("ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return nil
}

func notFound(format string, args ...any) error {
	return withStatus(http.StatusNotFound, "NoSuchEntity", format, args...)
}

func conflict(code, format string, args ...any) error {
	return withStatus(http.StatusConflict, code, format, args...)
}

func withStatus(status int, code, format string, args ...any) error {
	e := wire.Errorf(code, format, args...)
	e.Status = status
	return e
}

// done is the answer of operations that only say that they worked.
type done struct{}

// tag is a tag of a role or an instance profile. They are kept, and shown with it.
type tag struct{ Key, Value string }
