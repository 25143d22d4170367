package archtest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// vague are names that say nothing of what a package knows.
func vague() []string {
	return []string{"util", "utils", "common", "types", "helpers", "models", "misc", "shared", "base", "core"}
}

var sentenceEnd = regexp.MustCompile(`[.?!]["')]?(\s|$)`)

// uncommented returns what is wrong with a package's name and comment. files
// are those without tests.
func uncommented(name string, files []source) []string {
	var comments []string
	for _, f := range files {
		if f.Doc != nil {
			comments = append(comments, f.Doc.Text())
		}
	}
	var wrong []string
	if slices.Contains(vague(), name) {
		wrong = append(wrong, "is named by nothing it knows")
	}
	if len(comments) != 1 {
		return append(wrong, fmt.Sprintf("has %d package comments", len(comments)))
	}
	want := "Package " + name + " "
	if name == "main" {
		want = "Command "
	}
	if !strings.HasPrefix(comments[0], want) {
		wrong = append(wrong, "has a comment that does not begin with "+want)
	}
	if len(sentenceEnd.FindAllString(comments[0], -1)) < 2 {
		wrong = append(wrong, "has a comment of one sentence: add what a reader would get wrong without it")
	}
	return wrong
}

func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		files := slices.DeleteFunc(p.sources(t), source.test)
		if len(files) == 0 && p.Name != "archtest" {
			continue // tests of an example have no package
		}
		if p.Name == "archtest" {
			files = p.sources(t)
		}
		for _, wrong := range uncommented(p.Name, files) {
			t.Errorf("%s %s", p.short(), wrong)
		}
	}
}

func TestPackageCommentsFindsFaults(t *testing.T) {
	const good = "// Package x does it. It must not be done twice.\npackage x\n"
	for name, c := range map[string]struct {
		name  string
		files []string
		want  string
	}{
		"good":           {"x", []string{good, "package x\n"}, ""},
		"none":           {"x", []string{"package x\n"}, "has 0 package comments"},
		"two":            {"x", []string{good, good}, "has 2 package comments"},
		"of another":     {"y", []string{good}, "does not begin with Package y"},
		"a short one":    {"x", []string{"// Package x does it.\npackage x\n"}, "of one sentence"},
		"not a command":  {"main", []string{"// Package main is it. Yes.\npackage main\n"}, "does not begin with Command"},
		"a detached one": {"x", []string{"// Package x does it. Yes.\n\npackage x\n"}, "has 0 package comments"},
		"util":           {"util", []string{"// Package util is it. Yes.\npackage util\n"}, "named by nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			var files []source
			for _, text := range c.files {
				files = append(files, snippet(t, "x/x.go", text))
			}
			got := strings.Join(uncommented(c.name, files), "; ")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}
