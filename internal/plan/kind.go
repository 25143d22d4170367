package plan

import (
	"cmp"
	"fmt"
	"slices"
)

// index is where in the table a kind is; a kind that is not there is a fault of the program.
func (k Kind) index() int {
	for i := range kinds {
		if kinds[i].kind == k {
			return i
		}
	}
	panic(fmt.Sprintf("no kind %q of steps is described", string(k)))
}

func (k Kind) spec() spec { return kinds[k.index()] }

// Kinds returns all, in the order in which a release goes through them.
func Kinds() []Kind {
	out := make([]Kind, len(kinds))
	for i, s := range kinds {
		out[i] = s.kind
	}
	return out
}

// Compare orders kinds as a release goes through them.
func (k Kind) Compare(o Kind) int {
	if k == o {
		return 0
	}
	return cmp.Compare(k.index(), o.index())
}

// Change is the change of a kind with nothing in it.
func (k Kind) Change() Change { return k.spec().change }

// Does says in words what a step of the kind does.
func (k Kind) Does() string { return k.spec().does }

// Passive reports whether steps of the kind only hold others.
func (k Kind) Passive() bool { return k.spec().passive }

// Long reports whether a step of the kind takes minutes and an instance.
func (k Kind) Long() bool { return k.spec().machine }

// CompletesRegion reports whether a region of a release is complete only when its steps
// of the kind are done.
func (k Kind) CompletesRegion() bool { return k.spec().display == ofRegion }

// Housekeeping reports whether steps of the kind are left out of totals.
func (k Kind) Housekeeping() bool { return k.spec().display == housekeeping }

// Needs reports whether a step of the kind needs an IAM action.
func (k Kind) Needs(action string) bool { return slices.Contains(k.spec().iam, action) }
