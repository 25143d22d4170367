// Package catalog reads amiship.yaml, what a project ships, and resolves it at
// a tag into the values that a release works with.
//
// What a newcomer would get wrong: the tag patterns, the names and the texts of
// a project stand in its catalog, never in code; and a check never stops at the
// first problem. Load reports every problem that can be seen without a tag
// (it resolves an example of every pattern), Resolve those of the one tag. Each
// problem has the line and column of the field to change.
package catalog

// File is the name a catalog usually has.
const File = "amiship.yaml"

// Catalog is amiship.yaml. Texts marked as templates take placeholders, see
// Resolve; the help tags are the descriptions in the JSON Schema.
type Catalog struct {
	Version int               `yaml:"version" required:"true" help:"The version of this format: 1."`
	Project string            `yaml:"project" required:"true" help:"A short name: small letters, digits and -. It is part of tags and of the names of what Amiship makes in AWS."`
	Tags    []TagRule         `yaml:"tags" required:"true" help:"Which git tags are releases, and of which images. The first pattern that fits a tag wins."`
	Vars    map[string]string `yaml:"vars" help:"Free values: placeholders for texts, and variables for the template. Templates."`
	Base    Base              `yaml:"base" required:"true" help:"The AMI that builds start from: the newest that fits."`
	Build   Build             `yaml:"build" required:"true" help:"How AMIs are built."`
	Regions Regions           `yaml:"regions" required:"true" help:"Where the AMIs go."`
	Package Package           `yaml:"package" required:"true" help:"The package that is shipped: one of file, url and apt."`
	Share   []string          `yaml:"share" help:"Accounts that every image is shared with: ids of 12 digits, in quotes."`
	Checks  []Check           `yaml:"checks" help:"What a machine started from any image must answer; the image's own checks come after these."`
	Test    Test              `yaml:"test" help:"The boot test that each candidate must pass before it is copied anywhere."`
	Images  map[string]Image  `yaml:"images" required:"true" help:"What is shipped, by name."`

	Listings  map[string]Listing `yaml:"listings" help:"The products on AWS Marketplace that show the releases, by a name of small letters, digits and -."`
	OnBlocker string             `yaml:"on_blocker" help:"What a release does while it can be seen that a required region will have no room for it: hold, if not given, builds nothing; build goes as far as it can."`
	Quota     Quota              `yaml:"quota" help:"The quota of public AMIs."`
	Keep      Keep               `yaml:"keep" help:"What is kept of older releases; without it amiship retire takes nothing away."`
	Retire    Retire             `yaml:"retire" help:"How long after an AMI was found to be kept no longer each step is due: days, as 30d."`

	Rehearsal Rehearsal `yaml:"rehearsal" help:"What stands in, in a rehearsal, for what only the real release has."`
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
	Region   string            `yaml:"region" required:"true" help:"Where they are built; one of the required regions."`
	Template string            `yaml:"template" required:"true" help:"The Packer template: a file beside or below this one."`
	Files    []string          `yaml:"files" help:"Every other file and directory that the template uses. A change to them is a change of what is built."`
	Subnet   string            `yaml:"subnet" help:"Where the building machine runs. Without it, in the default VPC."`
	Instance map[string]string `yaml:"instance" keys:"arch" help:"The instance type, by architecture."`
	Disk     Disk              `yaml:"disk" help:"The root disk."`
	IMDS     string            `yaml:"imds_support" help:"v2.0: machines started from the AMIs answer IMDSv2 only, unless their owner says otherwise."`
}

// Disk is the root disk of the AMIs.
type Disk struct {
	Size int    `yaml:"size" help:"GiB; at least what the base has. 20, if not given."`
	Type string `yaml:"type" help:"gp3, if not given."`
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
	Edition     string             `yaml:"edition" help:"The value of {edition}."`
	Arch        []string           `yaml:"arch" values:"arch" help:"amd64 and arm64; amd64, if not given."`
	Public      bool               `yaml:"public" help:"Whether everybody may launch it."`
	Name        PerArch            `yaml:"name" required:"true" help:"The AMI name, for all architectures or for each. A template."`
	Description string             `yaml:"description" help:"The AMI description. A template."`
	Share       []string           `yaml:"share" help:"More accounts that may launch it and copy its snapshot: ids of 12 digits, in quotes."`
	Tags        map[string]PerArch `yaml:"tags" help:"Tags of the AMI and its snapshot, each for all architectures or for each. Templates."`
	Licence     Secret             `yaml:"licence" help:"A licence that goes into the AMI."`
	Parameters  []Parameter        `yaml:"parameters" help:"SSM parameters that hold the AMI's id, in every region."`
	Checks      []Check            `yaml:"checks" help:"What a machine that a customer starts from the AMI must answer."`
	Vars        map[string]string  `yaml:"vars" help:"Free values of this image, as the ones above. Templates."`
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
	Latest bool   `yaml:"latest" help:"It moves on with the newest version."`
}

// Check is what a machine started from the AMI must answer: over HTTP (path),
// or to a command (run).
type Check struct {
	Port     int    `yaml:"port" help:"The TCP port; 80, if not given."`
	Path     string `yaml:"path" help:"The path that is asked for from outside, with its leading slash. A template."`
	Status   int    `yaml:"status" help:"The status of the answer; 200, if not given."`
	Run      string `yaml:"run" help:"Instead of path: a command for the machine's shell, run over SSH as base.user once cloud-init is done. A template."`
	Exit     int    `yaml:"exit" help:"The command's exit status; 0, if not given."`
	Contains string `yaml:"contains" help:"A text that the answer, or what the command prints, must contain. A template; {host}, {address} and {instance} are the machine's public name, its public IPv4 address and its id."`
	Differs  bool   `yaml:"differs" help:"What the command prints must differ between two machines started from the same AMI."`
}

// Test is the boot test of candidates.
type Test struct {
	Within string `yaml:"within" help:"How long a machine may take from its launch to the last check: 90s, 10m. 10m, if not given."`
}

// Quota says what to do about the quota of public AMIs of a region.
type Quota struct {
	Horizon int  `yaml:"horizon" help:"For how many releases there shall be room once AWS has raised it; 12, if not given."`
	Raise   bool `yaml:"raise" help:"A release that finds no room asks AWS for more by itself; else amiship unblock does."`
}

// What a release does about a blocker that it foresees.
const (
	onBlockerHold  = "hold"
	onBlockerBuild = "build"
)

// Rehearsal is what stands in for what only the real release has: the package,
// tokens, licences.
type Rehearsal struct {
	Standin []string          `yaml:"standin" help:"A program beside or below this file, and arguments: it makes a package that stands in for the real one, at the path that it is given as last argument."`
	Serves  string            `yaml:"serves" help:"The one of vars that is set to the address at which the stand-ins are served."`
	Vars    map[string]string `yaml:"vars" help:"Other values for some of vars."`
	Env     map[string]string `yaml:"env" help:"Environment variables of the rehearsed release: tokens and licences that are none."`
	World   string            `yaml:"world" help:"What there is before the first release, products on Marketplace for instance: a file beside or below this one."`
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
	if c.Build.Disk.Size == 0 {
		c.Build.Disk.Size = 20
	}
	if c.Build.Disk.Type == "" {
		c.Build.Disk.Type = "gp3"
	}
	instance := map[string]string{AMD64: "t3.medium", ARM64: "t4g.medium"}
	for arch, t := range c.Build.Instance {
		instance[arch] = t
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
	if c.Run != "" {
		return
	}
	if c.Port == 0 {
		c.Port = 80
	}
	if c.Status == 0 {
		c.Status = 200
	}
}
