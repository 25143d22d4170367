package scaffold

import (
	"maps"
	"slices"
	"strings"

	"amiship/internal/catalog"
)

// What GitLab takes in a dotenv report, at least: its own instance takes this
// many variables on its free tier, and each instance may have other limits.
const (
	maxDotenvVariables = 50
	maxDotenvBytes     = 5 << 10
	dotenvLine         = 80 // bytes of a line, at most: a variable's name and an AMI's id
)

// pipeline is what the jobs depend on.
type pipeline struct {
	Project  string
	File     string // the catalog below the project's directory; empty: where it usually is
	Flags    string // of every command, with a space before them
	Tags     []catalog.TagForm
	Archs    []string
	Secrets  []neededSecret
	Listings bool
	AMIs     int  // of one tag, at most
	Dotenv   bool // they fit into a dotenv report
}

// neededSecret is an environment variable that builds read.
type neededSecret struct{ Env, For string }

// GitLab returns a GitLab CI file with the jobs of a catalog's releases. file is
// where the catalog lies, below the project's directory.
func GitLab(b *catalog.Bundle, file string) []byte {
	p := pipeline{
		Project: b.Catalog.Project, Tags: b.TagForms(), Archs: b.Archs(), Secrets: secrets(b.Catalog),
		Listings: len(b.Catalog.Listings) > 0, AMIs: b.MostAMIs(),
	}
	for i, form := range p.Tags {
		p.Tags[i].Regexp = strings.ReplaceAll(form.Regexp, "/", `\/`)
		p.Tags[i].Pattern, p.Tags[i].Skip = oneLine(form.Pattern), oneLine(form.Skip) // go into comments
	}
	p.Dotenv = p.AMIs+2 <= maxDotenvVariables && (p.AMIs+2)*dotenvLine <= maxDotenvBytes
	if file != catalog.File {
		p.File, p.Flags = file, ` --file "$AMISHIP_CATALOG"`
	}
	return p.text()
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// quote writes a text as YAML.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// secrets lists the environment variables that builds read, by their names.
func secrets(c *catalog.Catalog) []neededSecret {
	uses := map[string][]string{}
	add := func(s catalog.Secret, use string) {
		if s.Env != "" {
			uses[s.Env] = append(uses[s.Env], use)
		}
	}
	for _, header := range slices.Sorted(maps.Keys(c.Package.Headers)) {
		add(c.Package.Headers[header], "the header "+header+" that packages are fetched with")
	}
	for _, image := range slices.Sorted(maps.Keys(c.Images)) {
		add(c.Images[image].License, "the license of "+image)
	}
	var out []neededSecret
	for _, env := range slices.Sorted(maps.Keys(uses)) {
		use := strings.Join(uses[env], ", ")
		if strings.HasPrefix(env, "CI_") {
			use += "; GitLab sets it by itself"
		}
		out = append(out, neededSecret{env, use})
	}
	return out
}
