// Package world holds what AWS has, as values: nothing here calls anything.
//
// Unread is not absent. Every fact says when it was read and whether the read
// succeeded; a fact that is not Known must never be taken for "there is
// none".
package world

import (
	"slices"
	"strings"
	"time"

	"amiship/internal/record"
	"amiship/internal/release"
)

// Fact is something that was read, that could not be read, or that was not
// read yet.
type Fact[T any] struct {
	At  time.Time // when it was last read; zero: never
	Err string    // why the read failed
	Val T
}

// Known reports whether Val is what AWS said.
func (f Fact[T]) Known() bool { return !f.At.IsZero() && f.Err == "" }

// Missed reports whether a read was tried and got no answer.
func (f Fact[T]) Missed() bool { return f.Err != "" }

// World is what is known of AWS, and of the sources of the release.
type World struct {
	Now time.Time // by AWS's own Date header
	// Skew is how far this machine's clock is behind AWS's, if AWS refuses what is
	// signed by it; else zero.
	Skew     time.Duration
	Regions  map[string]Region
	Packages map[string]Fact[Package] // by variant: "ce/arm64"
	Bases    map[string]Fact[Base]    // by variant
	Digests  map[string]Fact[string]  // by variant: the package's SHA-256, where it comes from
	Listings map[string]Listing       // by name
	// Sets are the details of the change sets that a decision rests on, by
	// id.
	Sets map[string]Fact[SetDetails]
	// Pause is the pause of the project; the zero value says that there is none.
	Pause Fact[record.Pause]
	// SellerImages are the own images of the accounts that listings belong to.
	SellerImages map[release.Place]Fact[[]Image]
	// Access is who may use an AMI or a snapshot, by its id: account ids, ARNs of
	// organizations and units, and record.Everybody, sorted. It is read from the attribute,
	// so that no account is left out.
	Access map[string]Fact[[]string]
	// Assessments are the controls that have failed, by the assessment's id.
	Assessments map[string]Fact[[]Control]
	// Throttled are the reads that AWS refused for their rate alone: they are repeated.
	Throttled map[Query]bool
}

// New returns a world in which nothing is known.
func New() World {
	return World{
		Regions: map[string]Region{}, Packages: map[string]Fact[Package]{}, Bases: map[string]Fact[Base]{}, Digests: map[string]Fact[string]{},
		Listings: map[string]Listing{}, Sets: map[string]Fact[SetDetails]{}, SellerImages: map[release.Place]Fact[[]Image]{},
		Access: map[string]Fact[[]string]{}, Assessments: map[string]Fact[[]Control]{}, Throttled: map[Query]bool{},
	}
}

// Region is what is known of the releasing account in one region.
type Region struct {
	Images Fact[[]Image] // all own images
	// Release are the own images that the release's tags name, Namesakes those that have a
	// name of its AMIs, or of its candidates. They are read for one release, and say nothing
	// of what is in neither.
	Release, Namesakes Fact[[]Image]
	// Pending are the ids of the own images that AWS is making.
	Pending Fact[[]string]
	// Grants are by the account that they are shared with. Those of record.Everybody are
	// snapshots only: whether an AMI is public is known of itself.
	Grants map[string]Fact[Grants]
	Claims Fact[[]Claim]           // alive or dead, of any project; see SawClaims
	Params Fact[map[string]string] // the requested SSM parameters that exist
	// Unfit are those of Params, read with them, of which SSM takes no new version.
	Unfit map[string]UnfitParameter
	// Bin are the rules of the Recycle Bin for AMIs.
	Bin Fact[[]BinRule]
	// Snapshots are those that carry the project's tags.
	Snapshots Fact[[]Snapshot]
	Named     Fact[Parameters] // SSM parameters that hold an AMI, whoever wrote them
	// References are what of the account refers to AMIs that were asked about.
	References Fact[References]
	// Usage is which other accounts use the account's AMIs, by the reports that there are.
	Usage    Fact[Usage]
	Limits   Fact[Limits] // what may be public, and whether anything may
	Off      bool         // the account has not switched the region on
	NoRegion bool         // the account's partition of AWS has no such region
	// Network are the subnets that builds name; "" is the default VPC.
	Network Fact[map[string]Subnet]
	// Types are the instance types that builds name, of those that the region has.
	Types Fact[map[string]InstanceType]
	// Metadata are the account's defaults for the metadata service of new instances.
	Metadata Fact[MetadataDefaults]
	// Denied are IAM actions of a release that the caller may not do, each with
	// what AWS said.
	Denied Fact[map[string]string]

	since map[string]time.Time // by claim and its last renewal: when it was first read so
}

// UnfitParameter is an SSM parameter of which SSM takes no new version.
type UnfitParameter struct {
	Type string // SecureString or StringList; empty: String, as it must be
	// Labels are those of its oldest version, if it has as many as SSM keeps: that would
	// be removed, and SSM removes none that carries a label.
	Labels  []string
	Version int64 // that version
}

// Image is an own AMI. Times are UTC.
type Image struct {
	ID, Name, State string // State as EC2 spells it: pending, available, failed, …
	Reason          string // why it failed
	Arch            string // amd64, arm64
	Public          bool
	Tags            map[string]string
	Created         time.Time
	Source          string   // AMI that it was created or copied from; empty: EC2 does not know
	Snapshots       []string // empty while the image is pending
	Size            int      // GiB, of all its disks; 0 while that is not shown
	Encrypted       bool
	IMDSSupport     string // "v2.0", or empty
	// Protection against deregistration as EC2 spells it, CoolingDown included;
	// empty: there is none.
	Protection string
	// LastLaunched is when an instance was last launched from it, a day late;
	// zero: never, or before AWS counted. Deprecated is from when on it is.
	LastLaunched, Deprecated time.Time
}

// The states of an image that decisions rest on.
const (
	Pending   = "pending"
	Available = "available"
	Failed    = "failed"
	Disabled  = "disabled"
)

// Snapshot is an own snapshot of an AMI.
type Snapshot struct {
	ID      string
	AMI     string // that it was made for, by its description; empty: not known
	Size    int    // GiB, of its volume
	Binned  bool   // that AMI is in the Recycle Bin, from which it can be restored
	Tags    map[string]string
	Started time.Time
}

// CoolingDown is the Protection of an AMI whose protection was disabled less than
// 24 hours ago, if it had been enabled with a cooldown.
const CoolingDown = "disabled-in-cooldown"

// Parameters are all those of a region that hold an AMI, sorted by name.
type Parameters struct {
	All    []Parameter
	Denied string // why the caller may not list them; All is empty then
}

// Parameter is an SSM parameter that holds the id of an AMI.
type Parameter struct {
	Name, AMI string
	Project   string // that its description names, if Amiship has written it; else empty
	Gone      bool   // the caller can see no AMI of that id, of any owner
}

// Tag returns the value of one of Amiship's own tags, without its schema.
func (i Image) Tag(key string) string {
	v, _ := record.ReadTag(i.Tags[key])
	return v
}

// Schema is the newest schema among the image's own tags; 0: it has none.
func (i Image) Schema() int {
	newest := 0
	for k, v := range i.Tags {
		if strings.HasPrefix(k, "amiship:") {
			_, s := record.ReadTag(v)
			newest = max(newest, s)
		}
	}
	return newest
}

// Grants are the own images and snapshots that one account may use.
type Grants struct{ Images, Snapshots map[string]bool }

// Covers reports whether the account may use the image and all its snapshots.
func (g Grants) Covers(i Image) bool {
	return g.Images[i.ID] && !slices.ContainsFunc(i.Snapshots, func(s string) bool { return !g.Snapshots[s] })
}

// Package is a fetched and verified package.
type Package struct {
	Path    string
	SHA256  string
	Version string
	Inputs  string // digest of everything declared for the variant
	Note    string // what a person should know: a replacement, a cached copy
}

// Base is the AMI that a build will start from.
type Base struct {
	ID, Name, Description string
	RootDevice            string // "/dev/xvda"
	Created               time.Time
	ProductCode           string // of AWS Marketplace, which an image built from it has too; empty: none
	IMDSSupport           string // "v2.0", or empty
	// Names are those of all AMIs that fit the catalog's pattern, by id.
	Names map[string]string
	// Unallowed is a base that the account's Allowed AMIs do not allow. In audit mode that
	// hinders nothing.
	Unallowed bool
	Allowed   AllowedImages // of the account, where they may be why there is no base
}

// Query names a fact to read.
type Query struct {
	Kind    Kind   `json:"kind"`
	Region  string `json:"region,omitempty"`
	Account string `json:"account,omitempty"` // of Grants, and of images of sellers and their Access
	Variant string `json:"variant,omitempty"` // of Package, Digest and Base
	Listing string `json:"listing,omitempty"` // of Listing, Notes and ChangeSet
	Set     string `json:"set,omitempty"`     // of ChangeSet: its id
	ID      string `json:"id,omitempty"`      // of Access: an AMI's or a snapshot's; of References: AMIs; of Assessment
}

// OfListings reports whether a query is about what only listings rest on.
func (q Query) OfListings() bool { return q.Listing != "" || q.Kind == LookSellerImages }

// Fetched reports whether the answer is not AWS's: it is downloaded, or a command of
// the catalog's prints it.
func (q Query) Fetched() bool {
	return q.Kind == LookPackage || q.Kind == LookDigest || q.Kind == LookNotes
}

// Retried reports whether a fact that could not be read is read again, once there is
// nothing else to do. What was wrong with a package or a base stays wrong until it is
// fixed, and nothing rests on the others for certain.
func (q Query) Retried() bool {
	return q.Variant == "" && !slices.Contains([]Kind{LookNotes, LookLimits, LookNetwork, LookTypes, LookMetadata, LookDenied, LookSnapshots, LookBin, LookReferences, LookUsage, LookAssessments, LookAssessment}, q.Kind)
}

// Kind is what a query asks for.
type Kind string

// Noun is what a kind of fact is called where it is said that it could not be read.
func (k Kind) Noun() string {
	switch k {
	case LookRelease, LookNamesakes, LookPending:
		return string(LookImages)
	}
	return string(k)
}

// The kinds of facts.
const (
	LookImages    Kind = "images"    // all
	LookRelease   Kind = "release"   // the images that the release's tags name
	LookNamesakes Kind = "namesakes" // the images that have a name of the release's
	LookPending   Kind = "pending"   // which images AWS is making

	LookGrants  Kind = "grants" // what one account may use
	LookAccess  Kind = "access" // who may use one AMI or snapshot
	LookClaims  Kind = "claims"
	LookParams  Kind = "params"
	LookNamed   Kind = "named" // every parameter of AMIs
	LookPackage Kind = "package"
	LookDigest  Kind = "digest" // of the package, without fetching it
	LookBase    Kind = "base"

	LookBin       Kind = "bin"       // rules of the Recycle Bin
	LookSnapshots Kind = "snapshots" // those with the project's tags

	LookReferences Kind = "references" // what of the account refers to some AMIs
	LookUsage      Kind = "usage"      // which other accounts use AMIs

	LookLimits  Kind = "limits"  // quotas, and what keeps AMIs from being public
	LookNetwork Kind = "network" // whether there is one to build in
	LookTypes   Kind = "types"   // the instance types of builds
	LookDenied  Kind = "denied"  // what the caller may not do, by dry runs

	LookMetadata Kind = "metadata" // defaults for the metadata service of new instances

	LookPause Kind = "pause" // whether changes of the project are paused

	LookListing      Kind = "listing"       // the product, and its newest change sets
	LookChangeSet    Kind = "changeset"     // what one requests, and what was wrong with it
	LookNotes        Kind = "notes"         // release notes that a command prints
	LookAssessments  Kind = "assessments"   // the newest of each delivery option of a product
	LookAssessment   Kind = "assessment"    // the controls that have failed in one
	LookSellerImages Kind = "seller-images" // images of the account that a listing belongs to
)
