package record

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Owner is what tells a variant of a release from every other variant, release and
// project of the account.
type Owner struct{ Project, Image, Arch, Tag string }

// The digests that end a name, in hexadecimal digits: of the project alone, of all
// four parts, and of the inputs that a candidate is built from.
const (
	projectDigits = 8
	ownerDigits   = 12
	inputsDigits  = 12
)

// maxReadable is how much of a name is there to be read: AWS takes 128 characters
// for an AMI name, and the digests and their hyphens follow.
const maxReadable = 128 - len("-") - projectDigits - ownerDigits - len("-") - inputsDigits

// Name is the name of the security group that claims the variant's build, of its
// key pair, and the stem of its candidate's name. The joined parts are for people:
// "prometheus" and "agent-prometheus" join to what "prometheus-agent" and
// "prometheus" do. The digests behind them tell the two apart.
func (o Owner) Name() string {
	readable := o.formerName()
	return readable[:min(len(readable), maxReadable)] + "-" + Digest(projectDigits, o.Project) + Digest(ownerDigits, o.Project, o.Image, o.Arch, o.Tag)
}

// formerName is what Name was before it had digests. Alone it proves nothing.
func (o Owner) formerName() string {
	return notInName.ReplaceAllString(stem(o.Project)+o.Image+"-"+o.Arch+"-"+o.Tag, ".")
}

// stem begins the names of what Amiship makes for a project, and perhaps those of
// another project that begins alike.
func stem(project string) string { return "amiship-" + project + "-" }

// TestClaimName is the name of the claim of a boot test, made from that of the
// build; it fits no candidate's name.
func TestClaimName(claim string) string { return claim + "-test" }

// CandidateName is the AMI name that Packer is given. The digest of the inputs is cut.
func (o Owner) CandidateName(inputs string) string {
	return o.Name() + "-" + inputs[:min(inputsDigits, len(inputs))]
}

// ClaimsPattern matches, with AWS's wildcard, the names of a project's claims and
// key pairs. It matches those of projects that begin alike, too: see OfProject.
func ClaimsPattern(project string) string { return stem(project) + "*" }

// CandidatesPatterns match, with AWS's wildcard, the names of the owner's candidates,
// those of an older Amiship too. Not all that they match is the owner's: see OwnsCandidate.
func (o Owner) CandidatesPatterns() []string {
	return []string{o.Name() + "-*", o.formerName() + "-*"}
}

// OwnsCandidate reports whether an AMI is a candidate of the variant. One whose
// build was killed may have no tags yet, and is known by its name.
func (o Owner) OwnsCandidate(name string, tags map[string]string) bool {
	return o.owns(tags, func(stem string) bool { return IsCandidateOf(stem, name) })
}

// OwnsClaim reports whether a security group is the claim of the variant's build,
// OwnsTestClaim whether it is that of its boot test.
func (o Owner) OwnsClaim(name string, tags map[string]string) bool {
	return o.owns(tags, func(stem string) bool { return name == stem })
}

// OwnsTestClaim is OwnsClaim for the boot test.
func (o Owner) OwnsTestClaim(name string, tags map[string]string) bool {
	return o.owns(tags, func(stem string) bool { return name == TestClaimName(stem) })
}

// owns: tags that name another owner win over any name. A name with digests
// suffices without tags; one from an older version of Amiship needs all four of
// them.
func (o Owner) owns(tags map[string]string, named func(stem string) bool) bool {
	switch {
	case OfAnother(tags, o.Tags()):
		return false
	case named(o.Name()):
		return true
	}
	return named(o.formerName()) && !slices.ContainsFunc(ownerKeys(), func(key string) bool { return value(tags, key) == "" })
}

var inputsSuffix = regexp.MustCompile(`^-[0-9a-f]{12}$`)

// IsCandidateOf reports whether the name of a claim is the stem of an AMI's name.
func IsCandidateOf(claim, name string) bool {
	rest, ok := strings.CutPrefix(name, claim)
	return ok && inputsSuffix.MatchString(rest)
}

func ownerKeys() []string { return []string{TagProject, TagImage, TagArch, TagTag} }

// Tags are those that name the owner.
func (o Owner) Tags() map[string]string {
	return map[string]string{
		TagProject: TagValue(o.Project), TagImage: TagValue(o.Image), TagArch: TagValue(o.Arch), TagTag: TagValue(o.Tag),
	}
}

func value(tags map[string]string, key string) string {
	v, _ := ReadTag(tags[key])
	return v
}

// OwnerTags are those of the tags that name an owner.
func OwnerTags(tags map[string]string) map[string]string {
	out := map[string]string{}
	for _, key := range ownerKeys() {
		if text, ok := tags[key]; ok {
			out[key] = text
		}
	}
	return out
}

// OfAnother reports whether tags name another project, image, architecture or tag
// than those of want do. What one of the two does not name is no difference.
func OfAnother(tags, want map[string]string) bool {
	return slices.ContainsFunc(ownerKeys(), func(key string) bool {
		have, wanted := value(tags, key), value(want, key)
		return have != "" && wanted != "" && have != wanted
	})
}

// OwnerOf says for people which owner tags name: "prometheus-agent v2.42.0 prometheus/amd64".
func OwnerOf(tags map[string]string) string {
	name := func(key string) string { return cmp.Or(value(tags, key), "?") }
	return name(TagProject) + " " + name(TagTag) + " " + name(TagImage) + "/" + name(TagArch)
}

// named is the end of a name with digests: the project's, the owner's, and what
// makes it a candidate's or a boot test's.
var named = regexp.MustCompile(`-([0-9a-f]{8})[0-9a-f]{12}(-test|-[0-9a-f]{12})?$`)

// OfProject reports whether something that Amiship made is a project's: its tag
// says so, compared as a whole. Without that tag the digest in its name does.
func OfProject(project, name string, tags map[string]string) bool {
	if tagged := value(tags, TagProject); tagged != "" {
		return tagged == project
	}
	m := named.FindStringSubmatch(name)
	return m != nil && strings.HasPrefix(name, stem(project)) && m[1] == Digest(projectDigits, project)
}

// InputsOf reads from a candidate's name the beginning of the digest of what it was
// built from.
func InputsOf(name string) string { return name[max(0, len(name)-inputsDigits):] }

// CutInputs reports whether a digest of inputs is only the part that a candidate's name
// contains.
func CutInputs(inputs string) bool { return len(inputs) <= inputsDigits }

// IsCandidateName reports whether a name could be that of a project's candidate, or
// of a project's that begins alike: see OfProject.
func IsCandidateName(project, name string) bool {
	return strings.HasPrefix(name, stem(project)) && inputsSuffix.MatchString("-"+InputsOf(name))
}
