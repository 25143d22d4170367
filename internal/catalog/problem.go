package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something wrong with a catalog, and where.
type Problem struct {
	File         string // empty: the catalog itself, and not one that it extends
	Line, Column int    // from 1; 0: the file as a whole
	Field        string // its path: "images.ce.name"
	Text         string
}

// Problems is an error: everything that is wrong with a catalog, in the order
// of its lines.
type Problems struct {
	File string
	List []Problem
}

// Error has one line for each problem: "amiship.yaml:12:5: images.ce.name: …".
func (p *Problems) Error() string {
	lines := make([]string, len(p.List))
	for i, one := range p.List {
		lines[i] = p.line(one)
	}
	return strings.Join(lines, "\n")
}

func (p *Problems) line(one Problem) string {
	where := cmp.Or(one.File, p.File)
	if one.Line > 0 {
		where += fmt.Sprintf(":%d:%d", one.Line, one.Column)
	}
	if one.Field == "" {
		return where + ": " + one.Text
	}
	return where + ": " + one.Field + ": " + one.Text
}

// problemsError returns the problems as an error, sorted and each but once, or nil.
func problemsError(file string, list []Problem) error {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			strings.Compare(a.Field, b.Field), strings.Compare(a.Text, b.Text))
	})
	return &Problems{File: file, List: slices.Compact(list)}
}

// Nearest returns the candidate that is most like word, or "" if none is near.
func Nearest(word string, candidates []string) string {
	best, least := "", len(word)/2+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the letters to change, add, leave out or swap.
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+differ(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

func differ(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}

// oneOf lists words for a sentence: "a, b or c".
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
