// Package release holds the values that say what a release is: its tag and
// version, its images, and where. It does no I/O.
//
// Nothing here has an AWS id. Everything is named by a Key before it exists,
// so that a plan can be written down before anything is built.
package release

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/marketplace"
)

// Place is where a thing is: an account and a region.
type Place struct {
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
}

// Key names a thing before it has an id: a variant (Image, Arch) in a Place.
type Key struct {
	Image   string `json:"image,omitempty"`
	Arch    string `json:"arch,omitempty"`
	Listing string `json:"listing,omitempty"`
	Place
}

// Variant is the key without its place: "ce/arm64".
func (k Key) Variant() string { return k.Image + "/" + k.Arch }

func (k Key) String() string {
	parts := []string{}
	if k.Image != "" {
		parts = append(parts, k.Image+"/"+k.Arch)
	}
	if k.Listing != "" {
		parts = append(parts, k.Listing)
	}
	if k.Region != "" {
		parts = append(parts, k.Region)
	}
	if k.Account != "" {
		parts = append(parts, k.Account)
	}
	return strings.Join(parts, "/")
}

// Compare orders keys by variant, listing, then place.
func (k Key) Compare(o Key) int {
	return cmp.Or(
		strings.Compare(k.Image, o.Image), strings.Compare(k.Arch, o.Arch),
		strings.Compare(k.Listing, o.Listing),
		strings.Compare(k.Account, o.Account), strings.Compare(k.Region, o.Region))
}

// Desired is what a catalog requests at one tag.
type Desired struct {
	Project string
	Tag     string
	Commit  string   // of the catalog, in git; empty: not known, or changed since
	Unsaved []string // what of it git does not have, for people
	Version Version
	// BuildNumber counts the releases of one version: +ee.1 replaces +ee.0,
	// under the same names.
	BuildNumber uint64
	// Untested releases leave the boot test of their candidates out.
	Untested bool
	Skip     string // why this tag releases nothing; Variants is empty then
	Variants []Variant
	Targets  []Target  // every region, the build regions included, sorted by region
	Listings []Listing // on Marketplace, of these variants, sorted by name
	Policy   Policy
	Control  ChangeControl // what may hold its changes
	Forms    []Form        // of all the project's variants, sorted: for AMIs without tags
}

// Policy is what a project has decided about blockers.
type Policy struct {
	// BuildAnyway lets builds begin although a required region will have no
	// remaining quota for their AMIs.
	BuildAnyway bool
	// ImageWithin is how long AWS may take over an AMI of up to 100 GiB, and as long again
	// for each further 100 GiB: then the pending AMI is a blocker. Zero: as long as it likes.
	ImageWithin time.Duration
	// Horizon is how many releases a raised quota must have capacity for.
	Horizon int
	// Raise lets a release ask AWS for a higher quota by itself.
	Raise bool
	// Retire lets a release that is complete retire older ones by itself.
	Retire bool
	// Retention is nil where a project has not said what it keeps.
	Retention *Retention
}

// Target is a region of a release.
type Target struct {
	Region   string
	Required bool   // false: optional, it ends skipped without failing the release
	At       string // where the catalog names it: "regions.required[1] (amiship.yaml:21)"
}

// Variant is an image on one architecture, as it must be in every region.
type Variant struct {
	Image, Arch string
	Name        string // the public AMI name
	Description string
	Public      bool
	// PublicSnapshot lets every account restore the snapshots of a public AMI, which it
	// needs to copy it.
	PublicSnapshot bool
	Share          []string // account ids that may launch it and restore its snapshot
	// Organizations are the ARNs of organizations and units whose accounts may launch it. AWS
	// shares no snapshot with them.
	Organizations []string
	Sellers       []string          // accounts that listings belong to: they copy it in Marketplace's region
	Tags          map[string]string // the catalog's own, rendered; not amiship's
	Parameters    []Parameter
	Checks        []Check
	TestWithin    time.Duration // of a boot test, from launch to the last check, and again from a restart
	TestAllow     []string      // subjects of findings that the boot test accepts, with * for any text
	Build         Build
}

// SharedIn returns the accounts that may use the variant in a region, sorted:
// those of Share, and in Marketplace's region the owners of its listings.
func (v Variant) SharedIn(region string) []string {
	out := slices.Clone(v.Share)
	if region == marketplace.Region {
		out = append(out, v.Sellers...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Key names the variant in a region of the releasing account.
func (v Variant) Key(region string) Key {
	return Key{Image: v.Image, Arch: v.Arch, Place: Place{Region: region}}
}

// LaunchTarget is what an instance of builds and boot tests is launched as, and where.
type LaunchTarget struct {
	InstanceType string
	Subnet       string // empty: the default VPC
}

// LaunchTargets are all, in the order in which they are tried; there is at least one.
func (b Build) LaunchTargets() []LaunchTarget {
	return append([]LaunchTarget{{b.InstanceType, b.Subnet}}, b.Others...)
}

// Parameter is an SSM parameter that holds the AMI's id, in every target region.
type Parameter struct {
	Name   string
	Latest bool // moves on with the newest version; an older one leaves it alone
}

// Build is how a variant's candidate is made.
type Build struct {
	Region       string
	Template     string   // absolute path of the Packer template
	Files        []string // absolute paths that are digested into the inputs: template and scripts
	InstanceType string
	Subnet       string         // empty: the default VPC
	Others       []LaunchTarget // tried in this order where AWS has no capacity for these two
	// AccessFrom says from where instances are reached: CIDR ranges, or one of
	// AccessAuto and AccessVPC. AddressURL answers AccessAuto.
	AccessFrom  []string
	AddressURL  string
	SSHUser     string
	DiskGiB     int
	DiskType    string
	IMDSSupport string // "v2.0": the AMI requires IMDSv2; empty: not set
	Tokens      bool   // the template launches instances whose metadata service requires tokens
	Metadata    bool   // the template launches instances that have a metadata service, whatever the account's default
	Base        Base
	Package     Package
	License     Secret // zero: none
	Vars        map[string]string
	Lines       map[string]string // "amiship.yaml:12", by field
}

// AskForTokens is how a template sets Build.Tokens, AskForMetadata how it sets
// Build.Metadata, and WhoTakesOptions which Packer takes that.
const (
	AskForTokens    = `metadata_options { http_tokens = "required" } in the source of the template: ` + WhoTakesOptions
	AskForMetadata  = `metadata_options { http_endpoint = "enabled" } in the source of the template: ` + WhoTakesOptions
	WhoTakesOptions = "current Packer (plugin amazon 1.3.0 or newer) knows metadata_options, Packer 1.6.6 does not"
)

// The words of Build.AccessFrom.
const (
	AccessAuto = "auto" // this machine's public address
	AccessVPC  = "vpc"  // the ranges of the VPC that instances run in
)

// Base selects the AMI that a build starts from: the newest that fits.
type Base struct {
	Owner string // account id
	Name  string // with AWS's wildcards * and ?
	Arch  string
}

// Package is where the shipped package comes from: exactly one of File, URL, Apt.
type Package struct {
	File    string            // absolute path
	URL     string            // http or https
	Headers map[string]Secret // sent with URL
	Apt     string            // name of a package in the sources of this machine's apt
	Version string            // which version of Apt: exact, or its upstream part
	Arch    string
	SHA256  string // hex; empty: from SHA256URL, or from apt's signed index
	// SHA256URL names a file with the digest, as sha256sum writes it.
	SHA256URL string
	MaxBytes  int64 // of URL, that are taken; 0: any number
}

// Digestible reports whether the package's digest can be read anew where it comes
// from. One that the catalog names stays what it is.
func (p Package) Digestible() bool {
	return p.SHA256 == "" && (p.SHA256URL != "" || p.Apt != "" || p.File != "")
}

// Secret is a value that is fetched when it is needed and never shown.
type Secret struct {
	Env     string   // name of an environment variable
	File    string   // absolute path
	Command []string // its standard output, without the last newline
}

// IsZero reports whether no source is named.
func (s Secret) IsZero() bool { return s.Env == "" && s.File == "" && len(s.Command) == 0 }

// Variant returns one of the release's.
func (d Desired) Variant(image, arch string) (Variant, bool) {
	i := slices.IndexFunc(d.Variants, func(v Variant) bool { return v.Image == image && v.Arch == arch })
	if i < 0 {
		return Variant{}, false
	}
	return d.Variants[i], true
}

// Listing returns the listing of a name.
func (d Desired) Listing(name string) (Listing, error) {
	i := slices.IndexFunc(d.Listings, func(l Listing) bool { return l.Name == name })
	if i < 0 {
		return Listing{}, fmt.Errorf("no listing %s in this release", name)
	}
	return d.Listings[i], nil
}

// BuildRegions returns the regions that candidates are built in, sorted.
func (d Desired) BuildRegions() []string {
	var out []string
	for _, v := range d.Variants {
		out = append(out, v.Build.Region)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Regions returns those that the release goes to, or is built in, sorted.
func (d Desired) Regions() []string {
	out := d.BuildRegions()
	for _, t := range d.Targets {
		out = append(out, t.Region)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// SharedIn returns every account that some variant is shared with in a region,
// sorted.
func (d Desired) SharedIn(region string) []string {
	var out []string
	for _, v := range d.Variants {
		out = append(out, v.SharedIn(region)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// SharedWithOrganizations reports whether some variant is.
func (d Desired) SharedWithOrganizations() bool {
	return slices.ContainsFunc(d.Variants, func(v Variant) bool { return len(v.Organizations) > 0 })
}

// OrganizationsOnlyLaunch says what the organizations of a variant can't do; "" if it has
// none, or everybody can.
func (v Variant) OrganizationsOnlyLaunch() string {
	if len(v.Organizations) == 0 || v.PublicSnapshot {
		return ""
	}
	return v.Image + "/" + v.Arch + ": the organizations and units that it is shared with can launch it and not copy it: AWS shares snapshots with accounts only; name in share the accounts that copy it"
}

// PublicSnapshots reports whether snapshots of some variant become public.
func (d Desired) PublicSnapshots() bool {
	return slices.ContainsFunc(d.Variants, func(v Variant) bool { return v.PublicSnapshot })
}

// Open reports whether AMIs of a variant become public or are listed.
func (d Desired) Open(v Variant) bool {
	return v.Public || slices.ContainsFunc(d.Listings, func(l Listing) bool { return l.Image == v.Image && l.Arch == v.Arch })
}

// Listing is a product on AWS Marketplace that offers the release.
type Listing struct {
	Name        string // in the catalog
	Product     string // id of the entity: prod-…, or a UUID
	Image, Arch string // the variant that backs it
	// Role is assumed where the product belongs to another account than the
	// AMIs: its ARN. Account is that account's id. Both empty: the same account.
	Role, Account string
	ExternalID    string              // that assuming the role needs; empty: none
	Version       marketplace.Version // without the AMI; without release notes that a command prints
	Notes         []string            // the command that prints the release notes; nil: they are in Version
	Only          string              // OnlyLatestStable or OnlyAll
	Pending       string              // what to do about a pending change set that this release did not submit: PendingWait, …
	Validate      bool                // rehearse at Marketplace first, with Intent VALIDATE
	Retries       int                 // how often a change set that failed by Marketplace's own fault is submitted again
	OlderWithin   time.Duration       // how long a version waits for older releases that are under way; 0: not at all
	Limit         int                 // how many versions a product may have
	// AssessmentNotice is how long before it expires an assessment of Marketplace's is reported.
	AssessmentNotice time.Duration
	Titles           string // regular expression whose first group reads a version from a title
	Unmarked         bool   // its AMI has no tag left to record who submitted it
	// Lines says where a field of the version stands: "title" -> "amiship.yaml:41".
	Lines map[string]string
}

// What a listing shows (Listing.Only).
const (
	OnlyLatestStable = "latest-stable" // no pre-releases, no patch of an older series
	OnlyAll          = "all"
)

// What to do about a change set that locks a listing and that this release
// did not submit (Listing.Pending).
const (
	PendingWait   = "wait"
	PendingCancel = "cancel" // once exactly that one was approved, and while it is PREPARING
	PendingStop   = "stop"
)

// AMIKey names the AMI that backs the listing: in the account that the product
// belongs to, in Marketplace's region.
func (l Listing) AMIKey() Key {
	return Key{Image: l.Image, Arch: l.Arch, Place: Place{Account: l.Account, Region: marketplace.Region}}
}

// Key names the listing.
func (l Listing) Key() Key { return Key{Listing: l.Name} }
