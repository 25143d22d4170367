# One template for every image and architecture of the catalog: they differ by
# variables only. It is yours to change. It runs unchanged on Packer 1.6.6 and
# on current Packer (1.16 with amazon plugin 1.8), so it has no packer block and no data source; what current
# Packer needs in addition is in plugins.pkr.hcl.
#
# Amiship copies, shares and publishes by itself. Don't add ami_regions,
# ami_groups or ami_users here: when one region fails, Packer removes the AMI
# it built and leaves the copies.

# Amiship sets these. A template need not declare those that it doesn't use.

variable "region" {
  type = string
}

variable "ami_name" { # of the candidate; the public name comes with the copies
  type = string
}

variable "ami_description" {
  type    = string
  default = ""
}

variable "source_ami" { # the newest base image that fits the catalog
  type = string
}

variable "root_device" { # the base image's: its root disk is made larger
  type = string
}

variable "instance_type" {
  type = string
}

variable "disk_size" { # GiB
  type = number
}

variable "disk_type" {
  type = string
}

variable "subnet_id" { # empty: the default VPC
  type    = string
  default = ""
}

variable "security_group_id" {
  type = string
}

variable "ssh_username" {
  type = string
}

variable "ssh_keypair_name" {
  type = string
}

variable "ssh_private_key_file" {
  type = string
}

variable "tags" { # of the AMI and its snapshot
  type = map(string)
}

variable "run_tags" { # of the building machine and its disk
  type = map(string)
}

variable "package_file" { # the package, on the machine that Packer runs on
  type = string
}

variable "package_sha256" {
  type = string
}

variable "package_version" { # whole: 17.5.0-ee.0
  type = string
}

variable "arch" {
  type = string
}

variable "license_file" { # empty: the image has none
  type    = string
  default = ""
}

variable "manifest" { # the file that Amiship reads the result from
  type = string
}

variable "custom_endpoint_ec2" { # empty: AWS. Packer 1.6.6 ignores AWS_ENDPOINT_URL
  type    = string
  default = ""
}

# The catalog's own; it documents them.

variable "product" {
  type = string
}

variable "installation_type" {
  type = string
}

variable "needs" {
  type = string
}

variable "repository" {
  type = string
}

variable "signing_key_url" {
  type = string
}

variable "signing_key" {
  type = string
}

variable "first_boot_limit" {
  type = string
}

source "amazon-ebs" "image" {
  region                 = var.region
  custom_endpoint_ec2    = var.custom_endpoint_ec2
  skip_region_validation = true

  ami_name        = var.ami_name
  ami_description = var.ami_description
  source_ami      = var.source_ami
  instance_type   = var.instance_type
  subnet_id       = var.subnet_id
  ena_support     = true

  launch_block_device_mappings {
    device_name = var.root_device
    volume_size = var.disk_size
    volume_type = var.disk_type
    # gp3's defaults; Packer 1.6.6 requires them.
    iops                  = var.disk_type == "gp3" ? 3000 : null
    throughput            = var.disk_type == "gp3" ? 125 : null
    delete_on_termination = true
  }

  ssh_username         = var.ssh_username
  ssh_keypair_name     = var.ssh_keypair_name
  ssh_private_key_file = var.ssh_private_key_file
  security_group_id    = var.security_group_id
  ssh_timeout          = "10m"

  # Tokens of the metadata service can be required by current Packer only; 1.6.6 refuses the
  # block. An account that enforces IMDSv2 launches the builder only with it, or if the
  # account's own default requires them.
  # metadata_options {
  #   http_tokens = "required"
  # }

  tags            = var.tags
  run_tags        = var.run_tags
  run_volume_tags = var.run_tags
}

build {
  sources = ["source.amazon-ebs.image"]

  # Uploads go to a directory that only this user can read.
  provisioner "shell" {
    inline = ["mkdir -m 0700 /tmp/amiship"]
  }

  provisioner "file" {
    source      = var.package_file
    destination = "/tmp/amiship/package.deb"
  }

  provisioner "file" {
    source      = "${path.root}/../scripts/first-boot.sh"
    destination = "/tmp/amiship/first-boot.sh"
  }

  # A license is never on a command line or in the environment. Packer needs a
  # file in any case: an empty one for images without.
  provisioner "file" {
    source      = var.license_file == "" ? "${path.root}/../scripts/no-license" : var.license_file
    destination = "/tmp/amiship/license"
  }

  provisioner "shell" {
    script = "${path.root}/../scripts/install.sh"
    environment_vars = [
      "PACKAGE_SHA256=${var.package_sha256}",
      "PACKAGE_VERSION=${var.package_version}",
      "PRODUCT=${var.product}",
      "ARCH=${var.arch}",
      "INSTALLATION_TYPE=${var.installation_type}",
      "LICENSE=${var.license_file == "" ? "no" : "yes"}",
      "NEEDS=${var.needs}",
      "REPOSITORY=${var.repository}",
      "SIGNING_KEY_URL=${var.signing_key_url}",
      "SIGNING_KEY=${var.signing_key}",
      "FIRST_BOOT_LIMIT=${var.first_boot_limit}",
    ]
    # Without a file the values would be on a command line.
    use_env_var_file = true
    execute_command  = "chmod 0755 {{.Path}} && . {{.EnvVarFile}} && sudo -E {{.Path}}"
  }

  # The last step on the instance.
  provisioner "shell" {
    script          = "${path.root}/../scripts/hygiene.sh"
    execute_command = "chmod 0755 {{.Path}} && sudo {{.Path}} ${var.license_file == "" ? "without" : "with"}-license /"
  }

  post-processor "manifest" {
    output     = var.manifest
    strip_path = true
  }
}
