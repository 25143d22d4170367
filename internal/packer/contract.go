package packer

import (
	"fmt"
	"regexp"
)

// Variables are the names of the variables that every Packer template is given,
// besides the catalog's own. The example's template documents them; they are the
// contract between Amiship and a template.
func Variables() []string {
	return []string{
		"ami_description", "ami_name", "arch", "custom_endpoint_ec2", "disk_size", "disk_type", "image",
		"instance_type", "license_file", "manifest", "package_file", "package_name", "package_sha256",
		"package_version", "region", "root_device", "run_tags", "security_group_id", "source_ami",
		"ssh_keypair_name", "ssh_private_key_file", "ssh_username", "subnet_id", "tags", "version",
	}
}

// Renamed are those of Variables that had another name before, by name. A template
// that still declares the old one is given the value under it.
func Renamed() map[string]string {
	return map[string]string{"license_file": "licence_file"}
}

// AsksTokens reports whether a template launches instances whose metadata service requires
// tokens, as accounts can enforce it: by metadata_options of an amazon-ebs source.
func AsksTokens(template []byte) bool { return asksTokens.Match(template) }

var asksTokens = regexp.MustCompile(`(?m)^[ \t]*http_tokens[ \t]*=[ \t]*"required"`)

// AsksMetadata reports whether a template launches instances that have a metadata service,
// also where the account's default is that they have none.
func AsksMetadata(template []byte) bool { return asksMetadata.Match(template) }

var asksMetadata = regexp.MustCompile(`(?m)^[ \t]*http_endpoint[ \t]*=[ \t]*"enabled"`)

// TakesMetadataOptions reports whether a version of Packer has an amazon-ebs builder that knows
// metadata_options: 1.6 has none (docs/reference/aws.md#metadata-defaults-of-an-account).
func TakesMetadataOptions(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return true // it says so itself, if it does not
	}
	return major > 1 || major == 1 && minor > 6
}

// Required are those of Variables that a template of a release must declare. Without
// the group Packer creates one that is open to the internet, and no claim ends the
// instance.
func Required() []string { return []string{"security_group_id"} }
