package report

import (
	"fmt"
	"io"

	"amiship/internal/audit"
)

// Audited is what was seen of one of many releases.
type Audited struct {
	Tag   string          `json:"tag"`             // empty: of what releases have left that AWS has no longer
	Skip  string          `json:"skip,omitempty"`  // why it was not checked
	Err   string          `json:"error,omitempty"` // why it could not be: a finding
	Notes []string        `json:"notes,omitempty"` // by which catalog it was checked
	Seen  *audit.Verified `json:"seen,omitempty"`
}

// CountFindings counts the differences from the catalog.
func CountFindings(all []Audited) int {
	n := 0
	for _, one := range all {
		if one.Err != "" {
			n++
		}
		if one.Seen != nil {
			n += len(one.Seen.Findings)
		}
	}
	return n
}

// AuditedAll writes each release, then the sum.
func AuditedAll(w io.Writer, project string, all []Audited) {
	for _, one := range all {
		if one.Skip == "" {
			for _, note := range one.Notes {
				fmt.Fprintln(w, "  note   "+firstLine(note))
			}
		}
		switch {
		case one.Skip != "":
			fmt.Fprintf(w, "%s %s: left out: it %s\n", project, one.Tag, one.Skip)
		case one.Err != "":
			fmt.Fprintf(w, "%s %s: %s\n", project, one.Tag, one.Err)
		case one.Seen != nil && one.Tag == "":
			differences(w, *one.Seen)
		case one.Seen != nil:
			Verified(w, *one.Seen)
		}
	}
	fmt.Fprintf(w, "%s: %s, %s\n", project, count(releases(all), "release"), count(CountFindings(all), "finding"))
}

// releases counts those that AWS has.
func releases(all []Audited) int {
	n := 0
	for _, one := range all {
		if one.Tag != "" {
			n++
		}
	}
	return n
}
