package release

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Schema is the version of the tags that Amiship writes; every value begins
// with it. A higher one was written by a newer Amiship.
const Schema = 1

// The tags of what is ours, on AMIs, snapshots, builders and claims.
const (
	TagProject = "amiship:project"
	TagTag     = "amiship:tag"
	TagImage   = "amiship:image"
	TagArch    = "amiship:arch"
	TagVersion = "amiship:version"
	TagStage   = "amiship:stage"
	TagBuild   = "amiship:build"   // number of the release among those of one version
	TagInputs  = "amiship:inputs"  // digest of what was declared: package, template, scripts, licence, base selector
	TagPackage = "amiship:package" // SHA-256 of the package
	TagBase    = "amiship:base"    // the AMI it was built from; recorded, never compared
	TagCommit  = "amiship:commit"  // git commit of the catalog by which it was made, if that was saved; recorded, never compared
	TagTested  = "amiship:tested"  // how its boot test ended; see Verdict
	TagTaken   = "amiship:taken"   // permissions that a retirement has taken away: account ids, and "all"
	TagRetired = "amiship:retired" // when an AMI was found to be kept no longer, RFC 3339: its grace periods run from then
	TagWhy     = "amiship:why"     // why a release was withdrawn
	TagWaived  = "amiship:waived"  // on a candidate: required regions that its release may do without, until when, and why
	TagPublic  = "amiship:public"  // on what is to become public: it counts on room for it
	TagAlive   = "amiship:alive"   // on a claim: when its run was last there
	TagRun     = "amiship:run"     // on a claim: whose it is
	TagListing = "amiship:listing" // on a change set: whose version it adds
)

// The values of TagStage.
const (
	StageCandidate = "candidate"
	StageRelease   = "release"
	// What a release goes through when it is no longer kept. Each is written
	// before what it stands for is done, and nothing lifts an AMI above its stage.
	StageDeprecated = "deprecated" // AWS shows customers a date
	StageDemoted    = "demoted"    // private
	StageDisabled   = "disabled"   // nobody can launch it
	StageWithdrawn  = "withdrawn"  // recalled for a defect: private, and never published again
)

// Over reports whether a stage is one after the release: nothing is published,
// shared or listed any more.
func Over(stage string) bool {
	return stage == StageDemoted || stage == StageDisabled || stage == StageWithdrawn
}

// TagValue puts the schema in front of a value: "1:prometheus".
func TagValue(v string) string { return fmt.Sprintf("%d:%s", Schema, v) }

// ReadTag returns the value behind the schema, and the schema: 0 if there is none.
func ReadTag(v string) (value string, schema int) {
	number, value, found := strings.Cut(v, ":")
	schema, err := strconv.Atoi(number)
	if !found || err != nil {
		return v, 0
	}
	return value, schema
}

// OwnTags returns the tags that say what a variant of this release is.
func (d Desired) OwnTags(v Variant, stage string) map[string]string {
	tags := map[string]string{
		TagProject: TagValue(d.Project),
		TagTag:     TagValue(d.Tag),
		TagImage:   TagValue(v.Image),
		TagArch:    TagValue(v.Arch),
		TagVersion: TagValue(d.Version.Text),
		TagStage:   TagValue(stage),
		TagBuild:   TagValue(strconv.FormatUint(d.BuildNumber, 10)),
	}
	if v.Public {
		tags[TagPublic] = TagValue("yes")
	}
	return tags
}

var notInName = regexp.MustCompile(`[^a-zA-Z0-9()\[\] ./'@_-]`)

// ClaimName is the name of the security group that claims a variant's build,
// of its key pair, and the stem of its candidate's name. It proves whose they are.
func (d Desired) ClaimName(v Variant) string {
	return notInName.ReplaceAllString("amiship-"+d.Project+"-"+v.Image+"-"+v.Arch+"-"+d.Tag, ".")
}

// TestClaimName is the name of the claim of a boot test, made from that of the
// build; it fits no candidate's name.
func TestClaimName(claim string) string { return claim + "-test" }

// CandidateName is the AMI name that Packer is given.
func (d Desired) CandidateName(v Variant, inputs string) string {
	return d.ClaimName(v) + "-" + inputs[:min(12, len(inputs))]
}

var amiName = regexp.MustCompile(`^[a-zA-Z0-9()\[\] ./'@_-]{3,128}$`)

// CheckAMIName says why AWS would refuse a name (facts 2.1).
func CheckAMIName(name string) error {
	if amiName.MatchString(name) {
		return nil
	}
	if bad := notInName.FindString(name); bad != "" {
		return fmt.Errorf("AMI name %q: AWS refuses %q; letters, digits and ()[] ./-'@_ are allowed", name, bad)
	}
	return fmt.Errorf("AMI name %q: has %d characters, AWS takes 3 to 128", name, len(name))
}

// CheckTag says why AWS would refuse a tag: keys of 1 to 128 characters, values
// of up to 256, no key that begins with "aws:".
func CheckTag(key, value string) error {
	switch {
	case key == "" || len([]rune(key)) > 128:
		return fmt.Errorf("tag key %q: has %d characters, AWS takes 1 to 128", key, len([]rune(key)))
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return fmt.Errorf("tag key %q: AWS keeps keys that begin with aws: to itself", key)
	case strings.HasPrefix(key, "amiship:"):
		return fmt.Errorf("tag key %q: Amiship writes the amiship: tags itself", key)
	case len([]rune(value)) > 256:
		return fmt.Errorf("tag %q: its value has %d characters, AWS takes 256", key, len([]rune(value)))
	}
	return nil
}

// CheckDescription says why AWS would refuse an AMI's description.
func CheckDescription(text string) error {
	for _, r := range text {
		if r > unicode.MaxASCII || r < ' ' {
			return fmt.Errorf("description %q: AWS refuses %q, it takes ASCII", text, r)
		}
	}
	if len(text) > 255 {
		return fmt.Errorf("description %q: has %d characters, AWS takes 255", text, len(text))
	}
	return nil
}

var parameterName = regexp.MustCompile(`^/?[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+){0,14}$`)

// CheckParameterName says why SSM would refuse a parameter's name.
func CheckParameterName(name string) error {
	switch {
	case !parameterName.MatchString(name) || len(name) > 1011:
		return fmt.Errorf("parameter name %q: SSM takes letters, digits and _.- in at most 15 levels separated by /", name)
	case regexp.MustCompile(`(?i)^/?(aws|ssm)`).MatchString(name):
		return fmt.Errorf("parameter name %q: SSM keeps names that begin with aws or ssm to itself", name)
	}
	return nil
}
