package release

// TemplateVariables are the names of the variables that every Packer template
// is given, besides the catalog's own. What each holds stands in the example's
// template; they are the contract between Amiship and a template.
func TemplateVariables() []string {
	return []string{
		"ami_description", "ami_name", "arch", "custom_endpoint_ec2", "disk_size", "disk_type", "image",
		"instance_type", "licence_file", "manifest", "package_file", "package_name", "package_sha256",
		"package_version", "region", "root_device", "run_tags", "security_group_id", "source_ami",
		"ssh_keypair_name", "ssh_private_key_file", "ssh_username", "subnet_id", "tags", "version",
	}
}
