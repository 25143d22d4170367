#!/bin/bash
# Builds a small package in place of GitLab's own, at the given path. The file's
# name says which: gitlab-ee_17.5.0-ee.0_arm64.deb. The same name gives the same
# bytes each time.
#
# STANDIN_FAULT in the environment makes one with a fault, for tests of what a
# release does about it:
#   configures-itself   it does so when it is installed, whatever it is told
#   reconfigure-fails   gitlab-ctl reconfigure ends with an error
#   reconfigure-hangs   gitlab-ctl reconfigure does not end
#   other-architecture  it is for another architecture than its name says
set -euo pipefail
umask 022
export SOURCE_DATE_EPOCH=1700000000 # of all files in it

fail() {
  echo "standin: $*" >&2
  exit 1
}

out=${1:?the path of the package to build}
here=$(dirname "$(readlink -f "$0")")
fault=${STANDIN_FAULT:-}
[[ $(basename "$out") =~ ^(gitlab-(ce|ee))_([0-9][0-9.]*)-((ce|ee)\.[0-9]+)_(amd64|arm64)\.deb$ ]] ||
  fail "$(basename "$out") is no name of a package of GitLab, as gitlab-ee_17.5.0-ee.0_amd64.deb is one"
product=${BASH_REMATCH[1]}
version=${BASH_REMATCH[3]}
full=$version-${BASH_REMATCH[4]}
arch=${BASH_REMATCH[6]}
case $fault in
"" | configures-itself | reconfigure-fails | reconfigure-hangs) ;;
other-architecture) [ "$arch" = amd64 ] && arch=arm64 || arch=amd64 ;;
*) fail "there is no STANDIN_FAULT=$fault" ;;
esac

tree=$(mktemp --directory)
trap 'rm -rf "$tree"' EXIT
chmod 0755 "$tree"
install -d "$tree/DEBIAN" "$tree/opt/gitlab/etc" "$tree/opt/gitlab/bin" "$tree/opt/gitlab/embedded/service/gitlab-rails"
install -m 0755 "$here/bin/gitlab-ctl" "$here/bin/gitlab-web" "$tree/opt/gitlab/bin"
install -m 0644 "$here/deb/gitlab.rb.template" "$tree/opt/gitlab/etc"
install -m 0644 "$here/deb/signing-key.asc" "$tree/opt/gitlab/etc/standin-signing-key.asc"
install -m 0755 "$here/deb/postinst.sh" "$tree/DEBIAN/postinst"
install -m 0755 "$here/deb/prerm.sh" "$tree/DEBIAN/prerm"
printf '%s %s\n\nThis package stands in for the real one.\n' "$product" "$version" >"$tree/opt/gitlab/version-manifest.txt"
echo omnibus-gitlab >"$tree/opt/gitlab/embedded/service/gitlab-rails/INSTALLATION_TYPE"
[ -z "$fault" ] || echo "$fault" >"$tree/opt/gitlab/etc/fault"
cat >"$tree/DEBIAN/control" <<END
Package: $product
Version: $full
Architecture: $arch
Maintainer: nobody <nobody@example.com>
Depends: openssh-server, python3
Section: misc
Priority: optional
Description: stands in for GitLab in rehearsals
 It behaves like the real package where machine images are concerned, and has
 nothing of its code.
END
dpkg-deb --root-owner-group -Zgzip --build "$tree" "$out" >/dev/null
