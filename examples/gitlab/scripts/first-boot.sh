#!/bin/bash
# Runs at every boot, by cloud-init. On a new instance it sets GitLab's external
# address, and configures it. Settings of the instance's owner stay.
#
# A later boot of the same instance changes one thing: the address that the first
# boot has set, if it still stands there exactly so and is no longer one of the
# instance's, as after a stop and a start. Else it changes nothing.
#
# A clone, an instance launched from an AMI of a configured one, is a new
# instance: it gets its own address and is configured again. It keeps what GitLab
# keeps on its disk: repositories, users and their passwords, gitlab-secrets.json,
# the license.
set -euo pipefail
export HOME=${HOME:-/root} # GitLab wants one; services have none

root=${1:-} # of tests
settings=$root/etc/gitlab/gitlab.rb
known=$root/var/lib/gitlab-first-boot/instance # whose first boot this disk has had
boot="first boot"
log=$root/var/log/gitlab-first-boot.log
metadata=http://169.254.169.254/latest
no_url=http://gitlab.example.com

limit=15m # of reconfigure
if [ -r "$root/etc/default/gitlab-first-boot" ]; then
  # shellcheck source=/dev/null
  . "$root/etc/default/gitlab-first-boot"
fi

[ -e "$log" ] || install -m 0600 /dev/null "$log"
exec 3>&2 >>"$log" 2>&1

# fail ends the script: cloud-init reports it, the log and the console show it.
fail() {
  echo "$boot: failed: $*"
  tail -n 20 "$log" >&3
  exit 1
}
trap 'fail "line $LINENO"' ERR

# leave ends a later boot that has nothing to do.
leave() {
  echo "$*"
  echo "$boot: done"
  exit 0
}

# get prints an item of the instance's metadata, or fails if there is none: with 22,
# which says so, or because it cannot be read.
get() {
  curl --silent --fail --max-time 5 --header "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"
}

# On a disk that has booted, cloud-init knows the instance as well.
if [ -s "$known" ] && cmp -s "$known" "$root/var/lib/cloud/data/instance-id"; then
  boot="later boot"
fi
echo "$boot: $(date --utc --iso-8601=seconds)"
token=$(curl --silent --fail --max-time 5 --retry 5 --retry-connrefused --request PUT \
  --header 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$metadata/api/token") || {
  [ "$boot" = "first boot" ] || leave "the instance's metadata cannot be read: its address stays"
  fail "the instance's metadata cannot be read"
}
host=$(get public-hostname || true)
[ -n "$host" ] || host=$(get public-ipv4 || true)
[ -n "$host" ] || host=$(get local-ipv4) || {
  [ "$boot" = "first boot" ] || leave "the instance's metadata has no address: its address stays"
  fail "the instance's metadata has no address"
}
url="http://$host"

# The line that this script wrote on an earlier instance, if this disk is a
# copy of one: it may be replaced.
mark="# set at first boot: "
ours=$(sed -n "s|^$mark||p" "$settings" | tail -n 1)

# reconfigure has GitLab take its settings.
reconfigure() {
  local status=0
  timeout --kill-after=30s "$limit" gitlab-ctl reconfigure </dev/null || status=$?
  case $status in
  0) echo "$boot: done" ;;
  124 | 137) fail "reconfigure did not end within $limit" ;;
  *) fail "reconfigure ended with status $status" ;;
  esac
}

# addresses prints all that the instance has now, or fails if one can't be read.
addresses() {
  local item status
  for item in public-hostname public-ipv4 local-hostname local-ipv4; do
    status=0
    get "$item" && echo || status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 22 ] || return 1
  done
}

# follow replaces the address of the first boot, and nothing else.
follow() {
  local lines all new file
  lines=$(grep '^[[:space:]]*external_url\>' "$settings" || true)
  if [ -z "$ours" ] || [ "$lines" != "external_url '$ours'" ]; then
    leave "the address is not what the first boot has set: it stays"
  fi
  all=$(addresses) || leave "the instance's addresses cannot be read: $ours stays"
  ! grep -q -x -F -e "${ours#http://}" <<<"$all" || leave "the address is this instance's: $ours"
  file=$(readlink --canonicalize "$settings")
  new=$(mktemp "$file.XXXXXX")
  sed -e "s|^external_url '$ours'\$|external_url '$url'|" -e "s|^$mark.*|$mark$url|" "$file" >"$new"
  chmod --reference="$file" "$new"
  chown --reference="$file" "$new"
  mv "$new" "$file"
  echo "$ours is no longer this instance's: set $url"
  reconfigure
  exit 0
}

[ "$boot" = "first boot" ] || follow

# Of several addresses Ruby takes the last.
line='^[[:space:]]*external_url\>'
found=$(sed -n "s/$line//p" "$settings" | tail -n 1 | sed 's/ #.*//' | tr -d "\"'() \t")

if [ -n "$found" ] && [ "$found" != "$no_url" ] && [ "$found" != "$ours" ]; then
  echo "the owner's choice stays: $found"
elif [ "$found" = "$url" ]; then
  echo "the address is the right one already: $url"
else
  new=$(mktemp "$settings.XXXXXX")
  sed -e "/^$mark/d" -e "s|$line.*|external_url '$url'\n$mark$url|" "$settings" >"$new"
  [ -n "$found" ] || printf "external_url '%s'\n%s\n" "$url" "$mark$url" >>"$new"
  chmod --reference="$settings" "$new"
  mv "$new" "$settings"
  echo "set $url"
fi

this=$(get instance-id || true)
install -D -m 0644 /dev/null "$known"
[ -z "$this" ] || echo "$this" >"$known"

# The first password of root, if its owner set none. It counts once: where there
# is a data base already, GitLab leaves the password in it alone.
password='^[[:space:]]*gitlab_rails\[.initial_root_password.\]'
if [ -z "${GITLAB_ROOT_PASSWORD:-}" ] && ! grep -q "$password" "$settings"; then
  GITLAB_ROOT_PASSWORD=$(get instance-id)
fi
export GITLAB_ROOT_PASSWORD
reconfigure
