// Package record holds what Amiship writes on AWS, and reads there again: the names
// and tags of AMIs, claims and change sets, and the values of parameters. They are all
// the state that it has. It does no I/O.
package record

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Schema is the version of the tags that Amiship writes; every value begins
// with it. A higher one was written by a newer Amiship.
const Schema = 1

// The tags that Amiship writes; Tags says what each means.
const (
	TagProject  = "amiship:project"
	TagTag      = "amiship:tag"
	TagImage    = "amiship:image"
	TagArch     = "amiship:arch"
	TagVersion  = "amiship:version"
	TagStage    = "amiship:stage"
	TagBuild    = "amiship:build"
	TagInputs   = "amiship:inputs"
	TagPackage  = "amiship:package"
	TagBase     = "amiship:base"
	TagBaseName = "amiship:base-name"
	TagCommit   = "amiship:commit"
	TagTested   = "amiship:tested" // see Verdict
	TagTaken    = "amiship:taken"  // see WriteTaken
	TagRetired  = "amiship:retired"
	TagKeep     = "amiship:keep"
	TagWhy      = "amiship:why"
	TagWaived   = "amiship:waived"
	TagInLine   = "amiship:in-line"
	TagPublic   = "amiship:public"
	TagAlive    = "amiship:alive"
	TagRun      = "amiship:run"
	TagListing  = "amiship:listing"
	TagProbe    = "amiship:probe"
)

// Tag is a tag that Amiship writes.
type Tag struct {
	Key   string
	On    string // the resources that have it
	Means string
}

// Tags are all tags that Amiship writes.
func Tags() []Tag {
	const all, amis, ami, claims = "all resources", "AMIs and snapshots", "AMIs", "claims"
	return []Tag{
		{TagProject, all, "The project of the catalog. Resources of another project are never changed."},
		{TagTag, all, "The git tag of the release."},
		{TagImage, all, "The image of the catalog."},
		{TagArch, all, "The architecture: amd64 or arm64."},
		{TagVersion, all, "The version of the release."},
		{TagStage, all, "How far it is: " + strings.Join([]string{StageCandidate, StageRelease, StageDeprecated, StageDemoted, StageDisabled, StageWithdrawn}, ", ") + "."},
		{TagBuild, all, "The number of the release among those of one version."},
		{TagPublic, all, "The AMI is to become public, and needs capacity of the quota of public AMIs."},
		{TagInputs, amis, "A digest of what the image is built from: package, template, files, license, base selector."},
		{TagPackage, amis, "The SHA-256 of the package."},
		{TagBase, amis, "The AMI it was built from. Recorded, never compared."},
		{TagBaseName, amis, "The name of that AMI, which may be gone."},
		{TagCommit, amis, "The git commit of the catalog, if everything was committed. verify and repair read the catalog at this commit."},
		{TagTested, ami, "How the boot test ended."},
		{TagWaived, ami, "On candidates: the required regions that are waived, until when, and why."},
		{TagInLine, ami, "On candidates: since when the release is in line behind older ones to be added to a listing."},
		{TagRetired, ami, "When the retention policy stopped keeping the AMI; the grace periods of retire run from then."},
		{TagKeep, ami, "On the newest AMI: the retention policy of the last retirement."},
		{TagTaken, amis, "The permissions that a withdrawal or retirement revoked; the list continues in " + takenKey(2) + " and so on."},
		{TagWhy, amis, "Why the release was withdrawn."},
		{markPrefix + "EVENT", ami, "When and by whom it was " + eventNames() + "."},
		{TagRun, claims, "The run that owns the claim: the security group, key pair and instance of a build or boot test."},
		{TagAlive, claims, "When that run last renewed the claim."},
		{TagProbe, "what amiship probe makes", "The run of amiship probe that made it; amiship sweep --probe removes it."},
		{TagListing, "change sets", "The listing to which the change set adds a version."},
	}
}

func eventNames() string {
	var out []string
	for _, e := range append(Events(), Listed) {
		out = append(out, string(e))
	}
	return strings.Join(out, ", ")
}

// The values of TagStage.
const (
	StageCandidate = "candidate"
	StageRelease   = "release"
	// The stages of a release that is no longer kept. Each is written before its
	// step, and no AMI returns to an earlier stage.
	StageDeprecated = "deprecated" // AWS shows customers a date
	StageDemoted    = "demoted"    // private
	StageDisabled   = "disabled"   // no account can launch it
	StageWithdrawn  = "withdrawn"  // recalled for a defect: private, and never published again
)

// Over reports whether a stage comes after the release: nothing is published,
// shared or listed from then on.
func Over(stage string) bool {
	return stage == StageDemoted || stage == StageDisabled || stage == StageWithdrawn
}

// Released reports whether a stage is that of a release which customers can use.
func Released(stage string) bool { return stage == StageRelease || stage == StageDeprecated }

// TagValue puts the schema in front of a value: "1:prometheus".
func TagValue(v string) string { return fmt.Sprintf("%d:%s", Schema, v) }

// TagValues are the forms in which a tag may have a value: without a schema, and in each of nine.
func TagValues(v string) []string {
	out := []string{v}
	for schema := range 9 {
		out = append(out, fmt.Sprintf("%d:%s", schema+1, v))
	}
	return out
}

// ReadTag returns the value behind the schema, and the schema: 0 if there is none.
func ReadTag(v string) (value string, schema int) {
	number, value, found := strings.Cut(v, ":")
	n, err := strconv.ParseUint(number, 10, 31)
	if !found || err != nil {
		return v, 0
	}
	return value, int(n) //nolint:gosec // of 31 bits
}

var notInName = regexp.MustCompile(`[^a-zA-Z0-9()\[\] ./'@_-]`)
