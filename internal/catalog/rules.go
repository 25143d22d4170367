package catalog

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"amiship/internal/release"
)

// checkRules checks the tag patterns.
func (b *Bundle) checkRules() {
	if len(b.Catalog.Tags) == 0 {
		b.places.add("tags", `is empty: no tag would be a release; write [{pattern: "v{version}"}]`)
	}
	for i, rule := range b.Catalog.Tags {
		field := fmt.Sprintf("tags[%d]", i)
		p, err := compile(rule.Pattern)
		if err != nil {
			b.places.add(field+".pattern", "%v", err)
			continue
		}
		if rule.Skip == "" && !slices.Contains(p.names, versionName) {
			b.places.add(field+".pattern", "has no {version}")
		}
		if rule.Skip != "" && len(rule.Images) > 0 {
			b.places.add(field, "has both images and skip")
		}
		for j, name := range rule.Images {
			b.known(fmt.Sprintf("%s.images[%d]", field, j), name)
		}
	}
}

func (b *Bundle) known(field, image string) {
	if _, ok := b.Catalog.Images[image]; ok {
		return
	}
	names := sortedKeys(b.Catalog.Images)
	if near := nearest(image, names); near != "" {
		b.places.add(field, "no image %s; did you mean %s?", image, near)
		return
	}
	b.places.add(field, "no image %s; there is %s", image, oneOf(names))
}

// checkExamples resolves an example of every pattern, so that wrong
// placeholders and names show before there is a tag.
func (b *Bundle) checkExamples() {
	for i, rule := range b.Catalog.Tags {
		p, err := compile(rule.Pattern)
		if err != nil {
			continue
		}
		r, err := b.resolve(p.example(), true)
		if err != nil {
			b.places.add(fmt.Sprintf("tags[%d].pattern", i), "%v", err)
			continue
		}
		b.places.problems = append(b.places.problems, r.places.problems...)
	}
}

// checkNames notes every rendered name that AWS would refuse, and every two
// that are the same.
func (r *resolver) checkNames() {
	seen := map[string]string{}
	for _, v := range r.desired.Variants {
		image, field := r.catalog.Images[v.Image], "images."+v.Image
		name := nameField(field, image, v.Arch)
		r.note(name, release.CheckAMIName(v.Name))
		r.note(field+".description", release.CheckDescription(v.Description))
		r.unique(seen, name, "AMI name", v.Name, v)
		r.checkTags(field+".tags", v.Tags)
		for i, p := range v.Parameters {
			at := fmt.Sprintf("%s.parameters[%d].name", field, i)
			r.note(at, release.CheckParameterName(p.Name))
			r.unique(seen, at, "parameter", p.Name, v)
		}
		r.note("project", release.CheckAMIName(r.desired.CandidateName(v, strings.Repeat("0", 64))))
		r.unique(seen, field, "name while it is built", r.desired.ClaimName(v), v)
	}
}

// note adds a problem for an error, if there is one.
func (r *resolver) note(field string, err error) {
	if err != nil {
		r.places.add(field, "%v", err)
	}
}

func (r *resolver) unique(seen map[string]string, field, kind, name string, v release.Variant) {
	key := kind + " " + name
	if first, ok := seen[key]; ok {
		r.places.add(field, "%s and %s/%s have the same %s %q", first, v.Image, v.Arch, kind, name)
		return
	}
	seen[key] = v.Image + "/" + v.Arch
}

// maxTags is how many tags of its own a catalog can give: AWS takes 50, and
// Amiship writes up to 14.
const maxTags = 36

func (r *resolver) checkTags(field string, tags map[string]string) {
	if len(tags) > maxTags {
		r.places.add(field, "has %d tags; at most %d, with Amiship's own AWS takes 50", len(tags), maxTags)
	}
	for _, key := range sortedKeys(tags) {
		r.note(join(field, key), release.CheckTag(key, tags[key]))
	}
}

// checkPackage checks what only shows when the templates are rendered.
func (r *resolver) checkPackage(p release.Package) {
	for _, u := range [][2]string{{"package.url", p.URL}, {"package.sha256.url", p.SHA256URL}} {
		r.note(u[0], checkURL(u[1]))
	}
	if p.File != "" {
		b := Bundle{File: r.bundle.File, places: r.places}
		b.local("package.file", p.File)
	}
}

func checkURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return err
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return fmt.Errorf("%q is no http or https address", text)
	case u.User != nil:
		return fmt.Errorf("has a password in it; name it under headers")
	}
	return nil
}
