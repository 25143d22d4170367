package archtest

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

var updateWords = flag.Bool("update", false, "write testdata/words.txt where words have become fewer, or have moved")

// wordsFile lists what is left of each word in each file.
const wordsFile = "testdata/words.txt"

// word is one that this repository no longer uses, since its readers search for
// another.
type word struct {
	name    string // as words.txt spells it
	pattern string // of whole words, in any case
	instead string
}

func words() []word {
	return []word{
		{name: "any-more", pattern: `any ?more`, instead: "no longer"},
		{name: "asked-for", pattern: `asked for`, instead: "configured, requested"},
		{name: "best-effort", pattern: `best[ -]effort`, instead: "optional"},
		{name: "british", pattern: `\w*(behaviour|colour|favour|honour|neighbour)\w*|catalogues?|(author|initial|normal|organ|recogn|serial|summar)is(e|es|ed|ing|ation)`, instead: "the American spelling"},
		{name: "carry-on", pattern: `carr(y|ies|ied|ying) on`, instead: "resume, continue"},
		{name: "do-without", pattern: `do(es|ing|ne)? without|did without`, instead: "skip"},
		{name: "head-room", pattern: `head-?room`, instead: "remaining quota, remaining capacity"},
		{name: "kept-out", pattern: `kept out|kept no longer`, instead: "blocked, expired"},
		{name: "licence", pattern: `licence[sd]?`, instead: "license"},
		{name: "look", pattern: `look(s|ed|ing)? (again|at)|(a|the|each|every|one|next|first|last) look`, instead: "read, refresh, poll, inspect"},
		{name: "mend", pattern: `mend(s|ed|ing)?`, instead: "fix, restore"},
		{name: "newcomer", pattern: `newcomers?`, instead: "say it without naming the reader"},
		{name: "no-more", pattern: `no more`, instead: "no longer, not"},
		{name: "nobody", pattern: `nobody('s)?`, instead: "no one, or the actor's name"},
		{name: "put-back", pattern: `put(s|ting)? back`, instead: "restore"},
		{name: "room", pattern: `rooms?`, instead: "capacity, remaining quota"},
		{name: "shall", pattern: `shall`, instead: "must, will"},
		{name: "shut", pattern: `shut`, instead: "blocked, not ready"},
		{name: "so-many", pattern: `so (many|long)`, instead: "N, a duration"},
		{name: "somebody", pattern: `somebody('s)?`, instead: "another user, account or run, or the actor's name"},
		{name: "stands-in", pattern: `st(ands?|ood|anding) (in|for|on)`, instead: "is recorded in, replaces, is set to"},
		{name: "stranger", pattern: `strangers?('s)?`, instead: "another account"},
		{name: "take-away", pattern: `t(ake|akes|aken|aking|ook) away`, instead: "revoke, remove, deprecate, make private, restrict"},
		{name: "unread-reason", pattern: `reason is unread`, instead: "could not be read"},
		{name: "whoever", pattern: `whoever`, instead: "the actor's name"},
	}
}

// use is a word in a file.
type use struct{ file, word string }

func compareUses(a, b use) int {
	return cmp.Or(strings.Compare(a.file, b.file), strings.Compare(a.word, b.word))
}

// broken is where a line of prose goes on in the next, a comment's in the next comment.
var broken = regexp.MustCompile(`\s+(// ?)?`)

// uses counts the words in the repository's Go, tests aside, and Markdown.
func uses(t *testing.T, repo fs.FS) map[use]int {
	t.Helper()
	patterns := map[string]*regexp.Regexp{}
	for _, w := range words() {
		patterns[w.name] = regexp.MustCompile(`(?i)\b(` + w.pattern + `)\b`)
	}
	count := map[use]int{}
	for _, name := range tree(t, repo) {
		if path.Ext(name) != ".md" && (path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go")) {
			continue
		}
		content := broken.ReplaceAllString(text(t, repo, name), " ")
		for word, pattern := range patterns {
			if n := len(pattern.FindAllStringIndex(content, -1)); n > 0 {
				count[use{name, word}] = n
			}
		}
	}
	return count
}

// more returns what uses words that are not allowed, with what to write instead.
func more(count, allowed map[use]int) (wrong []string) {
	for _, w := range words() {
		for _, u := range sorted(count) {
			if n := count[u]; u.word == w.name && n > allowed[u] {
				wrong = append(wrong, fmt.Sprintf("%s: %q occurs %d times, allowed are %d: write %s", u.file, w.name, n, allowed[u], w.instead))
			}
		}
	}
	return wrong
}

// fewer returns the lines of words.txt that allow more than there is, and what
// to change them to.
func fewer(count, allowed map[use]int) (stale []string) {
	for _, u := range sorted(allowed) {
		switch n := count[u]; {
		case n == 0:
			stale = append(stale, "remove: "+line(u, allowed[u]))
		case n < allowed[u]:
			stale = append(stale, "change to: "+line(u, n))
		}
	}
	return stale
}

// grown returns the words of which there are more than before in all files
// together: text may move to another file, and must not bring new ones.
func grown(count, allowed map[use]int) (wrong []string) {
	balance := map[string]int{}
	for u, n := range count {
		balance[u.word] += n
	}
	for u, n := range allowed {
		balance[u.word] -= n
	}
	for _, word := range slices.Sorted(maps.Keys(balance)) {
		if balance[word] > 0 {
			wrong = append(wrong, fmt.Sprintf("%q occurs %d times more than before", word, balance[word]))
		}
	}
	return wrong
}

func sorted(m map[use]int) []use { return slices.SortedFunc(maps.Keys(m), compareUses) }

func line(u use, n int) string { return fmt.Sprintf("%s %s %d", u.file, u.word, n) }

// format writes the text of words.txt.
func format(count map[use]int) string {
	var b strings.Builder
	b.WriteString("# Uses of words that are being replaced: file, word (see words_test.go), how many.\n" +
		"# They only get fewer. After a change, or a conflict here of which either side is taken:\n" +
		"# go test ./internal/archtest -run TestWords -update\n")
	for _, u := range sorted(count) {
		b.WriteString(line(u, count[u]) + "\n")
	}
	return b.String()
}

// parseWords reads the text of words.txt.
func parseWords(text string) (map[use]int, error) {
	allowed := map[use]int{}
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		fields := strings.Fields(s.Text())
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s: %q is not FILE WORD COUNT", wordsFile, s.Text())
		}
		n, err := strconv.Atoi(fields[2])
		if err != nil || !slices.ContainsFunc(words(), func(w word) bool { return w.name == fields[1] }) {
			return nil, fmt.Errorf("%s: %q is not FILE WORD COUNT", wordsFile, s.Text())
		}
		allowed[use{fields[0], fields[1]}] = n
	}
	return allowed, nil
}

func TestWords(t *testing.T) {
	recorded, err := os.ReadFile(wordsFile)
	if err != nil {
		t.Fatal(err)
	}
	allowed, err := parseWords(string(recorded))
	if err != nil {
		t.Fatal(err)
	}
	count := uses(t, os.DirFS(root))
	if *updateWords {
		update(t, count, allowed)
		return
	}
	for _, wrong := range more(count, allowed) {
		t.Error(wrong)
	}
	if stale := fewer(count, allowed); len(stale) > 0 {
		t.Errorf("%s allows more than there is; run go test ./internal/archtest -run TestWords -update\n%s", wordsFile, strings.Join(stale, "\n"))
	}
}

// update records what there is, unless a word has become more frequent.
func update(t *testing.T, count, allowed map[use]int) {
	t.Helper()
	if wrong := grown(count, allowed); len(wrong) > 0 {
		t.Fatalf("%s is left as it is:\n%s\n%s", wordsFile, strings.Join(wrong, "\n"), strings.Join(more(count, allowed), "\n"))
	}
	if err := os.WriteFile(filepath.FromSlash(wordsFile), []byte(format(count)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWordsFindsFaults(t *testing.T) {
	for name, c := range map[string]struct {
		file, text, allowed string
		more, fewer, grown  string
	}{
		"nothing":                   {file: "a.go", text: "package a // An AMI is restored.\n"},
		"as allowed":                {file: "a.md", text: "Nobody, and somebody.", allowed: "a.md nobody 1\na.md somebody 1\n"},
		"one more":                  {file: "a.md", text: "Nobody sees nobody.", allowed: "a.md nobody 1\n", more: `a.md: "nobody" occurs 2 times, allowed are 1: write no one`, grown: `"nobody" occurs 1 times more`},
		"a new file":                {file: "docs/b.md", text: "It shall.", more: `docs/b.md: "shall" occurs 1 times, allowed are 0`, grown: `"shall" occurs 1 times more`},
		"one less":                  {file: "a.md", text: "It shall.", allowed: "a.md shall 2\n", fewer: "change to: a.md shall 1"},
		"none left":                 {file: "a.md", text: "It must.", allowed: "a.md shall 2\n", fewer: "remove: a.md shall 2"},
		"a file that moved":         {file: "b.md", text: "It shall.", allowed: "a.md shall 1\n", more: "b.md", fewer: "remove: a.md shall 1"},
		"one that moved, and more":  {file: "b.md", text: "It shall, shall.", allowed: "a.md shall 1\n", more: "b.md", fewer: "remove: a.md", grown: `"shall" occurs 1 times more`},
		"over the end of a line":    {file: "a.go", text: "package a\n\n// It is taken\n// away.\n", more: `"take-away" occurs 1 times`, grown: "take-away"},
		"a test":                    {file: "a_test.go", text: "package a // nobody\n"},
		"a part of another word":    {file: "a.md", text: "Amended, shallow, roommate, shutdown."},
		"a name in code":            {file: "a.go", text: "package a\n\nvar room = 1\n", more: `"room" occurs 1 times`, grown: "room"},
		"a spelling":                {file: "a.md", text: "It recognises neighbouring behaviour.", more: `"british" occurs 3 times`, grown: "british"},
		"a capital, and a genitive": {file: "a.md", text: "SOMEBODY's", more: `"somebody" occurs 1 times`, grown: "somebody"},
	} {
		t.Run(name, func(t *testing.T) {
			allowed, err := parseWords("# a comment\n" + c.allowed)
			if err != nil {
				t.Fatal(err)
			}
			count := uses(t, fstest.MapFS{c.file: {Data: []byte(c.text)}})
			for _, found := range []struct {
				what, want string
				got        []string
			}{{"more", c.more, more(count, allowed)}, {"fewer", c.fewer, fewer(count, allowed)}, {"grown", c.grown, grown(count, allowed)}} {
				if got := strings.Join(found.got, "; "); (found.want == "") != (got == "") || !strings.Contains(got, found.want) {
					t.Errorf("%s: found %q, want %q", found.what, got, found.want)
				}
			}
		})
	}
}

func TestWordsFile(t *testing.T) {
	count := map[use]int{{"b.md", "shall"}: 2, {"a.md", "nobody"}: 1, {"a.md", "mend"}: 3}
	text := format(count)
	if got, err := parseWords(text); err != nil || !maps.Equal(got, count) {
		t.Errorf("read %v, %v from\n%s", got, err, text)
	}
	if !strings.HasSuffix(text, "\na.md mend 3\na.md nobody 1\nb.md shall 2\n") {
		t.Errorf("not in order:\n%s", text)
	}
	for _, bad := range []string{"<<<<<<< HEAD", "a.md shall", "a.md shall many", "a.md unheard 1"} {
		if _, err := parseWords(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
