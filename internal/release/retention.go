package release

import "time"

// Retention says what is kept of a project's releases, and what becomes of the
// rest.
type Retention struct {
	// What is kept of AMIs that everybody may launch, of the others, and of the
	// versions of listings. Nil: all of them.
	Public, Private, Versions *Keep
	// Launched: an AMI that somebody has started within that time is kept.
	Launched time.Duration
	Grace    Grace
}

// Keep is a policy: the newest patches of each of the newest minors, and whatever
// is younger than Age.
type Keep struct {
	Patches, Minors int
	Age             time.Duration
}

// Grace is how long after an AMI was found to be kept no longer (TagRetired) each
// step is due. They grow in this order.
type Grace struct{ Deprecate, Demote, Disable, Deregister time.Duration }

// Form is the form of the names and tags that AMIs of a variant have, whoever made
// them: by it they are known where Amiship's own tags are missing.
type Form struct {
	Image, Arch string
	Public      bool
	Name        string            // regular expression whose first group reads a version; "": none
	Tags        map[string]string // the same for the catalog's tags; those without a version have no group
	Tag         string            // what a tag of a version is, with {version} in it
}

// Released reports whether a stage is that of a release which customers can use.
func Released(stage string) bool { return stage == StageRelease || stage == StageDeprecated }
