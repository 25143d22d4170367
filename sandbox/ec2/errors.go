package ec2

import (
	"fmt"
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

func invalidCombination(format string, args ...any) error {
	return wire.Errorf("InvalidParameterCombination", format, args...)
}

// unknownIDs is the error for ids that do not exist, or that the caller may
// not see, which is the same to them.
func unknownIDs(code, what string, ids []string) error {
	text := "The %s ID '%s' does not exist"
	if len(ids) > 1 {
		text = "The %s IDs '%s' do not exist"
	}
	return wire.Errorf(code, text, what, strings.Join(ids, ", "))
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

func snapshotNotFound(id string) error {
	return wire.Errorf("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", id)
}

// notOwner is the answer to changing what belongs to another account but may be seen.
func notOwner(kind, id string) error {
	return &wire.Error{Code: "AuthFailure", Message: fmt.Sprintf("Not authorized for %s:%s", kind, id), Status: 403}
}
