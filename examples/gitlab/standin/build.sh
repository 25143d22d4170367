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
gitlab=$tree/opt/gitlab
rails=$gitlab/embedded/service/gitlab-rails
install -d "$tree/DEBIAN" "$gitlab"/{bin,etc,init,service,sv,embedded/bin} "$rails"
install -m 0755 "$here"/bin/* "$gitlab/bin"
install -m 0755 "$here"/embedded/* "$gitlab/embedded/bin"
ln -s ../../bin/gitlab-ctl "$gitlab/embedded/bin/sv"
ln -s ../../bin/gitlab-web "$gitlab/embedded/bin/runsvdir-start"
for name in bundle chpst git openssl pg_dump psql rake redis-cli ruby runsv runsvdir svlogd; do
  ln -s no-code "$gitlab/embedded/bin/$name"
done
for name in gitlab-backup gitlab-psql gitlab-rails gitlab-redis-cli gitlab-ruby; do
  ln -s ../embedded/bin/no-code "$gitlab/bin/$name"
done
install -m 0644 "$here/deb/gitlab.rb.template" "$gitlab/etc"
install -m 0644 "$here/deb/signing-key.asc" "$gitlab/etc/standin-signing-key.asc"
install -m 0755 "$here/deb/postinst.sh" "$tree/DEBIAN/postinst"
install -m 0755 "$here/deb/prerm.sh" "$tree/DEBIAN/prerm"
printf '%s %s\n\nThis package stands in for the real one.\n' "$product" "$version" >"$gitlab/version-manifest.txt"
printf '{"manifest_format": 2, "build_version": "%s", "software": {}}\n' "$version" >"$gitlab/version-manifest.json"
echo omnibus-gitlab >"$rails/INSTALLATION_TYPE"
echo "$version" >"$rails/VERSION"
[ -z "$fault" ] || echo "$fault" >"$gitlab/etc/fault"
cat >"$tree/DEBIAN/control" <<END
Package: $product
Version: $full
Architecture: $arch
Maintainer: nobody <nobody@example.com>
Depends: curl, openssh-server, python3
Section: misc
Priority: optional
Description: stands in for GitLab in rehearsals
 It behaves like the real package where machine images are concerned, and has
 nothing of its code.
END
dpkg-deb --root-owner-group -Zgzip --build "$tree" "$out" >/dev/null
