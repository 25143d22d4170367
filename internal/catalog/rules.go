package catalog

import (
	"fmt"
	"net/url"
	"slices"

	"amiship/internal/record"
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
	if near := Nearest(image, names); near != "" {
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
		r.note(name, checkAMIName(v.Name))
		r.note(field+".description", checkDescription(v.Description))
		r.unique(seen, name, "AMI name", v.Name, v)
		r.checkTags(field+".tags", v)
		for i, p := range v.Parameters {
			at := fmt.Sprintf("%s.parameters[%d].name", field, i)
			r.note(at, checkParameterName(p.Name))
			r.unique(seen, at, "parameter", p.Name, v)
		}
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

// AWS takes 50 tags. Amiship writes up to 15 that say what an AMI is, and one for each
// event of the AMI and for the first listings that offer it: who submitted the others
// matters less than the tags on which decisions rest.
const (
	maxTags   = 50
	ownTags   = 15
	maxMarked = 16
)

func (r *resolver) checkTags(field string, v release.Variant) {
	left, tags := maxTags-ownTags-len(record.Events())-r.marked(v.Image, v.Arch), v.Tags
	if len(tags) > left {
		r.places.add(field, "has %d tags; at most %d, with Amiship's own AWS allows %d", len(tags), left, maxTags)
	}
	for _, key := range sortedKeys(tags) {
		r.note(join(field, key), checkTag(key, tags[key]))
	}
}

// marked counts the listings so far that an AMI has a tag for.
func (r *resolver) marked(image, arch string) (n int) {
	for _, l := range r.desired.Listings {
		if l.Image == image && l.Arch == arch && !l.Unmarked {
			n++
		}
	}
	return n
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
