package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
)

var (
	link     = regexp.MustCompile(`\]\(([^)#\s]*)(#[^)]*)?\)`)
	citation = regexp.MustCompile(`\b(docs/[\w./-]+\.md)(#[\w-]+)?`)
	document = regexp.MustCompile(`[\w./-]+\.md\b`)
	heading  = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	fence    = regexp.MustCompile("(?ms)^```.*?^```")
	uncited  = regexp.MustCompile(`\(facts? |\bfacts \d|\b(facts-aws|design|requirements|machines|lessons|english|style|deps)\.md\b`)
)

// written are the kinds of files whose text may cite a document.
func written(name string) bool {
	return slices.Contains([]string{".go", ".sh", ".md", ".yaml", ".yml", ".txt", ".txtar", ".py", ".hcl"}, path.Ext(name)) ||
		path.Base(name) == "Makefile" || below(name, "script") || below(name, ".ci")
}

// anchors returns the anchors of a Markdown file, spelled as GitHub and GitLab
// spell them: lower case, punctuation dropped, spaces as hyphens.
func anchors(markdown string) map[string]bool {
	found := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(markdown, ""), -1) {
		found["#"+strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])] = true
	}
	return found
}

// resolves reports whether a repository has the file and, if an anchor is given,
// the heading.
func resolves(t *testing.T, repo fs.FS, file, anchor string) bool {
	t.Helper()
	if _, err := fs.Stat(repo, file); err != nil {
		return false
	}
	return anchor == "" || path.Ext(file) != ".md" || anchors(text(t, repo, file))[anchor]
}

// deadLinks finds links in Markdown to files or headings that do not exist.
func deadLinks(t *testing.T, repo fs.FS) (wrong []string) {
	for _, name := range tree(t, repo) {
		if path.Ext(name) != ".md" {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(text(t, repo, name), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			file := name
			if m[1] != "" {
				file = path.Join(path.Dir(name), m[1])
			}
			if !resolves(t, repo, file, m[2]) {
				wrong = append(wrong, name+" links to "+m[1]+m[2]+", which does not exist")
			}
		}
	}
	return wrong
}

// deadCitations finds paths below docs, with or without a heading, that do not
// resolve, and citations of documents that are not in the repository. Strings of
// this package are left out: they are planted faults.
func deadCitations(t *testing.T, repo fs.FS) (wrong []string) {
	for _, name := range tree(t, repo) {
		if !written(name) {
			continue
		}
		content := text(t, repo, name)
		said := prose(t, name, content)
		if below(name, "internal/archtest") {
			content = said
		}
		for _, m := range citation.FindAllStringSubmatch(content, -1) {
			if !resolves(t, repo, m[1], m[2]) {
				wrong = append(wrong, name+" cites "+m[1]+m[2]+", which does not exist")
			}
		}
		for _, m := range uncited.FindAllString(said, -1) {
			wrong = append(wrong, name+" cites something outside the repository: "+m)
		}
	}
	return wrong
}

// prose is what a file says to its readers: the comments of Go, all of another.
func prose(t *testing.T, name, content string) string {
	if path.Ext(name) == ".go" {
		return comments(t, name, content)
	}
	return content
}

// comments returns the comments of a Go file.
func comments(t *testing.T, name, content string) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, group := range f.Comments {
		all.WriteString(group.Text() + "\n")
	}
	return all.String()
}

// unknownDocuments finds Markdown files that a comment of Go names, by path or by
// name alone, and the repository does not have.
func unknownDocuments(t *testing.T, repo fs.FS) (wrong []string) {
	files := tree(t, repo)
	known := map[string]bool{}
	for _, name := range files {
		known[name], known[path.Base(name)] = true, true
	}
	for _, name := range files {
		if path.Ext(name) != ".go" {
			continue
		}
		for _, doc := range document.FindAllString(comments(t, name, text(t, repo, name)), -1) {
			if !known[doc] {
				wrong = append(wrong, name+" names "+doc+", which does not exist")
			}
		}
	}
	return wrong
}

func TestCitations(t *testing.T) {
	repo := os.DirFS(root)
	for _, wrong := range slices.Concat(deadLinks(t, repo), deadCitations(t, repo), unknownDocuments(t, repo)) {
		t.Error(wrong)
	}
}

func TestCitationsFindsFaults(t *testing.T) {
	good := fstest.MapFS{
		"README.md":   {Data: []byte("# Amiship\n[more](docs/a.md#the-top-2-its-x), [here](#amiship), [AWS](https://aws.example/x#y), [a script](x.sh#L3)")},
		"x.sh":        {Data: []byte("#!/bin/sh\n")},
		"docs/a.md":   {Data: []byte("[back](../README.md)\n## The top 2: it's `x`\n```\n## Fenced\n```\n")},
		"a.go":        {Data: []byte("// Package a is in docs/a.md#the-top-2-its-x, and in README.md.\npackage a\n\nconst x = \"any.md (facts 1.2)\"\n")},
		"bin/left.md": {Data: []byte("[x](nowhere)")},
		"x/t.bin":     {Data: []byte("[x](nowhere), docs/nowhere.md")},
	}
	for name, c := range map[string]struct{ file, text, want string }{
		"nothing":                      {"docs/b.md", "fine", ""},
		"a dead link":                  {"docs/b.md", "[x](c.md)", "docs/b.md links to c.md"},
		"a link to no heading":         {"docs/b.md", "[x](a.md#top)", "docs/b.md links to a.md#top"},
		"to a heading of its own":      {"docs/b.md", "[x](#top)", "docs/b.md links to #top"},
		"to a line of a code block":    {"docs/b.md", "[x](a.md#fenced)", "links to a.md#fenced"},
		"a script cites no file":       {"script/x", "# see docs/none.md\n", "script/x cites docs/none.md"},
		"a script cites no heading":    {"x.sh", "# see docs/a.md#none.\n", "x.sh cites docs/a.md#none"},
		"Go cites no heading":          {"b.go", "// See docs/a.md#none.\npackage b\n", "b.go cites docs/a.md#none"},
		"numbers of another document":  {"b.go", "// It throttles (facts 2.5).\npackage b\n", "b.go cites something outside the repository: (facts "},
		"the same in Markdown":         {"docs/b.md", "See facts 2.5", "docs/b.md cites something outside"},
		"a document from elsewhere":    {"docs/b.md", "as in design.md", "docs/b.md cites something outside the repository: design.md"},
		"a comment names one":          {"b.go", "// Package b is explained in plans.md.\npackage b\n", "b.go names plans.md"},
		"a YAML file cites no heading": {"x/a.yaml", "# docs/a.md#none\n", "x/a.yaml cites docs/a.md#none"},
	} {
		t.Run(name, func(t *testing.T) {
			repo := fstest.MapFS{c.file: {Data: []byte(c.text)}}
			for name, f := range good {
				if name != c.file {
					repo[name] = f
				}
			}
			got := strings.Join(slices.Concat(deadLinks(t, repo), deadCitations(t, repo), unknownDocuments(t, repo)), "; ")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// located are paths of this repository as documents give them, in backquotes.
var located = regexp.MustCompile("`((?:bench|cmd|docs|examples|internal|sandbox|scenarios|script|testdata)/[\\w./*-]+)`")

// lostPaths finds paths in Markdown that match nothing; NAME in capitals stands for
// any name.
func lostPaths(t *testing.T, repo fs.FS) (wrong []string) {
	for _, name := range tree(t, repo) {
		if path.Ext(name) != ".md" || name == "CHANGELOG.md" { // which tells of what there was
			continue
		}
		for _, m := range located.FindAllStringSubmatch(text(t, repo, name), -1) {
			found, err := fs.Glob(repo, strings.ReplaceAll(m[1], "NAME", "*"))
			if err != nil || len(found) == 0 {
				wrong = append(wrong, name+" names "+m[1]+", which does not exist")
			}
		}
	}
	return wrong
}

// undescribed finds packages of the product that the page on the architecture does
// not name.
func undescribed(page string, table []layer) (wrong []string) {
	for _, l := range table {
		name := path.Base(l.pkg)
		product := below(l.pkg, "internal") && name != "archtest" && name != "sabotage"
		if product && !regexp.MustCompile(`\b`+name+`\b`).MatchString(page) {
			wrong = append(wrong, "docs/architecture.md does not name "+l.pkg)
		}
	}
	return wrong
}

func TestPathsOfDocuments(t *testing.T) {
	repo := os.DirFS(root)
	for _, wrong := range slices.Concat(lostPaths(t, repo), undescribed(text(t, repo, "docs/architecture.md"), layers())) {
		t.Error(wrong)
	}
}

func TestPathsOfDocumentsFindsFaults(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":            {text: "See `internal/a/a.go`, `internal/a`, `internal/*/a.go`, `internal/a/NAME.go` and `internal/x y`."},
		"a file that moved":  {text: "See `internal/b/a.go`.", want: "a.md names internal/b/a.go"},
		"a name for nothing": {text: "See `internal/a/NAME.txt`.", want: "a.md names internal/a/NAME.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			repo := fstest.MapFS{"internal/a/a.go": {Data: []byte("package a\n")}, "a.md": {Data: []byte(c.text)}}
			got := strings.Join(lostPaths(t, repo), "; ")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
	table := []layer{{pkg: "internal/plan"}, {pkg: "internal/engine"}, {pkg: "internal/archtest"}, {pkg: "sandbox/ec2"}}
	if got := undescribed("the plan, and its planner; engines", table); !slices.Equal(got, []string{"docs/architecture.md does not name internal/engine"}) {
		t.Errorf("found %q", got)
	}
}
