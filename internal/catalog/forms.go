package catalog

// TagForm is the form of some tags, for programs that know no tag patterns.
type TagForm struct {
	Pattern string // as the catalog has it: v{version}
	Regexp  string // that takes the whole tag, in the syntax of RE2
	Glob    string // v*
	Skip    string // why such tags release nothing; empty: they do
}

// TagForms lists the tag patterns of a catalog; the first that fits a tag wins.
// The expressions match a little more than the patterns: Resolve checks whether
// the value of {version} is a version.
func (b *Bundle) TagForms() []TagForm {
	var out []TagForm
	for _, rule := range b.Catalog.Tags {
		p, err := compile(rule.Pattern)
		if err != nil {
			continue // a catalog with such a pattern is not loaded
		}
		out = append(out, TagForm{rule.Pattern, p.re.String(), placeholder.ReplaceAllString(rule.Pattern, "*"), rule.Skip})
	}
	return out
}

// MostAMIs is how many AMIs a tag can release at most, in all regions together.
func (b *Bundle) MostAMIs() int {
	most := 0
	for _, rule := range b.Catalog.Tags {
		names, n := rule.Images, 0
		if len(names) == 0 {
			names = sortedKeys(b.Catalog.Images)
		}
		for _, name := range names {
			n += len(b.Catalog.Images[name].Arch)
		}
		if rule.Skip == "" {
			most = max(most, n)
		}
	}
	return most * len(b.Targets())
}

// Archs are the architectures that some image exists for, sorted.
func (b *Bundle) Archs() []string {
	has := map[string]bool{}
	for _, image := range b.Catalog.Images {
		for _, arch := range image.Arch {
			has[arch] = true
		}
	}
	return sortedKeys(has)
}
