package catalog

import (
	"strings"

	"amiship/internal/marketplace"
	"amiship/internal/release"
)

// Listing is a product on AWS Marketplace. Its texts are templates of the
// release and of the variant that backs it.
type Listing struct {
	Product        string          `yaml:"product" required:"true" help:"The id of the product: prod- and 13 or 25 letters and digits, or a UUID."`
	Image          string          `yaml:"image" required:"true" help:"The image that backs it, and its architecture: premium/amd64; premium alone, if it has one. A product shows one architecture."`
	Title          string          `yaml:"title" required:"true" help:"The title of the version; at most 64 characters. A template."`
	Titles         string          `yaml:"titles" help:"The form of versions' titles, by which Amiship reads a version from one; that of title by default. A template with {version}."`
	ReleaseNotes   Notes           `yaml:"release_notes" required:"true" help:"What is new: a text, a file or what a command prints. A template."`
	Usage          Words           `yaml:"usage_instructions" required:"true" help:"How to use it, a text or a file; at most 4000 characters. A template."`
	AccessRole     string          `yaml:"access_role_arn" required:"true" help:"The ARN of the role with which Marketplace reads the AMI. A template."`
	User           string          `yaml:"user_name" help:"The user that SSH logs in as; base.user by default. A template."`
	ScanningPort   int             `yaml:"scanning_port" help:"The port of the AMI's sshd; 22 by default."`
	OS             OperatingSystem `yaml:"operating_system" required:"true" help:"The AMI's operating system, in Marketplace's words."`
	Instance       string          `yaml:"recommended_instance_type" help:"build.instance of the architecture by default. A template."`
	SecurityGroups []SecurityGroup `yaml:"security_groups" required:"true" help:"The rules of the recommended security group, 1 to 25."`
	Endpoint       AccessEndpoint  `yaml:"access_endpoint" help:"The endpoint of a launched instance."`
	Only           string          `yaml:"only" help:"latest-stable by default: no pre-releases, and no patch of an older series; or all."`
	Pending        string          `yaml:"pending" help:"What to do about a pending change set that no release of this project submitted: wait (the default), cancel (needs an approval), or stop."`
	Validate       bool            `yaml:"validate" help:"Each version is first validated by Marketplace, with Intent VALIDATE."`
	Retries        int             `yaml:"retries" help:"How often a change set that ended with SERVER_FAULT is retried; 3 by default."`
	WaitForOlder   string          `yaml:"wait_for_older" help:"How long a version waits until older releases that are under way are submitted, so that versions are added in their order: 6h, 90m; 0s doesn't wait. 6h by default."`
	Limit          int             `yaml:"version_limit" help:"How many versions the product may have; 100 by default."`
	AssessmentDays int             `yaml:"assessment_days" help:"How many days before Marketplace's assessment of a version expires listings and verify report it; 14 by default."`
	Account        SellerAccount   `yaml:"account" help:"The account that the product belongs to, if it is another."`
}

// Words are a text of the catalog, or one of a file.
type Words struct {
	Text string `yaml:"-"`
	File string `yaml:"file" help:"A file beside or below this one; its text is taken as it is. A template."`
}

func (w *Words) setScalar(s string) { w.Text = s }

// Notes are a text of the catalog, one of a file, or what a command prints.
type Notes struct {
	Text    string   `yaml:"-"`
	File    string   `yaml:"file" help:"A file beside or below this one; its text is taken as it is. A template."`
	Command []string `yaml:"command" help:"A program and its arguments; it prints the text. Templates."`
}

func (n *Notes) setScalar(s string) { n.Text = s }

// OperatingSystem names a system as Marketplace does.
type OperatingSystem struct {
	Name    string `yaml:"name" required:"true" help:"UBUNTU, DEBIAN, AMAZONLINUX and the like. A template."`
	Version string `yaml:"version" required:"true" help:"Its version, in quotes. A template."`
}

// SecurityGroup is a rule of the recommended security group.
type SecurityGroup struct {
	Protocol string   `yaml:"protocol" required:"true" help:"tcp or udp."`
	From     int      `yaml:"from_port" required:"true" help:"The first port."`
	To       int      `yaml:"to_port" help:"The last port; from_port by default."`
	Ranges   []string `yaml:"ip_ranges" required:"true" help:"1 to 5 ranges of addresses: 0.0.0.0/0. Templates."`
}

// AccessEndpoint is where a started instance is reached.
type AccessEndpoint struct {
	Protocol string `yaml:"protocol" required:"true" help:"http or https."`
	Port     int    `yaml:"port" required:"true" help:"The port."`
	Path     string `yaml:"relative_path" help:"The path, without its leading slash. A template."`
}

// SellerAccount is an account that Amiship acts in.
type SellerAccount struct {
	Role       string `yaml:"role_arn" required:"true" help:"The ARN of the role that Amiship assumes there."`
	ExternalID string `yaml:"external_id" help:"The external id that the role's trust policy asks for, sts:ExternalId."`
}

// What a listing has if it says nothing else.
const (
	defaultRetries      = 3
	defaultLimit        = 100
	defaultWaitForOlder = "6h"
	defaultAssessment   = 14 // days
)

// setListingDefaults fills in what listings may leave out. A number that is
// written down stays as it is, zero too.
func (b *Bundle) setListingDefaults() {
	for name, l := range b.Catalog.Listings {
		field := join("listings", name)
		number := func(name string, n *int, value int) {
			if !b.places.written(join(field, name)) {
				*n = value
			}
		}
		text := func(s *string, value string) {
			if *s == "" {
				*s = value
			}
		}
		_, arch := b.Catalog.backing(l)
		text(&l.User, b.Catalog.Base.User)
		text(&l.Instance, b.Catalog.Build.Instance[arch].First())
		text(&l.Only, release.OnlyLatestStable)
		text(&l.Pending, release.PendingWait)
		text(&l.WaitForOlder, defaultWaitForOlder)
		number("scanning_port", &l.ScanningPort, marketplace.DefaultScanningPort)
		number("retries", &l.Retries, defaultRetries)
		number("version_limit", &l.Limit, defaultLimit)
		number("assessment_days", &l.AssessmentDays, defaultAssessment)
		for i := range l.SecurityGroups {
			g := &l.SecurityGroups[i]
			number(groupField(i)+".to_port", &g.To, g.From)
		}
		b.Catalog.Listings[name] = l
	}
}

// backing returns what backs a listing. An image with one architecture need not
// name it; arch is empty if it is not known which is meant.
func (c *Catalog) backing(l Listing) (image, arch string) {
	image, arch, named := strings.Cut(l.Image, "/")
	if has := c.Images[image].Arch; !named && len(has) == 1 {
		arch = has[0]
	}
	return image, arch
}
