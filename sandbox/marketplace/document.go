package marketplace

import (
	"encoding/json"
	"regexp"
	"strings"

	"amiship/sandbox/ec2"
)

// The document that describes a product (docs/reference/aws.md#describeentity).
// Some of its names differ from those in requests: Protocol for IpProtocol,
// CidrIps for IpRanges.
type (
	document struct {
		Versions           []versionDoc
		Description        descriptionDoc
		SupportInformation supportDoc
		RegionAvailability regionsDoc
		Targeting          targetingDoc
	}
	versionDoc struct {
		ID                  string `json:"Id"`
		VersionTitle        string
		ReleaseNotes        string
		UpgradeInstructions string
		CreationDate        string
		Sources             []sourceDoc
		DeliveryOptions     []optionDoc
	}
	sourceDoc struct {
		ID                 string `json:"Id"`
		Type               string
		Image              string
		Architecture       string
		VirtualizationType string
		OperatingSystem    systemDoc
		Compatibility      compatibilityDoc
	}
	systemDoc struct {
		Name, Version, Username string
		ScanningPort            int
	}
	compatibilityDoc struct {
		AvailableInstanceTypes, RestrictedInstanceTypes []string
	}
	optionDoc struct {
		ID               string `json:"Id"`
		Type             string
		SourceID         string `json:"SourceId"`
		Title            string
		ShortDescription string
		LongDescription  string
		Instructions     instructionsDoc
		Recommendations  recommendationsDoc
		Visibility       string
		AMIAlias         string `json:"AmiAlias"`
	}
	instructionsDoc struct {
		Usage  string
		Access *accessDoc `json:",omitempty"`
	}
	accessDoc struct {
		Type, Protocol, RelativePath string
		Port                         int
	}
	recommendationsDoc struct {
		InstanceType   string
		SecurityGroups []groupDoc
	}
	groupDoc struct {
		Protocol         string
		FromPort, ToPort int
		CIDRIPs          []string `json:"CidrIps"`
	}
	descriptionDoc struct {
		ProductTitle, ProductCode, ShortDescription, LongDescription, Sku string
		Highlights, SearchKeywords                                        []string
		Visibility, ProductState                                          string
		Categories                                                        []string
	}
	supportDoc struct{ Description string }
	regionsDoc struct {
		Regions             []string
		Restrict            []string
		FutureRegionSupport string
	}
	targetingDoc struct {
		PositiveTargeting struct{ BuyerAccounts []string }
	}
)

const amiType = "AmazonMachineImage"

// describe makes the document of the product.
func (p Product) describe() json.RawMessage {
	d := document{
		Versions: []versionDoc{},
		Description: descriptionDoc{
			ProductTitle: p.Title, ProductCode: p.Code, ShortDescription: p.Short, LongDescription: p.Long, Sku: p.Sku,
			Highlights: list(p.Highlights), SearchKeywords: list(p.Keywords), Categories: list(p.Categories),
			Visibility: p.Visibility, ProductState: "Active",
		},
		SupportInformation: supportDoc{p.Support},
		RegionAvailability: regionsDoc{Regions: list(p.Regions), Restrict: []string{}, FutureRegionSupport: "None"},
	}
	d.Targeting.PositiveTargeting.BuyerAccounts = []string{}
	if p.Visibility == limited {
		d.Targeting.PositiveTargeting.BuyerAccounts = list(p.Subscribers)
	}
	for _, v := range p.Versions {
		d.Versions = append(d.Versions, v.describe(p.ID))
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return text
}

// list is never null in JSON.
func list(all []string) []string { return append([]string{}, all...) }

// notInAlias is what the name of an SSM parameter can't have. What AWS puts there instead is
// not documented [?].
var notInAlias = regexp.MustCompile(`[^a-zA-Z0-9_.-]+`)

func (v Version) describe(product string) versionDoc {
	d := versionDoc{
		ID: v.ID, VersionTitle: v.Title, ReleaseNotes: v.Notes, CreationDate: stamp(v.Created),
		Sources: []sourceDoc{{
			ID: v.Source.ID, Type: amiType, Image: v.Source.Image, Architecture: v.Source.Arch, VirtualizationType: "hvm",
			OperatingSystem: systemDoc{v.Source.System, v.Source.SystemVersion, v.Source.User, v.Source.Port},
			Compatibility:   compatibilityDoc{ec2.TypesOf(v.Source.Arch), []string{}},
		}},
	}
	o := optionDoc{
		ID: v.Option.ID, Type: amiType, SourceID: v.Source.ID, Title: "(" + strings.ToUpper(v.Source.Arch) + ") Amazon Machine Image",
		Instructions: instructionsDoc{Usage: v.Option.Usage}, Visibility: v.Option.Visibility,
		Recommendations: recommendationsDoc{v.Option.InstanceType, []groupDoc{}},
		AMIAlias:        "/aws/service/marketplace/" + product + "/" + notInAlias.ReplaceAllString(v.Title, "-"),
	}
	if e := v.Option.Endpoint; e != nil {
		o.Instructions.Access = &accessDoc{"Hyperlink", e.Protocol, e.RelativePath, e.Port}
	}
	for _, g := range v.Option.Groups {
		o.Recommendations.SecurityGroups = append(o.Recommendations.SecurityGroups, groupDoc{g.IPProtocol, g.FromPort, g.ToPort, g.IPRanges})
	}
	d.DeliveryOptions = []optionDoc{o}
	return d
}
