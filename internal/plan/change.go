package plan

import "amiship/internal/release"

// Image is the AMI that a change is about.
type Image struct {
	AMI       string   `json:"ami,omitempty"`
	Name      string   `json:"name,omitempty"`
	Snapshots []string `json:"snapshots,omitempty"`
}

func (i Image) image() Image { return i }

// Tags are written by a change, complete; of a claim to end, those that say whose it is.
type Tags map[string]string

func (t Tags) tags() Tags { return t }

// Source is an AMI to copy from.
type Source struct {
	Region string `json:"region"`
	AMI    string `json:"ami"`
}

// Guard is what a plan saw of what an action changes: it must still be so when the change is
// made.
type Guard struct {
	Image     string `json:"image,omitempty"`      // digest of the AMI that the change is about, see Seen
	Launched  string `json:"launched,omitempty"`   // when that AMI was last launched, see Launched
	Parameter string `json:"parameter,omitempty"`  // value of the parameter; empty: there is none
	Product   string `json:"product,omitempty"`    // revision of the listing's product
	ChangeSet string `json:"change_set,omitempty"` // digest of the change set to cancel, see SeenSet
}

// Action is one change to one thing.
type Action struct {
	ID     ID
	Target release.Key
	Guard  Guard
	Change Change
}

// Kind is the kind of the action's change; empty: it has none.
func (a Action) Kind() Kind {
	if a.Change == nil {
		return ""
	}
	return a.Change.Kind()
}

// Image is the AMI that the change is about; zero: none.
func (a Action) Image() Image {
	if c, ok := a.Change.(interface{ image() Image }); ok {
		return c.image()
	}
	return Image{}
}

// Tags are those that the change writes, complete.
func (a Action) Tags() Tags {
	if c, ok := a.Change.(interface{ tags() Tags }); ok {
		return c.tags()
	}
	return nil
}

// Own reports whether the action is about a claim of this run: it is done even when the run
// stops, and while changes are held.
func (a Action) Own() bool {
	switch c := a.Change.(type) {
	case EndClaim:
		return c.Own
	case AdoptImage:
		return c.Own
	}
	return false
}

// As is the change of an action if it is a C, else a C with nothing in it.
func As[C Change](a Action) C {
	c, _ := a.Change.(C)
	return c
}

// Edit edits the change of an action, which must be a C.
func Edit[C Change](a *Action, edit func(*C)) {
	c := a.Change.(C)
	edit(&c)
	a.Change = c
}
