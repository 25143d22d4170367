package catalog

import (
	"regexp"
	"slices"
	"strings"

	"amiship/internal/release"
)

// ExampleVersion replaces a version that is not known yet.
const ExampleVersion = "1.2.3"

// Forms are those of all variants of a catalog: what their AMIs are called and
// tagged with, at whichever version.
func (b *Bundle) Forms() []release.Form {
	var out []release.Form
	seen := map[string]bool{}
	for _, rule := range b.Catalog.Tags {
		p, err := compile(rule.Pattern)
		if err != nil || rule.Skip != "" || !slices.Contains(p.names, versionName) {
			continue
		}
		for _, name := range rule.images(b.Catalog) {
			tag, ok := p.adopted(b.Catalog.Images[name].Edition)
			if seen[name] || !ok {
				continue // the first rule whose tags can be told from a version
			}
			seen[name] = true
			for _, arch := range b.Catalog.Images[name].Arch {
				out = append(out, b.imageForm(p, name, arch, tag))
			}
		}
	}
	slices.SortFunc(out, func(x, y release.Form) int { return strings.Compare(x.Image+"/"+x.Arch, y.Image+"/"+y.Arch) })
	return out
}

// images are those that a rule's tags release.
func (r TagRule) images(c *Catalog) []string {
	if len(r.Images) > 0 {
		return r.Images
	}
	return sortedKeys(c.Images)
}

// adopted is the tag of a release that was made without Amiship: the first build
// of its version. ok is false if the pattern needs more than is known.
func (p *pattern) adopted(edition string) (tag string, ok bool) {
	known := map[string]string{versionName: "{" + versionName + "}", buildName: "0", "edition": edition}
	ok = true
	tag = placeholder.ReplaceAllStringFunc(p.text, func(name string) string {
		value := known[strings.Trim(name, "{}")]
		ok = ok && value != ""
		return value
	})
	return tag, ok
}

// imageForm renders names and tags with marks in place of what every tag has of its own.
func (b *Bundle) imageForm(p *pattern, name, arch, tag string) release.Form {
	image := b.Catalog.Images[name]
	captured, _ := p.match(p.tag(ExampleVersion))
	r := &resolver{bundle: b, catalog: b.Catalog, captured: captured, example: true, places: &decoder{places: b.places.places}}
	r.desired = release.Desired{Project: b.Catalog.Project, Tag: p.tag(ExampleVersion)}
	r.desired.Version, _ = release.ParseVersion(ExampleVersion)
	values, _ := r.values(name, r.marks(name, placeholders(r.desired, captured, name, arch, image.Edition)))
	f := release.Form{
		Image: name, Arch: arch, Public: image.Public, Tag: tag,
		Name: form(r.text("", image.Name.For(arch), values)), Tags: map[string]string{},
	}
	for key, text := range r.tags("", image.Tags, arch, values) {
		if f.Tags[key] = form(text); f.Tags[key] == "" {
			f.Tags[key] = "^" + unmark(regexp.QuoteMeta(text)) + "$"
		}
	}
	for _, param := range image.Parameters {
		f.Parameters = append(f.Parameters, "^"+unmark(regexp.QuoteMeta(r.text("", param.Name, values)))+"$")
	}
	return f
}

// titleForms are the forms of the titles of listings' versions, by listing.
func (b *Bundle) titleForms() map[string]string {
	out := map[string]string{}
	all, err := b.Examples(ExampleVersion)
	if err != nil {
		return out // a catalog with such a pattern is not loaded
	}
	for _, d := range all {
		for _, l := range d.Listings {
			if out[l.Name] == "" {
				out[l.Name] = l.Titles
			}
		}
	}
	return out
}

// Parameters are those of the releases of tags, by name. Latest are those that move on
// from release to release: those with latest, and those that several tags share.
func (b *Bundle) Parameters(tags []string) []release.Parameter {
	latest, holders := map[string]bool{}, map[string]int{}
	for _, tag := range tags {
		r, err := b.resolve(tag, true)
		if err != nil {
			continue // released by an older catalog
		}
		for _, v := range r.desired.Variants {
			for _, p := range v.Parameters {
				latest[p.Name] = latest[p.Name] || p.Latest
				holders[p.Name]++
			}
		}
	}
	var out []release.Parameter
	for _, name := range sortedKeys(latest) {
		out = append(out, release.Parameter{Name: name, Latest: latest[name] || holders[name] > 1})
	}
	return out
}
