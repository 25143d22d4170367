package ec2

import (
	"fmt"
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

// Errors that several operations answer with, in AWS's words.

func missingParameter(name string) error {
	return wire.Errorf("MissingParameter", "The request must contain the parameter %s", name)
}

func invalidValue(parameter, value, why string) error {
	return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid. %s", value, parameter, why)
}

// oneOf refuses a value that is there and is none of the words.
func oneOf(parameter, value string, words ...string) error {
	if value == "" || slices.Contains(words, value) {
		return nil
	}
	return invalidValue(parameter, value, "Expected "+strings.Join(words, " or ")+".")
}

func invalidCombination(format string, args ...any) error {
	return wire.Errorf("InvalidParameterCombination", format, args...)
}

// notFound is the error for things that do not exist, or that the caller may not see,
// which is the same to them. It names all of them, and ends with the words given.
func notFound(code, what string, ids []string, end string) error {
	if len(ids) > 1 {
		return wire.Errorf(code, "The %ss '%s' do not exist%s", what, strings.Join(ids, ", "), end)
	}
	return wire.Errorf(code, "The %s '%s' does not exist%s", what, strings.Join(ids, ", "), end)
}

// named finds each thing that a request names, once and in the order of the names. Where some
// are not found, missing makes the error that names them all, as the request has them; find's
// own error comes first.
func named[T any](names []string, missing func(...string) error, find func(string) (T, bool, error)) ([]T, error) {
	var out []T
	var gone []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		it, found, err := find(name)
		switch {
		case err != nil:
			return nil, err
		case !found:
			gone = append(gone, name)
		default:
			out = append(out, it)
		}
	}
	if len(gone) > 0 {
		slices.SortFunc(gone, func(a, b string) int { return slices.Index(names, a) - slices.Index(names, b) })
		return nil, missing(gone...)
	}
	return out, nil
}

func instanceNotFound(ids ...string) error {
	return notFound("InvalidInstanceID.NotFound", "instance ID", ids, "")
}

func imageNotFound(ids ...string) error {
	list := "[" + strings.Join(ids, ", ") + "]"
	if len(ids) > 1 {
		return wire.Errorf("InvalidAMIID.NotFound", "The image ids '%s' do not exist", list)
	}
	return wire.Errorf("InvalidAMIID.NotFound", "The image id '%s' does not exist", list)
}

func imageUnavailable(id string) error {
	return wire.Errorf("InvalidAMIID.Unavailable", "The image ID '%s' is not available", id)
}

func snapshotNotFound(ids ...string) error {
	return notFound("InvalidSnapshot.NotFound", "snapshot", ids, ".")
}

// notOwner is the answer to changing what belongs to another account but may be seen.
func notOwner(kind, id string) error {
	return &wire.Error{Code: "AuthFailure", Message: fmt.Sprintf("Not authorized for %s:%s", kind, id), Status: 403}
}
