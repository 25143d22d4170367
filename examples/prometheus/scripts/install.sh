#!/bin/bash
# Installs the package on the build instance, as root, and leaves the instance
# ready to become an image. Any error ends the build.
#
# PACKAGE_SHA256 is the digest that the package must have.
set -euo pipefail

package=/tmp/amiship-package.deb
first_boot=/tmp/amiship-first-boot.sh

fail() {
  echo "install: $*" >&2
  exit 1
}

# SSH answers before cloud-init is done. What it still has to do would get in
# the way, and a first-boot script put down too early would run here.
wait_for_cloud_init() {
  local status=0
  cloud-init status --wait >/dev/null || status=$?
  # 2 says that it is done, after warnings.
  if [ "$status" -ne 0 ] && [ "$status" -ne 2 ]; then
    cloud-init status --long >&2 || true
    fail "cloud-init did not finish well"
  fi
}

verify_package() {
  local digest
  digest=$(sha256sum "$package" | cut -d ' ' -f 1)
  [ "$digest" = "$PACKAGE_SHA256" ] ||
    fail "the package has the SHA-256 $digest, not $PACKAGE_SHA256"
}

# What the package depends on comes from the distribution's archive, the package
# itself does not: with the archive's lists gone, apt has no other copy of it to
# take. Services stay off meanwhile: all customers would share a database written
# here.
install_package() {
  export DEBIAN_FRONTEND=noninteractive
  local apt=(apt-get --quiet --option Acquire::Retries=3 --option DPkg::Lock::Timeout=120)
  local install=(--yes --no-install-recommends)
  local field needs
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 0755 /usr/sbin/policy-rc.d
  "${apt[@]}" update
  "${apt[@]}" install "${install[@]}" ca-certificates curl
  for field in Pre-Depends Depends; do
    needs=$(dpkg-deb --field "$package" "$field")
    [ -z "$needs" ] || "${apt[@]}" satisfy "${install[@]}" "$needs"
  done
  rm -rf /var/lib/apt/lists/*
  "${apt[@]}" install "${install[@]}" "$package"
  rm /usr/sbin/policy-rc.d
  apt-get clean
}

# Cleaning deletes the scripts of cloud-init as well, so ours comes after it.
install_first_boot() {
  cloud-init clean --logs
  install -D -m 0755 "$first_boot" /var/lib/cloud/scripts/per-instance/first-boot
}

# Every customer's instance creates its own keys and ids.
remove_identity() {
  rm -f /etc/ssh/ssh_host_*
  rm -f /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys
  rm -f /root/.bash_history /home/*/.bash_history /home/*/.sudo_as_admin_successful
  rm -f /var/lib/dhcp/*.leases /var/lib/systemd/random-seed
  : >/etc/machine-id
  if [ -e /var/lib/dbus/machine-id ] && [ ! -L /var/lib/dbus/machine-id ]; then
    rm /var/lib/dbus/machine-id
  fi
  # Else the journal would continue in new files until the instance stops.
  journalctl --relinquish-var
  rm -rf /var/log/journal/*
  find /var/log -type f -exec truncate --size 0 {} +
  rm -f "$package" "$first_boot"
  sync
}

wait_for_cloud_init
verify_package
install_package
install_first_boot
remove_identity
