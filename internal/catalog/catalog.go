// Package catalog reads amiship.yaml, what a project ships, and resolves it at
// a tag into the values that a release works with.
//
// The tag patterns, the names and the texts of a project are in its catalog,
// never in code; and a check never stops at the first problem. Load reports
// every problem that can be seen without a tag (it resolves an example of every
// pattern), Resolve those of the one tag. Each problem has the line and column
// of the field to change.
package catalog

import "amiship/internal/release"

// File is the name a catalog usually has.
const File = "amiship.yaml"

// Catalog is amiship.yaml. Texts marked as templates take placeholders, see
// Resolve; the help tags are the descriptions in the JSON Schema.
type Catalog struct {
	Extends string            `yaml:"extends" help:"A catalog beside this one, whose fields hold where this one has none: in a mapping each name by itself, and lists and texts as a whole. null removes a field. One bundle has a catalog for each partition of AWS so: amiship.yaml for most regions, and one that extends it for AWS GovCloud (US), with its base, regions and accounts."`
	Version int               `yaml:"version" required:"true" help:"The version of this format: 1."`
	Project string            `yaml:"project" required:"true" help:"A short name: small letters, digits and -. It is part of tags and of the names of resources that Amiship creates on AWS."`
	Tags    []TagRule         `yaml:"tags" required:"true" help:"Which git tags are releases, and of which images. The first pattern that matches a tag wins."`
	Vars    map[string]string `yaml:"vars" help:"Free values: placeholders for texts, and variables for the template. Templates."`
	Base    Base              `yaml:"base" required:"true" help:"The AMI that builds start from: the newest that matches."`
	Build   Build             `yaml:"build" required:"true" help:"How AMIs are built."`
	Regions Regions           `yaml:"regions" required:"true" help:"Where the AMIs go."`
	Package Package           `yaml:"package" required:"true" help:"The package that is shipped: one of file, url and apt."`
	Share   []string          `yaml:"share" help:"Whom every image is shared with: accounts, by their ids of 12 digits, in quotes; organizations and organizational units, by their ARNs. AWS shares snapshots with accounts only: an organization can launch an AMI, and not copy it."`
	Checks  []Check           `yaml:"checks" help:"Checks that an instance of any image must pass; the image's own checks run after these."`
	Test    Test              `yaml:"test" help:"The boot test that each candidate must pass before it is copied anywhere."`
	Copy    Copy              `yaml:"copy" help:"The copies that AWS makes of each AMI, and the AMI that it makes of each build."`
	Images  map[string]Image  `yaml:"images" required:"true" help:"What is shipped, by name."`

	Listings  map[string]Listing `yaml:"listings" help:"The products on AWS Marketplace that offer the releases, by a name of small letters, digits and -."`
	OnBlocker string             `yaml:"on_blocker" help:"What a release does while a required region has a known blocker, such as a quota that is used up: hold (the default) puts builds on hold; build continues as far as possible."`
	Quota     Quota              `yaml:"quota" help:"The quota of public AMIs."`
	Keep      Keep               `yaml:"keep" help:"The retention policy: which older releases are kept; without it amiship retire retires nothing."`
	Retire    Retire             `yaml:"retire" help:"The grace period of each step, from the day on which an AMI was found to be expired: days, as 30d."`

	Freeze []Freeze `yaml:"freeze" help:"Windows in which no run of the project changes anything; release --approve freeze@DIGEST overrides one for one run."`

	Rehearsal Rehearsal `yaml:"rehearsal" help:"Replacements, in a rehearsal, for what only the real release has."`
}

// TagRule says what a tag of some form releases.
type TagRule struct {
	Pattern string   `yaml:"pattern" required:"true" help:"The form of a tag. {version} stands for a version, other {names} for a word or number."`
	Images  []string `yaml:"images" help:"The images that such a tag releases. All, if none are named."`
	Skip    string   `yaml:"skip" help:"Why such a tag releases nothing."`
}

// Base selects the AMI that builds start from.
type Base struct {
	Owner string `yaml:"owner" required:"true" help:"The account id of its owner, in quotes, or amazon."`
	Name  string `yaml:"name" required:"true" help:"Its name, with * and ? as wildcards. A template."`
	User  string `yaml:"user" required:"true" help:"The user that SSH logs in as: admin (Debian), ubuntu, ec2-user."`
}

// Build says how AMIs are built.
type Build struct {
	Region   string   `yaml:"region" required:"true" help:"Where they are built; one of the required regions."`
	Template string   `yaml:"template" required:"true" help:"The Packer template: a file beside or below this one."`
	Files    []string `yaml:"files" help:"Every other file and directory that the template uses. A change to them changes what is built."`
	Subnet   Choices  `yaml:"subnet" help:"The subnet of the instances of builds and boot tests, or several of one VPC, which are tried in this order where AWS has no capacity. Without it, the default VPC is used."`
	// From where the instances of builds and boot tests are reached.
	AccessFrom AccessFrom         `yaml:"access_from" help:"Who can connect to the instances of builds and boot tests: address ranges such as 203.0.113.0/24; vpc, for those of the VPC that they run in; or auto (the default), for this machine's public address."`
	AddressURL string             `yaml:"address_url" help:"The source of this machine's address for access_from: auto. An https URL that answers a GET with only the client's address; https://checkip.amazonaws.com by default. A sandbox reports the address itself."`
	Instance   map[string]Choices `yaml:"instance" keys:"arch" help:"The instance type, by architecture; or several, which are tried in this order where AWS has no capacity for one in any of the subnets."`
	Disk       Disk               `yaml:"disk" help:"The root disk."`
	IMDS       string             `yaml:"imds_support" help:"v2.0: instances of the AMIs answer IMDSv2 only, unless their owner changes that."`
}

// AccessFrom is a list of ranges of addresses, or one of the words auto and vpc.
type AccessFrom []string

func (a *AccessFrom) setScalar(s string) { *a = AccessFrom{s} }

// Choices is one text, or several in the order of preference.
type Choices []string

func (c *Choices) setScalar(s string) { *c = Choices{s} }

// First returns the preferred one; empty if there is none.
func (c Choices) First() string { return c.orNone()[0] }

// orNone returns all, and one that is empty if there are none.
func (c Choices) orNone() Choices {
	if len(c) == 0 {
		return Choices{""}
	}
	return c
}

// Disk is the root disk of the AMIs.
type Disk struct {
	Size int    `yaml:"size" help:"GiB; at least what the base has. 20 by default."`
	Type string `yaml:"type" help:"gp3 by default."`
}

// Regions says where the AMIs go.
type Regions struct {
	Required   []string `yaml:"required" required:"true" help:"Nothing is published before the AMIs are ready in every one of these."`
	BestEffort []string `yaml:"best_effort" help:"Regions whose failure does not fail a release."`
}

// Package says where the shipped package comes from.
type Package struct {
	File    string            `yaml:"file" help:"A file beside or below this one. A template."`
	URL     string            `yaml:"url" help:"An http or https address. A template."`
	Headers map[string]Secret `yaml:"headers" help:"HTTP headers for url, such as an access token."`
	Apt     string            `yaml:"apt" help:"The name of a package that this machine's apt offers. A template."`
	Version string            `yaml:"version" help:"Its version, if it is not {version}: whole, or the upstream part. A template."`
	MaxSize int               `yaml:"max_size" help:"The size limit, in GiB, of a download from url; a larger package is refused. 4 by default."`
	SHA256  Digest            `yaml:"sha256" help:"Its digest in hex, or the url of a file that holds it, as sha256sum writes it. Not needed with apt."`
}

// Digest is a SHA-256: the hex text itself, or the URL of a file with it.
type Digest struct {
	Hex string `yaml:"-"`
	URL string `yaml:"url" help:"An http or https address; {url} is the package's. A template."`
}

func (d *Digest) setScalar(s string) { d.Hex = s }

// Secret is where a value comes from that must not be shown: one of env, file
// and command.
type Secret struct {
	Env     string   `yaml:"env" help:"The name of an environment variable."`
	File    string   `yaml:"file" help:"A file beside or below this one."`
	Command []string `yaml:"command" help:"A program and its arguments; it prints the value."`
}

// Image is one thing that is shipped, on one or more architectures.
type Image struct {
	Edition string   `yaml:"edition" help:"The value of {edition}."`
	Arch    []string `yaml:"arch" values:"arch" help:"amd64 and arm64; amd64 by default."`
	Public  bool     `yaml:"public" help:"Whether every AWS account may launch it."`
	// With its snapshot an AMI can be copied, and with Public alone only launched.
	PublicSnapshot bool               `yaml:"public_snapshot" help:"Whether every AWS account may copy the AMI too, as to another region, encrypted, or into its own account: its snapshots are public with it. Goes with public."`
	Name           PerArch            `yaml:"name" required:"true" help:"The AMI name, for all architectures or for each. A template."`
	Description    string             `yaml:"description" help:"The AMI description. A template."`
	Share          []string           `yaml:"share" help:"More accounts that may launch it and copy its snapshot: ids of 12 digits, in quotes; and organizations and organizational units that may launch it, by their ARNs."`
	Tags           map[string]PerArch `yaml:"tags" help:"Tags of the AMI and its snapshot, each for all architectures or for each. Templates."`
	License        Secret             `yaml:"license" was:"licence" help:"A license that goes into the AMI."`
	Parameters     []Parameter        `yaml:"parameters" help:"SSM parameters that hold the AMI's id, in every region."`
	Checks         []Check            `yaml:"checks" help:"Checks that an instance of the AMI must pass."`
	Vars           map[string]string  `yaml:"vars" help:"Free values of this image, as the ones above. Templates."`
}

// PerArch is one text for every architecture, under the key "", or one for each.
type PerArch map[string]string

func (p *PerArch) setScalar(s string) { *p = PerArch{"": s} }

// For returns the text for an architecture.
func (p PerArch) For(arch string) string {
	if text, ok := p[arch]; ok {
		return text
	}
	return p[""]
}

// Parameter is an SSM parameter that holds an AMI's id.
type Parameter struct {
	Name   string `yaml:"name" required:"true" help:"Its name. A template."`
	Latest bool   `yaml:"latest" help:"It always points at the newest version."`
}

// Check is one that an instance of the AMI must pass: over HTTP (path), by a
// connection (tcp), or by a command (run).
type Check struct {
	Path     string            `yaml:"path" help:"The path that is requested from outside, with its leading slash. A template."`
	Port     int               `yaml:"port" help:"The TCP port of path; 80 by default, 443 with https."`
	HTTPS    bool              `yaml:"https" help:"Whether path is requested over HTTPS. The certificate must be one of the instance's public name, or of the Host in headers."`
	Insecure bool              `yaml:"insecure" help:"Any certificate is accepted, such as one that the instance has signed itself."`
	Method   string            `yaml:"method" help:"The method of the request; GET by default, POST with a body."`
	Headers  map[string]string `yaml:"headers" help:"Headers of the request. Templates."`
	Body     string            `yaml:"body" help:"The body of the request. A template."`
	Status   int               `yaml:"status" help:"The status of the answer; 200 by default. Redirects are followed, unless this is the status of one."`
	Answers  map[string]string `yaml:"answers" help:"Headers of the answer, and a text that each must contain. Templates."`
	TCP      int               `yaml:"tcp" help:"Instead of path: a TCP port that must accept connections from outside."`
	Run      string            `yaml:"run" help:"Instead of path: a command for the instance's shell, run over SSH as base.user once cloud-init is done. A template."`
	Exit     int               `yaml:"exit" help:"The command's exit status; 0 by default."`
	Contains string            `yaml:"contains" help:"A text that the answer, or what the command prints, must contain, in its first MiB. A template; {host}, {address} and {instance} are the instance's public name, its public IPv4 address and its id."`
	Differs  bool              `yaml:"differs" help:"The command's output must differ between two instances of the same AMI."`
	After    string            `yaml:"after" help:"launch or restart: the check is made only then. Without it, one of the two instances is checked again after it was stopped and started, which changes its public name and address."`
}

// Test is the boot test of candidates.
type Test struct {
	Within string   `yaml:"within" help:"How long an instance may take from its launch to the last check, and again from its restart: 90s, 10m. 10m by default."`
	Allow  []string `yaml:"allow" help:"Findings that the boot test accepts, as it prints them: the path of a file that both instances have, 'account support', 'sudo deploy', 'tcp/9100' for a port that no check names. * matches any text."`
}

// Copy is the work of AWS on AMIs.
type Copy struct {
	Within string `yaml:"within" help:"How long an AMI may be pending: 6h, 90m. For up to 100 GiB; as long again for each further 100 GiB. After that it is a blocker, with its remedies. 6h by default."`
}

// Quota says what to do about the quota of public AMIs of a region.
type Quota struct {
	Horizon int  `yaml:"horizon" help:"How many releases a raised quota must have capacity for; 12 by default."`
	Raise   bool `yaml:"raise" help:"A release whose quota is used up requests an increase automatically; else amiship unblock does."`
}

// What a release does about a blocker that it foresees.
const (
	onBlockerHold  = "hold"
	onBlockerBuild = "build"
)

// Rehearsal replaces what only the real release has: the package, tokens,
// licenses.
type Rehearsal struct {
	Standin []string          `yaml:"standin" help:"A program beside or below this file, and arguments: it makes a package that replaces the real one, at the path given as its last argument."`
	Serves  string            `yaml:"serves" help:"The one of vars that is set to the URL at which the replacements are served."`
	Vars    map[string]string `yaml:"vars" help:"Other values for some of vars."`
	Env     map[string]string `yaml:"env" help:"Environment variables of the rehearsed release: dummy tokens and licenses."`
	World   string            `yaml:"world" help:"The state before the first release, such as products on Marketplace: a file beside or below this one."`
	Buyer   string            `yaml:"buyer" help:"The account of the rehearsal that buys what is listed, and launches it."`
}

// The architectures that AMIs exist for, by the names that packages use.
const (
	AMD64 = "amd64"
	ARM64 = "arm64"
)

func archs() []string { return []string{AMD64, ARM64} }

// setDefaults fills in what may be left out.
func (c *Catalog) setDefaults() {
	if c.Package.URL != "" && c.Package.MaxSize == 0 {
		c.Package.MaxSize = 4
	}
	if c.Build.Disk.Size == 0 {
		c.Build.Disk.Size = 20
	}
	if c.Build.Disk.Type == "" {
		c.Build.Disk.Type = "gp3"
	}
	if c.Build.AccessFrom == nil {
		c.Build.AccessFrom = AccessFrom{release.AccessAuto}
	}
	if c.Build.AddressURL == "" {
		c.Build.AddressURL = "https://checkip.amazonaws.com"
	}
	instance := map[string]Choices{AMD64: {"t3.medium"}, ARM64: {"t4g.medium"}}
	for arch, types := range c.Build.Instance {
		if len(types) > 0 {
			instance[arch] = types
		}
	}
	c.Build.Instance = instance
	if c.Package.Version == "" {
		c.Package.Version = "{version}"
	}
	if c.OnBlocker == "" {
		c.OnBlocker = onBlockerHold
	}
	c.Retire.setDefaults()
	if c.Quota.Horizon == 0 {
		c.Quota.Horizon = 12
	}
	if c.Test.Within == "" {
		c.Test.Within = "10m"
	}
	if c.Copy.Within == "" {
		c.Copy.Within = "6h"
	}
	for i := range c.Checks {
		c.Checks[i].setDefaults()
	}
	for name, image := range c.Images {
		if len(image.Arch) == 0 {
			image.Arch = []string{AMD64}
		}
		for i := range image.Checks {
			image.Checks[i].setDefaults()
		}
		c.Images[name] = image
	}
}

func (c *Check) setDefaults() {
	if c.Run != "" || c.TCP != 0 {
		return
	}
	switch {
	case c.Port != 0:
	case c.HTTPS:
		c.Port = 443
	default:
		c.Port = 80
	}
	if c.Status == 0 {
		c.Status = 200
	}
}
