package packer

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// hidden replaces a secret.
const hidden = "[secret]"

// How many bytes of a secret tell it from other text: telling are replaced
// everywhere, wordy as a word by itself. What is shorter stays, or the log would be
// unreadable.
const (
	telling = 6
	wordy   = 4
)

// Redactor takes secrets out of texts, in each form in which a program may print them:
// as they are, line by line, and as Packer, JSON, a shell, a URL and base64 spell them.
type Redactor struct {
	all     *strings.Replacer
	words   []*regexp.Regexp
	longest int // bytes of the longest form
}

// NewRedactor hides the secrets. Those of fewer than 4 bytes are not hidden, those of
// fewer than 6 where they are a word by themselves.
func NewRedactor(secrets []string) *Redactor {
	r := &Redactor{}
	found := map[string]bool{}
	for _, secret := range secrets {
		if whole := strings.TrimSpace(secret); len(whole) < telling && len(whole) >= wordy {
			r.words = append(r.words, word(whole))
		}
		for _, form := range forms(secret) {
			found[form] = true
		}
	}
	// The longest first, or one secret that begins another would leave its end.
	all := slices.SortedFunc(maps.Keys(found), func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, form := range all {
		pairs = append(pairs, form, hidden)
		r.longest = max(r.longest, len(form))
	}
	r.all = strings.NewReplacer(pairs...)
	return r
}

// Replace returns the text without secrets.
func (r *Redactor) Replace(text string) string {
	text = r.all.Replace(text)
	for _, w := range r.words {
		text = w.ReplaceAllLiteralString(text, hidden)
	}
	return text
}

// word finds a text where no letter, digit or _ is joined to it.
func word(text string) *regexp.Regexp {
	edge := func(c byte) string {
		if c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			return `\b`
		}
		return ""
	}
	return regexp.MustCompile(edge(text[0]) + regexp.QuoteMeta(text) + edge(text[len(text)-1]))
}

// forms are all texts that give a secret away. Output comes line by line, so each line
// of them that is long enough counts by itself.
func forms(secret string) []string {
	whole := strings.TrimSpace(secret)
	spelled := encoded(secret, whole)
	for _, text := range append([]string{whole}, strings.FieldsFunc(whole, newline)...) {
		for _, spell := range spellings {
			spelled = append(spelled, spell(strings.TrimSpace(text)))
		}
	}
	var out []string
	for _, text := range spelled {
		for _, written := range []string{text, escape.Replace(text), unescape.Replace(text)} {
			for _, form := range append([]string{written}, strings.FieldsFunc(written, newline)...) {
				if form = strings.TrimSpace(form); len(form) >= telling {
					out = append(out, form)
				}
			}
		}
	}
	return out
}

func newline(r rune) bool { return r == '\n' || r == '\r' }

// spellings are how programs write a text.
var spellings = []func(string) string{
	func(s string) string { return s },
	func(s string) string { return inJSON(s, false) },
	func(s string) string { return inJSON(s, true) },
	func(s string) string { return ascii(inJSON(s, false)) },
	func(s string) string { return inJSON(inJSON(s, false), false) },
	func(s string) string { return within(strconv.Quote(s)) },
	url.QueryEscape,
	url.PathEscape,
	func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") },
	strings.NewReplacer(`'`, `'\''`).Replace,                                 // set -x, in a shell
	strings.NewReplacer(`'`, `'"'"'`).Replace,                                // shlex.quote
	strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace, // declare -x
	dollar.Replace, // $'…' of bash, and repr of Python
	func(s string) string { return octal(dollar.Replace(s)) },
	func(s string) string { return special.ReplaceAllString(s, `\$0`) }, // printf %q
}

var special = regexp.MustCompile("[^A-Za-z0-9_.,:/@%+=\n-]")

var dollar = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

// octal spells what is beyond ASCII as a shell does that knows no UTF-8: é is \303\251.
func octal(s string) string {
	var out strings.Builder
	for _, b := range []byte(s) {
		if b < 0x80 {
			out.WriteByte(b)
			continue
		}
		fmt.Fprintf(&out, `\%03o`, b)
	}
	return out.String()
}

// inJSON is a text as a string of JSON, without its quotes.
func inJSON(s string, html bool) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(html)
	if err := enc.Encode(s); err != nil {
		return s // no string fails
	}
	return within(strings.TrimSpace(out.String()))
}

func within(quoted string) string { return quoted[1 : len(quoted)-1] }

// ascii spells what is beyond ASCII as JSON may: é is \u00e9.
func ascii(s string) string {
	var out strings.Builder
	for _, r := range s {
		if r < 0x80 {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	return out.String()
}

// encoded is a secret in base64, with and without the newline that echo adds, on one
// line, and on lines as long as the usual tools make them.
func encoded(secret, whole string) []string {
	var out []string
	for _, text := range []string{secret, whole, whole + "\n"} {
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
			out = append(out, enc.EncodeToString([]byte(text)))
		}
		std := []byte(base64.StdEncoding.EncodeToString([]byte(text)))
		for _, width := range []int{76, 64} {
			for line := range slices.Chunk(std, width) {
				out = append(out, string(line))
			}
		}
	}
	return out
}
