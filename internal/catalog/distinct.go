package catalog

import (
	"fmt"

	"amiship/internal/release"
)

// siblings are pairs of versions that differ in one part, or only in where their
// digits end: {major}{minor}{patch} is 1234 for both of 1.23.4 and 12.3.4.
func siblings() [][2]string {
	return [][2]string{{"1.2.3", "1.2.4"}, {"1.2.3", "1.3.3"}, {"1.2.3", "2.2.3"}, {"1.23.4", "12.3.4"}, {"1.2.34", "1.23.4"}}
}

// checkDistinct refuses what must be each version's own and is the same for two: the
// second would find the name taken, or overwrite what the first one's customers use.
func (b *Bundle) checkDistinct() {
	refused := map[string]bool{}
	for _, rule := range b.Catalog.Tags {
		p, err := compile(rule.Pattern)
		if err != nil || rule.Skip != "" {
			continue
		}
		for _, pair := range siblings() {
			b.differ(p.tag(pair[0]), p.tag(pair[1]), refused)
		}
	}
}

// differ compares the releases of two tags. What is wrong with one alone is a
// problem elsewhere.
func (b *Bundle) differ(one, other string, refused map[string]bool) {
	x, errX := b.resolve(one, true)
	y, errY := b.resolve(other, true)
	if errX != nil || errY != nil {
		return
	}
	for _, text := range x.shared(y) {
		if !refused[text.field] {
			refused[text.field] = true
			b.places.add(text.field, "%s", text.problem(x, y))
		}
	}
}

// checkPrerelease refuses a pre-release whose names are those of the version that it
// comes before: {major}.{minor}.{patch} is 1.2.3 for 1.2.3-rc1, too.
func (r *resolver) checkPrerelease() {
	v := r.desired.Version
	if !v.Prerelease() {
		return
	}
	p, err := compile(r.pattern)
	if err != nil {
		return
	}
	stable, err := r.bundle.resolve(p.tagOf(fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch), r.captured), true)
	if err != nil {
		return
	}
	for _, text := range r.shared(stable) {
		r.places.add(text.field, "%s", text.problem(r, stable))
	}
}

// ownText is a text that must be a version's own.
type ownText struct{ field, kind, text, remedy string }

func (t ownText) problem(x, y *resolver) string {
	return fmt.Sprintf("the %s %q is the same for the versions %s and %s; %s", t.kind, t.text, x.desired.Version.Text, y.desired.Version.Text, t.remedy)
}

// ownTexts are those of a release. A listing that takes no pre-releases never shows
// the title of one.
func (r *resolver) ownTexts() []ownText {
	const useVersion = "use {version} in it"
	var out []ownText
	for _, v := range r.desired.Variants {
		image, field := r.catalog.Images[v.Image], "images."+v.Image
		out = append(out, ownText{nameField(field, image, v.Arch), "AMI name", v.Name, useVersion})
		for i, p := range v.Parameters {
			if !p.Latest {
				out = append(out, ownText{fmt.Sprintf("%s.parameters[%d].name", field, i), "parameter name", p.Name, useVersion + ", or set latest: true for one that moves on with the newest version"})
			}
		}
	}
	for _, l := range r.desired.Listings {
		if !r.desired.Version.Prerelease() || l.Only == release.OnlyAll {
			out = append(out, ownText{join("listings", l.Name) + ".title", "version title", l.Version.Title, useVersion})
		}
	}
	return out
}

// shared are the texts of a release that another one has, too.
func (r *resolver) shared(other *resolver) []ownText {
	type key struct{ kind, text, where string }
	have := map[key]bool{}
	where := func(t ownText) string {
		if t.kind == "version title" { // of one product
			return t.field
		}
		return ""
	}
	for _, t := range other.ownTexts() {
		have[key{t.kind, t.text, where(t)}] = true
	}
	var out []ownText
	for _, t := range r.ownTexts() {
		if have[key{t.kind, t.text, where(t)}] {
			out = append(out, t)
		}
	}
	return out
}
