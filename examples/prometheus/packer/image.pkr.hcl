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

variable "manifest" { # the file that Amiship reads the result from
  type = string
}

variable "custom_endpoint_ec2" { # empty: AWS. Packer 1.6.6 ignores AWS_ENDPOINT_URL
  type    = string
  default = ""
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

  provisioner "file" {
    source      = var.package_file
    destination = "/tmp/amiship-package.deb"
  }

  provisioner "file" {
    source      = "${path.root}/../scripts/first-boot.sh"
    destination = "/tmp/amiship-first-boot.sh"
  }

  provisioner "shell" {
    script           = "${path.root}/../scripts/install.sh"
    environment_vars = ["PACKAGE_SHA256=${var.package_sha256}"]
    # Without a file the values would be on a command line.
    use_env_var_file = true
    execute_command  = "chmod 0755 {{.Path}} && . {{.EnvVarFile}} && sudo -E {{.Path}}"
  }

  post-processor "manifest" {
    output     = var.manifest
    strip_path = true
  }
}
