package awsapi

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// elements goes through an XML document as AWS writes it: elements with text or with other
// elements, without comments, character data sections, or prefixes of names. Anything else
// is bad, and left to a whole decoder.
type elements struct {
	rest   []byte
	closed bool               // the element that was begun last has ended with its own tag: <a/>
	strung map[string]*string // texts that were met before
	bad    bool
}

func newElements(document []byte) *elements {
	x := &elements{rest: document, strung: map[string]*string{}}
	x.bad = !utf8.Valid(document) || bytes.ContainsFunc(document, unusual) || bytes.Contains(document, []byte("]]>"))
	return x
}

// unusual are characters that XML forbids, or changes.
func unusual(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' || r >= 0xFFFE && r <= 0xFFFF
}

// declaration begins a document, or nothing does.
const declaration = `<?xml version="1.0" encoding="UTF-8"?>`

// root goes through the elements in the one that is the document.
func (x *elements) root(each func(name string)) {
	x.rest = bytes.TrimPrefix(x.rest, []byte(declaration))
	name, _ := x.begin()
	x.children(name, each)
	x.bad = x.bad || len(bytes.TrimSpace(x.rest)) > 0
}

// children calls each for every element in the one that was begun; it must go through that.
func (x *elements) children(of string, each func(name string)) {
	if x.isClosed() {
		return
	}
	for !x.bad {
		name, ends := x.begin()
		if ends {
			x.bad = x.bad || name != of
			return
		}
		each(name)
	}
}

// items calls each for every item of a list.
func (x *elements) items(of string, each func()) {
	x.children(of, func(name string) {
		if name == "item" {
			each()
		} else {
			x.skip(name)
		}
	})
}

// skip goes through the element that was begun, whatever is in it.
func (x *elements) skip(of string) {
	if x.isClosed() {
		return
	}
	for !x.bad {
		x.rest = x.rest[max(0, bytes.IndexByte(x.rest, '<')):]
		name, ends := x.begin()
		if ends {
			x.bad = x.bad || name != of
			return
		}
		x.skip(name)
	}
}

// text is that of the element that was begun.
func (x *elements) text(of string) *string {
	if x.isClosed() {
		return x.kept(nil)
	}
	raw := x.rest[:max(0, bytes.IndexByte(x.rest, '<'))]
	x.rest = x.rest[len(raw):]
	if name, ends := x.begin(); !ends || name != of {
		x.bad = true
	}
	return x.kept(raw)
}

// kept is a text, of which equal ones share their memory.
func (x *elements) kept(raw []byte) *string {
	if have := x.strung[string(raw)]; have != nil {
		return have
	}
	text := string(raw)
	if strings.Contains(text, "&") {
		text = x.unescaped(text)
	}
	x.strung[string(raw)] = &text
	return &text
}

// begin reads the next tag: the name of an element that begins or ends. Nothing but space is
// before it.
func (x *elements) begin() (name string, ends bool) {
	x.rest = bytes.TrimLeft(x.rest, " \t\n")
	end := bytes.IndexByte(x.rest, '>')
	if x.bad || end < 0 || x.rest[0] != '<' {
		x.bad = true
		return "", true
	}
	tag := x.rest[1:end]
	x.rest = x.rest[end+1:]
	tag, ends = bytes.CutPrefix(tag, []byte("/"))
	tag, x.closed = bytes.CutSuffix(tag, []byte("/"))
	tag, attribute, more := bytes.Cut(tag, []byte(" "))
	x.bad = ends && (more || x.closed) || more && !namespace.Match(attribute) || !bytes.ContainsFunc(tag, letter) || bytes.ContainsFunc(tag, notLetter)
	return *x.kept(tag), ends
}

// namespace is the one attribute that AWS's elements have.
var namespace = regexp.MustCompile(`^xmlns="[A-Za-z0-9:/._-]*"$`)

// letter is one that the names of AWS's elements have.
func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func notLetter(r rune) bool { return !letter(r) && (r < '0' || r > '9') }

func (x *elements) isClosed() bool {
	closed := x.closed
	x.closed = false
	return closed
}

// unescaped is a text without its references.
func (x *elements) unescaped(text string) string {
	var out strings.Builder
	for {
		before, rest, more := strings.Cut(text, "&")
		out.WriteString(before)
		if !more {
			return out.String()
		}
		name, after, whole := strings.Cut(rest, ";")
		char, ok := reference(name)
		if !whole || !ok {
			x.bad = true
			return ""
		}
		out.WriteRune(char)
		text = after
	}
}

// reference is the character that a reference is for.
func reference(name string) (rune, bool) {
	if char, ok := map[string]rune{"lt": '<', "gt": '>', "amp": '&', "apos": '\'', "quot": '"'}[name]; ok {
		return char, true
	}
	digits, base := strings.TrimPrefix(name, "#"), 10
	if strings.HasPrefix(digits, "x") {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 31)
	char := rune(n) //nolint:gosec // of 31 bits
	return char, err == nil && strings.HasPrefix(name, "#") && utf8.ValidRune(char) && (!unusual(char) || char == '\r')
}
