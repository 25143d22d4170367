package marketplace

import (
	"cmp"
	"maps"
	"regexp"
	"strings"
)

// Advice is what a code of Marketplace's means for who releases. Property and
// Do may hold {tag}, {listing}, {ami}, {role} and {account}, which is the role's;
// For puts their values there.
type Advice struct {
	Means    string
	Field    string // of the listing in the catalog, to change; several are apart by a space; "" if it is none
	Property string // of the AMI, the role or the product, to inspect; "" if it is none
	Do       string // what to do next, a command where there is one
	Findings string // the address of a file that says more, if the message names one
	Known    bool   // false: there is nothing but what Marketplace said
}

// Subject is what an advice is about. An empty field is shown as a
// placeholder in capitals: TAG.
type Subject struct{ Tag, Listing, AMI, Role string }

// For returns the advice for one listing of one release.
func (a Advice) For(s Subject) Advice {
	fill := strings.NewReplacer(
		"{tag}", cmp.Or(s.Tag, "TAG"), "{listing}", cmp.Or(s.Listing, "LISTING"),
		"{ami}", cmp.Or(s.AMI, "AMI"), "{role}", cmp.Or(s.Role, "ROLE"),
		"{account}", cmp.Or(RoleAccount(s.Role), "ACCOUNT"))
	a.Means, a.Property, a.Do = fill.Replace(a.Means), fill.Replace(a.Property), fill.Replace(a.Do)
	return a
}

var address = regexp.MustCompile(`https?://[^\s"'<>]+`)

// Explain says what an error code means with which a change set ended, of those
// that Amiship sends: changes that add, update or restrict versions. The message
// is Marketplace's own; it may be the address of a file with findings.
func Explain(code, message string) Advice {
	a, ok := codes()[code]
	a.Known = ok
	if !ok {
		a.Means = "Amiship does not know this code of Marketplace's."
		a.Do = "fix what Marketplace names; then: " + offerAgain
	}
	a.Findings = address.FindString(message)
	return a
}

// codes are those of docs/reference/aws.md#change-set-error-codes.
func codes() map[string]Advice {
	all := map[string]Advice{}
	for _, some := range []map[string]Advice{
		aboutTexts(), aboutAccess(), aboutSystems(), aboutAMIs(), aboutIngestion(), aboutOptions(),
	} {
		maps.Copy(all, some)
	}
	return all
}

// Next steps that many codes share. What Marketplace has refused is offered again
// by itself once the version differs from it in something; if the cause was
// elsewhere, it has to be said.
const (
	offerAgain = "amiship release {tag} if that changes the version, else: amiship release {tag} --resubmit"
	sendAgain  = "change it in amiship.yaml, then: amiship release {tag}"
	buildAgain = "correct how the image is built, then release a new tag of it: an AMI cannot be changed"
	printRole  = "amiship iam marketplace-role --account {account} prints what it needs"
	lookAtAMI  = "aws ec2 describe-images --region us-east-1 --image-ids {ami}"
)

func aboutTexts() map[string]Advice {
	const refused = " What is refused are spaces at the beginning or before a trademark sign, some characters, and too many of them."
	return map[string]Advice{
		"DUPLICATE_VERSION_TITLE": {
			Means: "The product has a version of this title already, perhaps a restricted one.",
			Field: "title", Do: "amiship listings shows whose it is; give this one another title, then: amiship release {tag}",
		},
		"INVALID_VERSION_TITLE":      {Means: "Marketplace does not accept the version's title." + refused, Field: "title", Do: sendAgain},
		"INVALID_RELEASE_NOTES":      {Means: "Marketplace does not accept the release notes." + refused, Field: "release_notes", Do: sendAgain},
		"INVALID_USAGE_INSTRUCTIONS": {Means: "Marketplace does not accept the usage instructions." + refused, Field: "usage_instructions", Do: sendAgain},
	}
}

func aboutAccess() map[string]Advice {
	return map[string]Advice{
		"RECOMMENDED_INSTANCE_TYPE_NOT_AVAILABLE": {
			Means: "The recommended instance type is none of those that the product offers.",
			Field: "recommended_instance_type", Property: "the product's instance types",
			Do: "name one that the product offers, then: amiship release {tag}; or add this one to the product in the Marketplace Management Portal, then: amiship release {tag} --resubmit",
		},
		"INVALID_RECOMMENDED_INSTANCE_TYPE":     {Means: "The recommended instance type does not exist, or does not fit the AMI's architecture.", Field: "recommended_instance_type", Do: sendAgain},
		"INVALID_SECURITY_GROUP":                {Means: "A rule of the recommended security group is not valid: its ports, or two rules that are the same.", Field: "security_groups", Do: sendAgain},
		"INVALID_SECURITY_GROUP_PROTOCOL":       {Means: "A rule of the recommended security group has another protocol than tcp and udp.", Field: "security_groups", Do: sendAgain},
		"INVALID_CIDR_IP":                       {Means: "A rule of the recommended security group has a range that is none, as 0.0.0.0/0 is one.", Field: "security_groups", Do: sendAgain},
		"INVALID_ACCESS_ENDPOINT_PORT":          {Means: "The port of the address at which buyers reach the product is not valid.", Field: "access_endpoint.port", Do: sendAgain},
		"INVALID_ACCESS_ENDPOINT_RELATIVE_PATH": {Means: "The path of the address at which buyers reach the product is not valid; it has no leading slash.", Field: "access_endpoint.relative_path", Do: sendAgain},
	}
}

func aboutSystems() map[string]Advice {
	return map[string]Advice{
		"INCOMPATIBLE_OPERATING_SYSTEM": {
			Means: "The operating system that is named is not the one of the AMI.",
			Field: "operating_system", Property: "the AMI's platform", Do: "compare: " + lookAtAMI + "; " + sendAgain,
		},
		"INCOMPATIBLE_OPERATING_SYSTEM_NAME": {
			Means: "Marketplace does not know this operating system, or it is not the one of the AMI.",
			Field: "operating_system.name", Do: "take a name that Marketplace has, in capitals, as UBUNTU is one; " + sendAgain,
		},
		"INCOMPATIBLE_OPERATING_SYSTEM_VERSION": {
			Means: "Marketplace does not accept this version of the operating system, or it is not the one of the AMI.",
			Field: "operating_system.version", Do: sendAgain,
		},
		"INVALID_SCANNING_PORT": {
			Means: "Marketplace's scan cannot log in at this port.",
			Field: "scanning_port", Property: "the port of the AMI's sshd", Do: sendAgain,
		},
	}
}

func aboutAMIs() map[string]Advice {
	return map[string]Advice{
		"INVALID_AMI_NAME": {Means: "Marketplace does not accept the name of the AMI.", Field: "image", Property: "the AMI's name", Do: "change the image's name in amiship.yaml, then release a new tag of it"},
		"INVALID_AMI_ID":   {Means: "There is no AMI of this id in us-east-1 that the product's account owns.", Property: "the AMI's region and owner", Do: lookAtAMI + "; if it is gone: amiship release {tag} copies it anew; else: amiship release {tag} --resubmit"},
		"EXISTING_AMI_PRODUCT_CODE": {
			Means: "The AMI has a product code already: it, or the base that it was built from, came from a listing.",
			Field: "image", Property: "the AMI's ProductCodes", Do: "build from a base without product code (base in amiship.yaml; " + lookAtAMI + " shows the code), then release a new tag of it",
		},
		"INVALID_AMI_ARCHITECTURE": {
			Means: "Marketplace does not accept the AMI's architecture for this product: a listing shows one, and another needs a product of its own.",
			Field: "image", Property: "the AMI's Architecture", Do: "name the variant that the product shows in amiship.yaml, then: amiship release {tag}",
		},
		"INVALID_AMI_VIRTUALIZATION_TYPE": {Means: "The AMI is paravirtual; Marketplace accepts hvm.", Property: "the AMI's VirtualizationType", Do: buildAgain},
		"INCOMPATIBLE_AMI": {
			Means: "The AMI does not fit the recommended instance type, or others of the product's: its architecture, its virtualization, or that it has no ENA support.",
			Field: "recommended_instance_type image", Property: "the AMI's Architecture, VirtualizationType and EnaSupport",
			Do: "compare: " + lookAtAMI + "; name a type that fits the AMI, or another image, then: amiship release {tag}; if the AMI is wrong: " + buildAgain,
		},
		"MISSING_FPGA_INSTANCE_TYPE": {
			Means: "The AMI belongs to FPGA images, and the product offers no instance type with an FPGA.",
			Field: "recommended_instance_type", Property: "the product's instance types", Do: "add one to the product in the Marketplace Management Portal, then: amiship release {tag} --resubmit",
		},
	}
}

func aboutIngestion() map[string]Advice {
	return map[string]Advice{
		"ASSET_NOT_FOUND": {
			Means: "Marketplace does not find the AMI: it is not in us-east-1, or the role {role} may not share it.",
			Field: "access_role_arn", Property: "the AMI's region and the role's policies",
			Do: lookAtAMI + "; if it is gone: amiship release {tag} copies it anew; else fix the role (" + printRole + "), then: amiship release {tag} --resubmit",
		},
		"ASSET_ACCESS_EXCEPTION": {
			Means: "Marketplace cannot copy the AMI: it cannot assume the role {role}, the role may not share the AMI and its snapshots, or a snapshot is encrypted.",
			Field: "access_role_arn", Property: "the role's trust and policies, and Encrypted of the AMI's snapshots",
			Do: "fix the role (" + printRole + "), then: amiship release {tag} --resubmit; or name another: amiship release {tag}; if " + lookAtAMI + " shows Encrypted, " +
				"see EbsEncryptionByDefault of aws ec2 get-ebs-encryption-by-default --region us-east-1, disable it and release a new tag",
		},
		"SCAN_ERROR": {
			Means:    "Marketplace's scan found something in the AMI: a login without a key, a key or password left behind, a vulnerability, or no sshd for the user and port that are named.",
			Field:    "user_name scanning_port",
			Property: "what the AMI's disk holds",
			Do:       "read the findings; if they are about the user or the port only, " + sendAgain + "; else " + buildAgain,
		},
	}
}

func aboutOptions() map[string]Advice {
	const fromListing = "amiship listings shows the versions and their state; then ask again for those that are public"
	return map[string]Advice{
		"INVALID_PRODUCT": {
			Means: "Marketplace does not accept this change for the product: only limited and public products get versions, and only of public ones can versions be restricted.",
			Field: "product", Property: "the product's visibility", Do: "amiship listings shows the product; correct its id, then: amiship release {tag}; or publish it in the Marketplace Management Portal, then: amiship release {tag} --resubmit",
		},
		"MISSING_DELIVERY_OPTION_IDS":     {Means: "The change names no delivery option of a version.", Property: "the product's delivery options", Do: fromListing},
		"INVALID_DELIVERY_OPTION_IDS":     {Means: "The change names delivery options that the product has not.", Property: "the product's delivery options", Do: fromListing},
		"INVALID_DELIVERY_OPTIONS":        {Means: "The change names delivery options of several versions; it can be about one.", Property: "the product's delivery options", Do: fromListing},
		"INVALID_DELIVERY_OPTION":         {Means: "The change restricts a delivery option that is not public, perhaps restricted already.", Property: "the delivery option's visibility", Do: fromListing},
		"ALL_DELIVERY_OPTIONS_RESTRICTED": {Means: "Nothing would be left for buyers: one version must stay public.", Property: "the product's public versions", Do: "publish another version first: amiship release {tag}"},
	}
}
