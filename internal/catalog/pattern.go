package catalog

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"amiship/internal/release"
)

// pattern is the form of a tag: "v{version}".
type pattern struct {
	text  string
	names []string // what it captures, in order
	re    *regexp.Regexp
}

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

var placeholderName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// versionName is the placeholder that captures a product version, buildName
// the one that counts the releases of one version.
const (
	versionName = "version"
	buildName   = "build"
)

// What placeholders capture: a version, and anything else.
const (
	versionForm = `[0-9][0-9A-Za-z.+~_-]*?`
	wordForm    = `[0-9A-Za-z_]+?`
)

// compile reads a tag pattern, or says what is wrong with it.
//
// {version} begins with a digit and is as short as the rest of the pattern
// allows: in "{version}+ce.{build}" it ends before "+ce.", in "v{version}" it
// is all there is. {build} is a number: of two releases of one version the one
// with the higher replaces the other. Other names capture letters, digits and _.
func compile(text string) (*pattern, error) {
	p := &pattern{text: text}
	var expr strings.Builder
	at := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		expr.WriteString(regexp.QuoteMeta(text[at:m[0]]))
		name := text[m[2]:m[3]]
		if err := p.takes(name); err != nil {
			return nil, err
		}
		p.names = append(p.names, name)
		if name == versionName {
			expr.WriteString("(" + versionForm + ")")
		} else {
			expr.WriteString("(" + wordForm + ")")
		}
		at = m[1]
	}
	expr.WriteString(regexp.QuoteMeta(text[at:]))
	if strings.ContainsAny(placeholder.ReplaceAllString(text, ""), "{}") {
		return nil, fmt.Errorf("has a brace without its partner")
	}
	p.re = regexp.MustCompile("^" + expr.String() + "$")
	return p, nil
}

// derived are placeholders that a tag pattern cannot capture.
func derived() []string {
	return append(release.MachinePlaceholders(), "major", "minor", "patch", "arch", "image", "tag", "project", "url")
}

func (p *pattern) takes(name string) error {
	switch {
	case !placeholderName.MatchString(name):
		return fmt.Errorf("{%s}: a name has small letters, digits and _", name)
	case slices.Contains(derived(), name):
		return fmt.Errorf("{%s} cannot be captured: Amiship sets it itself", name)
	case slices.Contains(p.names, name):
		return fmt.Errorf("{%s} occurs twice", name)
	}
	return nil
}

// match returns what a tag captures; ok is false if the tag has another form,
// {version} is not a version, or {build} not a number.
func (p *pattern) match(tag string) (captured map[string]string, ok bool) {
	m := p.re.FindStringSubmatch(tag)
	if m == nil {
		return nil, false
	}
	captured = map[string]string{}
	for i, name := range p.names {
		captured[name] = m[i+1]
	}
	if version, has := captured[versionName]; has {
		if _, err := release.ParseVersion(version); err != nil {
			return nil, false
		}
	}
	if build, has := captured[buildName]; has {
		if _, err := strconv.ParseUint(build, 10, 64); err != nil {
			return nil, false
		}
	}
	return captured, true
}

// example returns a tag of this form: "v1.2.3".
func (p *pattern) example() string { return p.tag("1.2.3") }

// tag returns one of this form for a version.
func (p *pattern) tag(version string) string { return p.tagOf(version, nil) }

// tagOf returns a tag of this form for a version, with what another one captures.
func (p *pattern) tagOf(version string, captured map[string]string) string {
	return placeholder.ReplaceAllStringFunc(p.text, func(name string) string {
		name = strings.Trim(name, "{}")
		if name == versionName {
			return version
		}
		return cmp.Or(captured[name], "1")
	})
}

// Examples resolves, for each form of a release's tag, a release of a version
// that there is not yet: what the next releases will ask for.
func (b *Bundle) Examples(version string) ([]release.Desired, error) {
	var out []release.Desired
	for _, rule := range b.Catalog.Tags {
		p, err := compile(rule.Pattern)
		if err != nil || rule.Skip != "" {
			continue
		}
		r, err := b.resolve(p.tag(version), true)
		if err != nil {
			return nil, err
		}
		if r.desired.Skip == "" {
			out = append(out, r.desired)
		}
	}
	return out, nil
}

// TagError says that a tag is no release of a project.
type TagError struct {
	File, Tag string
	Patterns  []string // of the catalog
	Example   string   // a tag that one of them takes
}

func (e *TagError) Error() string {
	return fmt.Sprintf("tag %q does not match any tag pattern: %s accepts %s, for example %s",
		e.Tag, e.File, oneOf(e.Patterns), e.Example)
}

// match returns the first rule that takes a tag, and what it captures.
func (b *Bundle) match(tag string) (int, map[string]string, error) {
	wrong := &TagError{File: b.name(), Tag: tag}
	for i, rule := range b.Catalog.Tags {
		p, err := compile(rule.Pattern)
		if err != nil {
			return 0, nil, err
		}
		if captured, ok := p.match(tag); ok {
			return i, captured, nil
		}
		wrong.Patterns = append(wrong.Patterns, rule.Pattern)
		if wrong.Example == "" && rule.Skip == "" {
			wrong.Example = p.example()
		}
	}
	return 0, nil, wrong
}
