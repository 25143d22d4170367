package catalog

import (
	"strings"
	"testing"
)

// TestTheSameForTwoVersions: what must be each version's own is refused with its
// line where it is not.
func TestTheSameForTwoVersions(t *testing.T) {
	const name, parameter = "images.agent.name: the AMI name", "images.agent.parameters[0].name: the parameter name"
	const title = "listings.agent.title: the version title"
	named := func(text string) string { return replace(t, listed, `name: "Agent {version}"`, `name: "`+text+`"`) }
	with := func(parameter string) string {
		return replace(t, listed, `agent: {name: "Agent {version}"}`, `agent: {name: "Agent {version}", parameters: [`+parameter+`]}`)
	}
	titled := func(text string) string { return replace(t, listed, `title: "Agent {version}"`, `title: "`+text+`"`) }
	for what, c := range map[string]struct{ text, want string }{
		"as it is":                        {listed, ""},
		"a name without a version":        {named("Agent"), name + ` "Agent" is the same for the versions 1.2.3 and 1.2.4; use {version}`},
		"a name without a patch":          {named("Agent {major}.{minor}"), name + ` "Agent 1.2" is the same for the versions 1.2.3 and 1.2.4`},
		"a name without a minor version":  {named("Agent {major}.{patch}"), name + ` "Agent 1.3" is the same for the versions 1.2.3 and 1.3.3`},
		"a name without a major version":  {named("Agent {minor}.{patch}"), name + ` "Agent 2.3" is the same for the versions 1.2.3 and 2.2.3`},
		"a name whose parts run together": {named("Agent {major}{minor}{patch}"), name + ` "Agent 1234" is the same for the versions 1.23.4 and 12.3.4`},
		"a name of its parts":             {named("Agent {major}.{minor}.{patch}"), ""},
		"a name of its tag":               {named("Agent {tag}"), ""},
		"a name by a free value":          {replace(t, named("Agent {full}"), "vars: {maker", `vars: {full: "v{version}", maker`), ""},
		"a parameter without a version":   {with(`{name: /agent}`), parameter + ` "/agent" is the same for the versions 1.2.3 and 1.2.4; use {version} in it, or set latest: true`},
		"a parameter of a series":         {with(`{name: "/agent/{major}.{minor}"}`), parameter + ` "/agent/1.2" is the same`},
		"a parameter of the newest":       {with(`{name: /agent, latest: true}`), ""},
		"a parameter of a version":        {with(`{name: "/agent/{version}"}`), ""},
		"a title without a version":       {titled("Agent"), title + ` "Agent" is the same for the versions 1.2.3 and 1.2.4`},
		"a title without a patch":         {titled("Agent {major}.{minor}"), title + ` "Agent 1.2" is the same`},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := Load(writeListed(t, c.text), nil)
			if c.want == "" && err == nil {
				return
			}
			if c.want == "" || err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), "\n") > 0 || !strings.HasPrefix(err.Error(), "amiship.yaml:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestAPrereleaseOfTheSameName: only its own tag shows that a name leaves out what
// tells it from the version that it comes before.
func TestAPrereleaseOfTheSameName(t *testing.T) {
	text := replace(t, listed, `name: "Agent {version}"`, `name: "Agent {major}.{minor}.{patch}"`)
	text = replace(t, text, `title: "Agent {version}"`, `title: "Agent {major}.{minor}.{patch}"`)
	const name, title = `images.agent.name: the AMI name "Agent 2.0.0" is the same for the versions 2.0.0-rc.1 and 2.0.0`, "version title"
	for what, c := range map[string]struct {
		text, tag, want, not string
	}{
		"a version":                        {text, "agent-2.0.0", "", ""},
		"a pre-release":                    {text, "agent-2.0.0-rc.1", name, title},
		"a pre-release that is listed too": {replace(t, text, "  agent:\n    product", "  agent:\n    only: all\n    product"), "agent-2.0.0-rc.1", title, ""},
		"with the version":                 {listed, "agent-2.0.0-rc.1", "", ""},
	} {
		t.Run(what, func(t *testing.T) {
			b, err := Load(writeListed(t, c.text), nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Resolve(b, c.tag)
			if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || c.not != "" && strings.Contains(err.Error(), c.not)) {
				t.Errorf("got %v, want %q and not %q", err, c.want, c.not)
			}
		})
	}
}
