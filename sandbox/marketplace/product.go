package marketplace

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"amiship/sandbox/cloud"
)

// Product is an entity: an AMI product of one seller, with its versions, the
// oldest first. Every change set that succeeds makes a new revision.
type Product struct {
	ID, Account, Title, Code, Visibility string
	Arch                                 string // x86_64 or arm64; empty until the first version
	Revision                             int
	Modified                             time.Time
	Regions                              []string // where buyers may launch it
	Subscribers                          []string // accounts
	Short, Long, Sku, Support            string
	Highlights, Keywords, Categories     []string
	Versions                             []Version
	Exempt                               []string `json:",omitempty"` // controls that its images need not pass
}

// Version is one release of a product: one image.
type Version struct {
	ID, Title, Notes string
	Created          time.Time
	Source           Source
	Option           Option
	Images           map[string]string `json:",omitempty"` // Marketplace's own, by region
}

// Source is the seller's image and what it says of it.
type Source struct {
	ID, Image, Arch             string
	System, SystemVersion, User string
	Port                        int
}

// Option is a version's one delivery option.
type Option struct {
	ID, Usage, InstanceType, Visibility string
	Endpoint                            *Endpoint `json:",omitempty"`
	Groups                              []SecurityGroup
}

// Endpoint is where the software answers.
type Endpoint struct {
	Port         int
	Protocol     string
	RelativePath string `json:",omitempty"`
}

// SecurityGroup is a rule of the group that buyers are offered, as a request
// spells it.
type SecurityGroup struct {
	IPProtocol string `json:"IpProtocol"`
	FromPort   int
	ToPort     int
	IPRanges   []string `json:"IpRanges"`
}

// Visibilities of products and delivery options.
const (
	public     = "Public"
	limited    = "Limited"
	restricted = "Restricted"
	draft      = "Draft"
)

// Products by id, in partition "".
var products = cloud.NewTable[Product]("marketplace.products")

// entityType is the type of AMI products in change sets and descriptions; lists
// leave the version out.
const (
	entityType = "AmiProduct@1.0"
	listedType = "AmiProduct"
)

// Identifier names the product with its revision.
func (p Product) Identifier() string { return p.ID + "@" + strconv.Itoa(p.Revision) }

func (p Product) arn() string {
	return arnOf(p.Account, listedType, p.ID)
}

// find returns the caller's product that an identifier names, with or without
// a revision.
func find(tx *cloud.Tx, account, identifier string) (p Product, revision string, ok bool) {
	id, revision, _ := strings.Cut(identifier, "@")
	p, ok = products.Get(tx, "", id)
	return p, revision, ok && p.Account == account
}

// counted is how many of the versions count against a limit.
func (p Product) counted(withRestricted bool) int {
	n := 0
	for _, v := range p.Versions {
		if withRestricted || v.Option.Visibility != restricted {
			n++
		}
	}
	return n
}

// version returns the index of the version with the delivery option, or -1.
func (p Product) version(option string) int {
	return slices.IndexFunc(p.Versions, func(v Version) bool { return v.Option.ID == option })
}

// stamp is how the Catalog writes a moment.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
