// Package marketplace knows what AWS Marketplace's Catalog API takes and says
// of AMI products: the details of a new version, their limits, the names of
// change sets, and what its error codes mean. It calls nothing.
//
// One version is one AMI on one architecture. And limits are counted as the
// API counts them: before anything is sent, all at once, since Marketplace
// itself says the half of it hours later.
package marketplace

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// The Catalog API's own words.
const (
	Catalog     = "AWSMarketplace"
	AMISecurity = "AMISecurity" // the framework that AMIs are assessed by
	EntityType  = "AmiProduct@1.0"
	Region      = "us-east-1" // the only one that serves it, and where a version's AMI must be
	// IngestionAccount owns published AMIs, and copies those that are shared
	// with it by hand.
	IngestionAccount = "679593333241"
)

// Types of changes.
const (
	AddDeliveryOptions      = "AddDeliveryOptions"
	RestrictDeliveryOptions = "RestrictDeliveryOptions"
)

// Version is a new version of a product: what AddDeliveryOptions is told.
type Version struct {
	Title          string
	ReleaseNotes   string
	AMI            string // id, in us-east-1 and of the product's own account
	AccessRole     string // ARN of the role by which Marketplace reads the AMI
	User           string // that SSH logs in as
	ScanningPort   int    // of sshd; 22 if zero
	OSName         string
	OSVersion      string
	Usage          string
	Endpoint       Endpoint // zero: none
	InstanceType   string   // recommended
	SecurityGroups []SecurityGroup
}

// Endpoint is where buyers reach the product on their instance.
type Endpoint struct {
	Port     int
	Protocol string // http or https
	Path     string // without a leading slash
}

// SecurityGroup is one rule of the recommended security group.
type SecurityGroup struct {
	Protocol string // tcp or udp
	From, To int    // ports
	Ranges   []string
}

type details struct {
	Version struct {
		VersionTitle string
		ReleaseNotes string
	}
	DeliveryOptions []deliveryOption
}

type deliveryOption struct{ Details optionDetails }

type optionDetails struct{ AmiDeliveryOptionDetails amiOption } //nolint:revive // AWS's spelling

type amiOption struct {
	AmiSource               amiSource //nolint:revive // AWS's spelling
	UsageInstructions       string
	AccessEndpointUrl       *endpoint `json:",omitempty"` //nolint:revive // AWS's spelling
	RecommendedInstanceType string
	SecurityGroups          []securityGroup
}

type amiSource struct {
	AmiId                  string //nolint:revive // AWS's spelling
	AccessRoleArn          string
	UserName               string
	ScanningPort           int
	OperatingSystemName    string
	OperatingSystemVersion string
}

type endpoint struct {
	Port         int
	Protocol     string
	RelativePath string `json:",omitempty"`
}

type securityGroup struct {
	IpProtocol       string //nolint:revive // AWS's spelling
	FromPort, ToPort int
	IpRanges         []string //nolint:revive // AWS's spelling
}

// DefaultScanningPort is the port at which Marketplace's scan expects sshd.
const DefaultScanningPort = 22

// Details is the JSON that AddDeliveryOptions takes. Equal versions give equal
// texts.
func (v Version) Details() string {
	var d details
	d.Version.VersionTitle, d.Version.ReleaseNotes = v.Title, v.ReleaseNotes
	option := amiOption{
		AmiSource: amiSource{
			AmiId: v.AMI, AccessRoleArn: v.AccessRole, UserName: v.User, ScanningPort: v.ScanningPort,
			OperatingSystemName: v.OSName, OperatingSystemVersion: v.OSVersion,
		},
		UsageInstructions: v.Usage, RecommendedInstanceType: v.InstanceType,
	}
	if option.AmiSource.ScanningPort == 0 {
		option.AmiSource.ScanningPort = DefaultScanningPort
	}
	if v.Endpoint != (Endpoint{}) {
		option.AccessEndpointUrl = &endpoint{Port: v.Endpoint.Port, Protocol: v.Endpoint.Protocol, RelativePath: v.Endpoint.Path}
	}
	for _, g := range v.SecurityGroups {
		option.SecurityGroups = append(option.SecurityGroups, securityGroup{g.Protocol, g.From, g.To, g.Ranges})
	}
	d.DeliveryOptions = []deliveryOption{{optionDetails{option}}}
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // texts and numbers
	}
	return string(text)
}

// MaxRestricted is how many delivery options one change may restrict.
const MaxRestricted = 50

// Restriction is the JSON that RestrictDeliveryOptions takes.
func Restriction(options []string) string {
	text, err := json.Marshal(struct{ DeliveryOptionIds []string }{options}) //nolint:revive // AWS's spelling
	if err != nil {
		panic(err) // texts
	}
	return string(text)
}

// Digest tells one version's details from another's: 12 hex digits. The AMI is
// a part of them.
func (v Version) Digest() string {
	sum := sha256.Sum256([]byte(v.Details()))
	return hex.EncodeToString(sum[:6])
}
