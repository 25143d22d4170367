#!/bin/bash
# Lists what must not be in an image, a line for each, and fails if there is
# any: what AWS Marketplace's scan rejects, and what must stay private.
#
# Usage: hygiene.sh with-license|without-license ROOT
set -euo pipefail
shopt -s inherit_errexit nullglob dotglob

wanted=$1
root=${2%/} # nothing for /
license=/etc/gitlab/predefined.gitlab-license

# found notes a violation: what, and where.
found() { printf 'hygiene: %s: %s\n' "$1" "${2#"$root"}"; }

# each notes one for every path that it reads.
each() {
  local path
  while read -r path; do found "$1" "$path"; done
}

# each_of notes one for every thing that it reads, all in one place.
each_of() {
  local what
  while read -r what; do found "$what" "$1"; done
}

# homes prints the home directories of all accounts, once each.
homes() { cut -d : -f 6 "$root/etc/passwd" | grep -v -x -e / -e /nonexistent | sort -u | sed "s|^|$root|"; }

check_keys_for_login() {
  local home file
  for home in $(homes); do
    for file in "$home"/.ssh/authorized_keys*; do
      [ ! -s "$file" ] || found "a key that opens the machine" "$file"
    done
  done
  for file in "$root"/etc/ssh/ssh_host_*; do
    found "a host key that all machines would share" "$file"
  done
}

check_histories() {
  local home file
  for home in $(homes); do
    for file in "$home"/.*history "$home"/.lesshst "$home"/.viminfo; do
      [ ! -s "$file" ] || found "a history" "$file"
    done
  done
}

check_identity() {
  local file
  for file in "$root"/etc/machine-id "$root"/var/lib/dbus/machine-id; do
    [ -L "$file" ] || [ ! -s "$file" ] || [ "$(<"$file")" = uninitialized ] ||
      found "a machine's id that all would share" "$file"
  done
  for file in "$root"/var/lib/cloud/instances/*; do
    found "what cloud-init knows of the building machine" "$file"
  done
}

# logins prints the accounts with a shell.
logins() { awk -F: '$7 !~ /(nologin|false|sync)$/ { print $1 }' "$root/etc/passwd"; }

# sshd prints its effective configuration, for all and for each user who can
# log in. It needs a host key for that, and the image has none.
check_sshd() {
  local dir who everybody file=$root/etc/ssh/sshd_config
  dir=$(mktemp --directory)
  ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
  everybody=$(sshd -T -f "$file" -h "$dir/key" | judge_sshd)
  [ -z "$everybody" ] || each_of "$file" <<<"$everybody"
  for who in $(logins); do
    sshd -T -f "$file" -h "$dir/key" -C "user=$who,host=localhost,addr=127.0.0.1" | judge_sshd |
      { grep -v -x -F -e "$everybody" || true; } | each_of "$file, for $who"
  done
  rm -r "$dir"
}

# judge_sshd reads settings, and prints what is wrong with them.
judge_sshd() {
  awk '
    /^(passwordauthentication|kbdinteractiveauthentication|permitemptypasswords) yes$/ { print "logins with a password (" $0 ")" }
    /^permitrootlogin yes$/ { print "logins of root with a password (" $0 ")" }
    $1 == "port" { ports = ports " " $2 }
    END { if (ports !~ / 22( |$)/) print "SSH is not on its port, 22, but on" ports }'
}

check_accounts() {
  awk -F: '$2 == "" { print $1 }' "$root/etc/passwd" "$root/etc/shadow" | sort -u | each "an account with a blank password"
  awk -F: '$2 != "" && $2 !~ /^[!*]/ { print $1 }' "$root/etc/shadow" | each "an account with a password"
  awk -F: '$3 == 0 && $1 != "root" { print $1 }' "$root/etc/passwd" | each "another root"
}

check_files() {
  find "$root/etc" -xdev -ignore_readdir_race ! -type l -perm -0002 | each "everybody may write to it"
  local dirs=("$root"/tmp "$root"/var/tmp "$root"/root "$root"/home "$root"/var/cache/apt/archives)
  find "${dirs[@]}" -xdev -ignore_readdir_race -type f -name '*.deb' | each "a package that was left"
  # Services have directories of their own there, and this script is run from one.
  find "$root"/tmp "$root"/var/tmp -xdev -ignore_readdir_race \( -name 'systemd-private-*' -o -name snap-private-tmp \) -prune -o \
    -type f ! -name '*.deb' ! -samefile "$0" -print | each "a file that was left"
  find "$root"/var/lib/apt/lists -xdev -ignore_readdir_race -type f ! -name lock | each "a list of packages, which ages"
  [ ! -e "$root/usr/sbin/policy-rc.d" ] || found "services would not start" "$root/usr/sbin/policy-rc.d"
}

# Only the license, in its place, if the image has one.
check_license() {
  local at=$root$license
  find "${root:-/}" -xdev -ignore_readdir_race -type f -name '*.gitlab-license' ! -path "$at" | each "a license in a wrong place"
  if [ "$wanted" = without-license ]; then
    [ ! -e "$at" ] || found "a license in an image that has none" "$at"
  elif [ ! -s "$at" ]; then
    found "the license is missing" "$at"
  else
    [ "$(stat --format '%u %a' "$at")" = "$(stat --format %u "${root:-/}") 600" ] || found "others may read the license" "$at"
    find "${root:-/}" -xdev -ignore_readdir_race -type f -size "$(stat --format %s "$at")c" ! -path "$at" -exec cmp -s "$at" {} \; -print |
      each "another copy of the license"
  fi
}

# The form of AWS's keys and of GitLab's tokens.
tokens='(AKIA|ASIA)[A-Z0-9]{16}|gl(pat|cbt|dt|rt|ptt)-[A-Za-z0-9_-]{20}'

check_secrets() {
  local home file
  local dirs=("$root"/etc "$root"/root "$root"/home "$root"/tmp "$root"/var/tmp "$root"/var/lib/cloud "$root"/var/log "$root"/usr/local)
  for file in "$root"/etc/gitlab/gitlab-secrets.json "$root"/etc/gitlab/initial_root_password; do
    [ ! -e "$file" ] || found "secrets of GitLab that all machines would share" "$file"
  done
  for home in $(homes); do
    for file in "$home"/.netrc "$home"/.git-credentials "$home"/.aws/credentials "$home"/.docker/config.json; do
      [ ! -e "$file" ] || found "credentials" "$file"
    done
  done
  containing "$tokens" "${dirs[@]}" | each "a token"
  containing '-----BEGIN [A-Z ]*PRIVATE KEY-----' "${dirs[@]}" | unpackaged | each "a private key"
}

# containing prints the files that hold a pattern, but not this script.
containing() {
  local pattern=$1
  shift
  # Of grep, 1 says that it found nothing.
  # shellcheck disable=SC2016
  find "$@" -xdev -ignore_readdir_race -type f ! -samefile "$0" -print0 |
    xargs --null --no-run-if-empty bash -c 'grep -l -E -a -e "$0" "$@" || [ $? -eq 1 ]' "$pattern"
}

# unpackaged passes on those that belong to no package.
unpackaged() {
  local path
  while read -r path; do
    dpkg-query --admindir="$root/var/lib/dpkg" --search "${path#"$root"}" >/dev/null 2>&1 || echo "$path"
  done
}

all=$(
  check_keys_for_login
  check_histories
  check_identity
  check_sshd
  check_accounts
  check_files
  check_license
  check_secrets
)
if [ -n "$all" ]; then
  echo "$all" >&2
  exit 1
fi
echo "hygiene: nothing is in this image that must not be"
