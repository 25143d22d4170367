#!/bin/bash
# Installs the package on the build instance, as root, and leaves the instance
# ready to become an image. Any error ends the build.
#
# The template passes the request in the environment: PRODUCT, PACKAGE_VERSION,
# ARCH and PACKAGE_SHA256 of the package; INSTALLATION_TYPE; LICENSE, yes or no;
# NEEDS, packages that every image has; REPOSITORY, SIGNING_KEY_URL and SIGNING_KEY
# for later upgrades; FIRST_BOOT_LIMIT.
set -euo pipefail

root=${SCRATCH:-} # of tests, which call single functions on a directory
given=${GIVEN:-/tmp/amiship}
package=$given/package.deb
gitlab=$root/opt/gitlab
secrets=$root/etc/gitlab/gitlab-secrets.json

# What GitLab takes for "no address yet": a package that is installed with it
# configures nothing.
no_url=http://gitlab.example.com

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

# A machine that has just started may be upgrading itself: that holds apt's locks,
# and leaves lists of packages behind. It may finish, and is not started again.
wait_for_upgrades() {
  local services=(apt-daily.service apt-daily-upgrade.service)
  local try
  systemctl stop apt-daily.timer apt-daily-upgrade.timer || true # where there are any
  for ((try = 0; try < 300; try++)); do
    systemctl show --property ActiveState "${services[@]}" | grep -q '=\(de\)\?activating$' || return 0
    sleep 2
  done
  fail "apt's own upgrade has not ended for ten minutes"
}

verify_package() {
  local digest field want is
  digest=$(sha256sum "$package" | cut -d ' ' -f 1)
  [ "$digest" = "$PACKAGE_SHA256" ] ||
    fail "the package has the SHA-256 $digest, not $PACKAGE_SHA256"
  for field in "Package $PRODUCT" "Version $PACKAGE_VERSION" "Architecture $ARCH"; do
    want=${field#* }
    field=${field%% *}
    is=$(dpkg-deb --field "$package" "$field")
    [ "$is" = "$want" ] || fail "the package says $field: $is, not $want"
  done
  is=$(dpkg --print-architecture)
  [ "$is" = "$ARCH" ] || fail "this machine is $is, the package $ARCH"
}

# What the package depends on comes from the distribution's archive, the package
# itself does not: with the archive's lists gone, apt has no other copy of it to
# take. Services stay off meanwhile: all customers would share a database written
# here.
install_package() {
  export DEBIAN_FRONTEND=noninteractive
  local apt=(apt-get --quiet --option Acquire::Retries=3 --option DPkg::Lock::Timeout=120)
  local install=(--yes --no-install-recommends)
  local field depends basics
  read -r -a basics <<<"$NEEDS"
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 0755 /usr/sbin/policy-rc.d
  "${apt[@]}" update
  "${apt[@]}" install "${install[@]}" "${basics[@]}"
  for field in Pre-Depends Depends; do
    depends=$(dpkg-deb --field "$package" "$field")
    [ -z "$depends" ] || "${apt[@]}" satisfy "${install[@]}" "$depends"
  done
  rm -rf /var/lib/apt/lists/*
  EXTERNAL_URL=$no_url "${apt[@]}" install "${install[@]}" "$package"
  rm /usr/sbin/policy-rc.d
  apt-get clean
}

# A package that has configured itself has created secrets that all customers
# would share, and stored the build instance's address.
refuse_configured() {
  local url
  [ ! -e "$secrets" ] ||
    fail "the package configured itself during the build: it left ${secrets#"$root"}, although EXTERNAL_URL was $no_url"
  ! systemctl --quiet is-active gitlab-runsvdir.service ||
    fail "the package started GitLab during the build, although EXTERNAL_URL was $no_url"
  url=$(sed -n "s/^external_url *['\"]\(.*\)['\"].*/\1/p" "$root/etc/gitlab/gitlab.rb")
  [ "$url" = "$no_url" ] || fail "gitlab.rb has the external_url '$url', not $no_url"
}

# GitLab reports it with its usage data.
set_installation_type() {
  local file=$gitlab/embedded/service/gitlab-rails/INSTALLATION_TYPE
  [ -f "$file" ] || fail "the package has no ${file#"$root"}: GitLab reads its installation type from elsewhere"
  echo "$INSTALLATION_TYPE" >"$file"
}

# Its first reconfigure reads a license with this ending.
place_license() {
  local file=$given/license
  if [ "$LICENSE" = no ]; then
    [ ! -s "$file" ] || fail "there is a license, and this image has none"
    return
  fi
  grep --quiet '[^[:space:]]' "$file" || fail "the license is empty"
  install -m 0600 "$file" "$root/etc/gitlab/predefined.gitlab-license"
}

# primary_keys prints the fingerprints of the keys in a file.
primary_keys() {
  gpg --homedir "$(dirname "$1")" --batch --quiet --show-keys --with-colons "$1" |
    awk -F: '$1 == "pub" { pub = 1 } $1 == "fpr" && pub { print $10; pub = 0 }'
}

# Of the keys that were fetched, only the one with the right fingerprint is kept.
set_up_repository() {
  local keyring=/usr/share/keyrings/gitlab_$PRODUCT-archive-keyring.gpg
  local suite home
  # shellcheck source=/dev/null
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  home=$(mktemp --directory)
  curl --silent --show-error --fail --location --retry 3 --output "$home/fetched" "$SIGNING_KEY_URL" ||
    fail "there is no signing key at $SIGNING_KEY_URL"
  # Without an agent, which would outlive this and which gpg misses aloud.
  local gpg=(gpg --homedir "$home" --batch --quiet --no-autostart --log-file "$home/log")
  "${gpg[@]}" --import "$home/fetched" || fail "what is at $SIGNING_KEY_URL is no signing key: $(cat "$home/log")"
  "${gpg[@]}" --output "$home/kept" --export "$SIGNING_KEY"
  if [ ! -s "$home/kept" ] || [ "$(primary_keys "$home/kept")" != "$SIGNING_KEY" ]; then
    fail "no key at $SIGNING_KEY_URL has the fingerprint $SIGNING_KEY; it has" "$(primary_keys "$home/fetched" | xargs)"
  fi
  install -D -m 0644 "$home/kept" "$root$keyring"
  rm -rf "$home"
  mkdir -p "$root/etc/apt/sources.list.d"
  echo "deb [signed-by=$keyring] $REPOSITORY $suite main" >"$root/etc/apt/sources.list.d/gitlab_$PRODUCT.list"
}

# Cleaning deletes the scripts of cloud-init as well, so ours comes after it.
install_first_boot() {
  cloud-init clean --logs
  install -D -m 0755 "$given/first-boot.sh" "$root/var/lib/cloud/scripts/per-boot/first-boot"
  echo "limit=$FIRST_BOOT_LIMIT" >"$root/etc/default/gitlab-first-boot"
}

# Every customer's instance creates its own keys and ids.
remove_identity() {
  rm -f /etc/ssh/ssh_host_*
  rm -f /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys
  rm -f /root/.*_history /home/*/.*_history /home/*/.sudo_as_admin_successful
  rm -f /var/lib/dhcp/*.leases /var/lib/systemd/random-seed
  : >/etc/machine-id
  if [ -e /var/lib/dbus/machine-id ] && [ ! -L /var/lib/dbus/machine-id ]; then
    rm /var/lib/dbus/machine-id
  fi
  # Else the journal would continue in new files until the instance stops.
  journalctl --relinquish-var
  rm -rf /var/log/journal/*
  find /var/log -type f -exec truncate --size 0 {} +
  rm -rf "$given"
  sync
}

main() {
  wait_for_cloud_init
  wait_for_upgrades
  verify_package
  install_package
  refuse_configured
  set_installation_type
  place_license
  set_up_repository
  install_first_boot
  remove_identity
}

# Tests source this file.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  main
fi
