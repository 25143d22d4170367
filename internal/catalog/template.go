package catalog

import (
	"fmt"
	"maps"
	"strings"

	"amiship/internal/release"
)

// expand puts values in place of a text's {placeholders}.
func expand(text string, values map[string]string) (string, error) {
	var problem error
	out := placeholder.ReplaceAllStringFunc(text, func(whole string) string {
		name := strings.Trim(whole, "{}")
		value, ok := values[name]
		if !ok && problem == nil {
			problem = unknownPlaceholder(name, values)
		}
		return value
	})
	if problem == nil && strings.ContainsAny(placeholder.ReplaceAllString(text, ""), "{}") {
		problem = fmt.Errorf("has a brace without its partner")
	}
	return out, problem
}

func unknownPlaceholder(name string, values map[string]string) error {
	names := sortedKeys(values)
	if near := Nearest(name, names); near != "" {
		return fmt.Errorf("unknown placeholder {%s}; did you mean {%s}?", name, near)
	}
	return fmt.Errorf("unknown placeholder {%s}; known here are {%s}", name, strings.Join(names, "}, {"))
}

// placeholders returns the values of placeholders in an image's texts: what the
// tag's pattern captured, the image's edition, and what follows from both.
func placeholders(d release.Desired, captured map[string]string, image string, arch, edition string) map[string]string {
	out := maps.Clone(captured)
	if edition != "" {
		out["edition"] = edition
	}
	out["project"], out["tag"], out["image"], out["arch"] = d.Project, d.Tag, image, arch
	if d.Version.Text != "" {
		out["major"] = fmt.Sprint(d.Version.Major)
		out["minor"] = fmt.Sprint(d.Version.Minor)
		out["patch"] = fmt.Sprint(d.Version.Patch)
	}
	return out
}
