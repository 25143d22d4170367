package record

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const inputs = "0123456789abcdef"

// accepted is the form of the AMI names that AWS accepts.
var accepted = regexp.MustCompile(`^[a-zA-Z0-9()\[\] ./'@_-]{3,128}$`)

// candidate is the name of an owner's candidate, former what it was in an older Amiship.
func candidate(o Owner) string { return o.Name() + "-" + inputs[:12] }
func former(o Owner) string    { return o.formerName() + "-" + inputs[:12] }

var (
	server = Owner{"prometheus", "agent-prometheus", "amd64", "v2.42.0"}
	agent  = Owner{"prometheus-agent", "prometheus", "amd64", "v2.42.0"} // joins to the same
)

// TestNamesAreReadInOneWay: what differs in one of its parts has another name, however
// the parts join, and AWS takes it. Drawn parts begin and end like each other.
func TestNamesAreReadInOneWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"p", "p-a", "a-p", "a", "amd64", "p-amd64", "v1", "v1-test", "v1+ce.0", "v1.ce.0", strings.Repeat("long-", 30)})
		project := rapid.SampledFrom([]string{"p", "p-a", "p-a-p", "a", "p-amd64", strings.Repeat("p-", 15) + "p"})
		draw := func() Owner {
			return Owner{project.Draw(t, "project"), word.Draw(t, "image"), rapid.SampledFrom([]string{"amd64", "arm64"}).Draw(t, "arch"), word.Draw(t, "tag")}
		}
		x, y := draw(), draw()
		claims := func(o Owner) []string { return []string{o.Name(), TestClaimName(o.Name())} }
		for _, name := range append(claims(x), candidate(x)) {
			if !accepted.MatchString(name) {
				t.Fatalf("AWS refuses the name %q", name)
			}
			if got := y.OwnsClaim(name, nil) || y.OwnsTestClaim(name, nil) || y.OwnsCandidate(name, nil); got != (x == y) {
				t.Fatalf("%+v owns %q of %+v: %v", y, name, x, got)
			}
			if got := OfProject(y.Project, name, nil); got != (x.Project == y.Project) {
				t.Fatalf("%q is of %s: %v", name, y.Project, got)
			}
		}
		// Tags win: whoever they name, owns it, and no one else.
		if got := y.OwnsCandidate(candidate(y), x.Tags()); got != (x == y) {
			t.Fatalf("%+v owns what is tagged as %+v: %v", y, x, got)
		}
	})
}

// TestNamesThatJoinAlike are told apart.
func TestNamesThatJoinAlike(t *testing.T) {
	for what, pair := range map[string][2]Owner{
		"projects":      {server, agent},
		"images":        {{"p", "x", "amd64", "amd64-v1"}, {"p", "x-amd64", "amd64", "v1"}},
		"tags":          {{"p", "x", "amd64", "v1+ce.0"}, {"p", "x", "amd64", "v1.ce.0"}},
		"what is cut":   {{"p", "x", "amd64", strings.Repeat("9", 200) + "1"}, {"p", "x", "amd64", strings.Repeat("9", 200) + "2"}},
		"architectures": {{"p", "x-arm64", "amd64", "v1"}, {"p", "x", "arm64", "amd64-v1"}},
	} {
		one, other := pair[0], pair[1]
		if one.formerName() != other.formerName() && what != "what is cut" {
			t.Errorf("%s: %q and %q do not join alike", what, one.formerName(), other.formerName())
		}
		if one.Name() == other.Name() || other.OwnsCandidate(candidate(one), nil) || one.OwnsClaim(other.Name(), nil) {
			t.Errorf("%s: both are %q", what, one.Name())
		}
	}
}

func TestOwnsCandidate(t *testing.T) {
	without := func(o Owner, key string) map[string]string {
		tags := o.Tags()
		delete(tags, key)
		return tags
	}
	for name, c := range map[string]struct {
		name string
		tags map[string]string
		want bool
	}{
		"its name, without tags":                  {candidate(server), nil, true},
		"its name and tags":                       {candidate(server), server.Tags(), true},
		"its name, some of its tags":              {candidate(server), without(server, TagTag), true},
		"its name, another's tags":                {candidate(server), agent.Tags(), false},
		"its name, another tag":                   {candidate(server), map[string]string{TagTag: "1:v2.41.0"}, false},
		"its name, a newer Amiship's tags":        {candidate(server), map[string]string{TagProject: "2:prometheus"}, true},
		"its name, tags of others":                {candidate(server), map[string]string{"Name": "x"}, true},
		"its tags, another name":                  {"Prometheus 2.42.0", server.Tags(), false},
		"another's name":                          {candidate(agent), nil, false},
		"its claim's name":                        {server.Name(), nil, false},
		"the name of an older Amiship, no tags":   {former(server), nil, false},
		"the name of an older Amiship, its tags":  {former(server), server.Tags(), true},
		"the name of an older Amiship, but three": {former(server), without(server, TagImage), false},
		"the name of an older Amiship, another's": {former(server), agent.Tags(), false},
	} {
		if got := server.OwnsCandidate(c.name, c.tags); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestOwnsClaims: in an older Amiship the test claim of v1 was called as the build
// claim of v1-test.
func TestOwnsClaims(t *testing.T) {
	one, other := Owner{"p", "ce", "amd64", "v1"}, Owner{"p", "ce", "amd64", "v1-test"}
	name := TestClaimName(one.formerName())
	if name != other.formerName() {
		t.Fatalf("%q is not %q", name, other.formerName())
	}
	if !one.OwnsTestClaim(name, one.Tags()) || one.OwnsTestClaim(name, other.Tags()) || other.OwnsClaim(name, one.Tags()) || !other.OwnsClaim(name, other.Tags()) {
		t.Error("tags do not tell a claim of a build from that of a test")
	}
}

func TestOfProject(t *testing.T) {
	for name, c := range map[string]struct {
		name string
		tags map[string]string
		want bool
	}{
		"by its tag":                        {"x", map[string]string{TagProject: "1:prometheus"}, true},
		"the tag of one that begins alike":  {candidate(server), map[string]string{TagProject: "1:prometheus-agent"}, false},
		"a candidate without tags":          {candidate(server), nil, true},
		"a claim without tags":              {server.Name(), nil, true},
		"a test claim without tags":         {TestClaimName(server.Name()), nil, true},
		"one that begins alike":             {candidate(agent), nil, false},
		"an older Amiship's without tags":   {former(server), nil, false},
		"a name that begins with something": {"old " + candidate(server), nil, false},
		"a stranger's":                      {"Prometheus 2.42.0", nil, false},
	} {
		if got := OfProject("prometheus", c.name, c.tags); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
