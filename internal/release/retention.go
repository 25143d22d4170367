package release

import (
	"encoding/json"
	"fmt"
	"time"

	"amiship/internal/record"
)

// Retention says what is kept of a project's releases, and what becomes of the
// rest.
type Retention struct {
	// What is kept of public AMIs, of the others, and of the versions of
	// listings. Nil: all of them.
	Public   *Keep `json:"public,omitempty"`
	Private  *Keep `json:"private,omitempty"`
	Versions *Keep `json:"versions,omitempty"`
	// Launched: an AMI that was launched within that time is kept.
	Launched time.Duration `json:"-"` // launched_seconds
	// Referenced: an AMI is kept that instances, launch templates or SSM parameters of the
	// account refer to.
	Referenced bool `json:"referenced,omitempty"`
	// UsedByOthers: an AMI is kept that other accounts use, or of which no usage report says
	// that they don't.
	UsedByOthers bool  `json:"used_by_others,omitempty"`
	Grace        Grace `json:"grace"`
	// MaxPerRun is how many AMIs a retirement changes at most, in all regions together,
	// if no person confirms it.
	MaxPerRun int `json:"max_per_run"`
}

// MarshalJSON writes durations in seconds.
func (r Retention) MarshalJSON() ([]byte, error) {
	type plain Retention
	return json.Marshal(struct {
		plain
		LaunchedSeconds float64 `json:"launched_seconds"`
	}{plain(r), r.Launched.Seconds()})
}

// String spells what decides which AMIs are retired, and when: equal policies have equal
// texts, of less than a tag's 256 characters. MaxPerRun decides neither.
func (r Retention) String() string {
	g := r.Grace
	text := fmt.Sprintf("public %s, private %s, versions %s, launched %s, deprecate %s, demote %s, disable %s, deregister %s",
		r.Public, r.Private, r.Versions, asDays(r.Launched), asDays(g.Deprecate), asDays(g.Demote), asDays(g.Disable), asDays(g.Deregister))
	if r.Referenced {
		text += ", referenced"
	}
	if r.UsedByOthers {
		text += ", used by others"
	}
	return text
}

// Digest of the policy: 12 hex digits, to be approved.
func (r Retention) Digest() string {
	return record.Digest(12, r.String())
}

// String: the newest 2 patches of 3 minors, and what is younger than 90 days.
func (k *Keep) String() string {
	if k == nil {
		return "all"
	}
	return fmt.Sprintf("%d of %d %s", k.Patches, k.Minors, asDays(k.Age))
}

func asDays(d time.Duration) string { return fmt.Sprintf("%dd", int(d.Hours()/24)) }

// Keep is a policy: the newest patches of each of the newest minors, and whatever
// is younger than Age.
type Keep struct {
	Patches int           `json:"patches"`
	Minors  int           `json:"minors"`
	Age     time.Duration `json:"-"` // age_seconds
}

// MarshalJSON writes durations in seconds.
func (k Keep) MarshalJSON() ([]byte, error) {
	type plain Keep
	return json.Marshal(struct {
		plain
		AgeSeconds float64 `json:"age_seconds"`
	}{plain(k), k.Age.Seconds()})
}

// Grace is how long after an AMI was found to be expired (TagRetired) each step
// is due. They grow in this order.
type Grace struct{ Deprecate, Demote, Disable, Deregister time.Duration }

// MarshalJSON writes durations in seconds.
func (g Grace) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Deprecate  float64 `json:"deprecate_seconds"`
		Demote     float64 `json:"demote_seconds"`
		Disable    float64 `json:"disable_seconds"`
		Deregister float64 `json:"deregister_seconds"`
	}{g.Deprecate.Seconds(), g.Demote.Seconds(), g.Disable.Seconds(), g.Deregister.Seconds()})
}

// Form is the form of the names and tags that AMIs of a variant have, whoever
// created them: it identifies them where Amiship's own tags are missing.
type Form struct {
	Image, Arch string
	Public      bool
	Name        string            // regular expression whose first group reads a version; "": none
	Tags        map[string]string // the same for the catalog's tags; those without a version have no group
	Parameters  []string          // regular expressions of the names of its SSM parameters, at any version
	Tag         string            // what a tag of a version is, with {version} in it
}
