package release

import (
	"slices"
	"strings"

	"amiship/internal/record"
)

// Tagged reports whether tags name the release. The schema that they are written in does not
// matter.
func (d Desired) Tagged(tags map[string]string) bool {
	project, _ := record.ReadTag(tags[record.TagProject])
	tag, _ := record.ReadTag(tags[record.TagTag])
	return project == d.Project && tag == d.Tag
}

// Names are those of the release's AMIs and of its candidates, with AWS's wildcard at the end of
// what is a beginning.
func (d Desired) Names() []string {
	var out []string
	for _, v := range d.Variants {
		out = append(out, v.Name)
		out = append(out, d.Owner(v).CandidatesPatterns()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Named reports whether a name is one of Names.
func Named(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		beginning, wild := strings.CutSuffix(n, "*")
		return n == name || wild && strings.HasPrefix(name, beginning)
	})
}
