# For current Packer only, which has its builders in plugins: "packer init
# packer/plugins.pkr.hcl" installs what is listed here. Packer 1.6.6 has them
# built in and never reads this file.
packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.3.0"
    }
  }
}
