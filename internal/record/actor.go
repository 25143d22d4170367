package record

import (
	"strings"
	"time"
)

// Actor is who made a change, and from where: AWS keeps neither for long. What is
// not known is empty.
type Actor struct {
	ARN  string `json:"arn"`            // of the caller, as AWS knows it
	URL  string `json:"url,omitempty"`  // of the CI job
	User string `json:"user,omitempty"` // of the CI system: who started the job
}

func (a Actor) String() string {
	out := orUnknown(a.ARN)
	if a.User != "" {
		out += ", CI user " + a.User
	}
	if a.URL != "" {
		out += ", " + a.URL
	}
	return out
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}

// Mark is when something was done to an AMI, and by whom. It is kept in a tag of
// the AMI, see MarkTag.
type Mark struct {
	At time.Time
	By Actor
	// Note is about what: the step that was approved.
	Note string `json:",omitempty"`
}

// Event is what a Mark is about.
type Event string

// The events of a release whose time or actor AWS does not keep.
const (
	Tested    Event = "tested"
	Shared    Event = "shared"
	Published Event = "published"
	Listed    Event = "listed" // one for each listing, see ListedEvent
	Withdrawn Event = "withdrawn"
	Waived    Event = "waived" // on a candidate
	Approved  Event = "approved"

	SnapshotPublished Event = "snapshot-published"
)

// Events are those that every AMI of a release may have a mark of.
func Events() []Event {
	return []Event{Tested, Shared, SnapshotPublished, Published, Withdrawn, Waived, Approved}
}

// ListedEvent is that of one listing: several may offer an AMI.
func ListedEvent(listing string) Event { return Listed + Event("-"+listing) }

// markPrefix is what the keys of all marks begin with. TestedMark is the one that
// copies take over from their candidate, with the verdict.
const (
	markPrefix = "amiship:at-"
	TestedMark = markPrefix + string(Tested)
)

// MarkTag is the key of the tag that keeps an event's mark.
func MarkTag(e Event) string { return markPrefix + string(e) }

// IsMark reports whether a tag keeps a mark. Nothing is decided by one.
func IsMark(key string) bool { return strings.HasPrefix(key, markPrefix) }

// none is written for what is not known: fields are told apart by blanks.
const none = "-"

// Value is the mark as MarkTag's value: "1:TIME ARN URL USER NOTE". What AWS would
// not take is left out whole, the user first, then the URL, then the ARN: half of
// one would name another user.
func (m Mark) Value() string {
	fields := []string{m.At.UTC().Format(time.RFC3339), field(m.By.ARN), field(m.By.URL), field(m.By.User), field(m.Note)}
	for _, i := range []int{4, 3, 2, 1} {
		if len([]rune(strings.Join(fields, " "))) > maxTag {
			fields[i] = none
		}
	}
	return TagValue(strings.Join(fields, " "))
}

func field(text string) string {
	if text = strings.Join(strings.Fields(text), "_"); text == "" {
		return none
	}
	return text
}

// ReadMark reads the mark of an event from tags; ok is false if there is none that
// can be read.
func ReadMark(tags map[string]string, e Event) (m Mark, ok bool) {
	text, schema := ReadTag(tags[MarkTag(e)])
	fields := strings.Split(text, " ")
	if schema != Schema || len(fields) != 5 {
		return Mark{}, false
	}
	at, err := time.Parse(time.RFC3339, fields[0])
	for i, f := range fields {
		if f == none {
			fields[i] = ""
		}
	}
	return Mark{At: at, By: Actor{ARN: fields[1], URL: fields[2], User: fields[3]}, Note: fields[4]}, err == nil
}
