#!/bin/bash
# Runs once on every new machine, by cloud-init: tells GitLab under which address
# it is reached, and configures it. What the owner of the machine has set stays.
#
# A clone, a machine started from an AMI of a configured one, is a new machine: it
# gets its own address and is configured anew. It keeps what GitLab keeps on its
# disk: repositories, users and their passwords, gitlab-secrets.json, the licence.
set -euo pipefail
export HOME=${HOME:-/root} # GitLab wants one; services have none

root=${1:-} # of tests
settings=$root/etc/gitlab/gitlab.rb
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
echo "first boot: $(date --utc --iso-8601=seconds)"

# fail ends the script: cloud-init reports it, the log and the console show it.
fail() {
  echo "first boot: failed: $*"
  tail -n 20 "$log" >&3
  exit 1
}
trap 'fail "line $LINENO"' ERR

# get prints an item of the instance's metadata, or fails if there is none.
get() {
  curl --silent --fail --max-time 5 --header "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"
}

token=$(curl --silent --fail --max-time 5 --retry 5 --retry-connrefused --request PUT \
  --header 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$metadata/api/token") ||
  fail "the instance's metadata cannot be read"
host=$(get public-hostname || true)
[ -n "$host" ] || host=$(get public-ipv4 || true)
[ -n "$host" ] || host=$(get local-ipv4) || fail "the instance's metadata has no address"
url="http://$host"

# The line that this script left on an earlier machine, if this machine's disk
# is a copy of one: what stands there may be replaced.
mark="# set at first boot: "
ours=$(sed -n "s|^$mark||p" "$settings" | tail -n 1)
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

# The first password of root, if its owner set none. It counts once: where there
# is a data base already, GitLab leaves the password in it alone.
password='^[[:space:]]*gitlab_rails\[.initial_root_password.\]'
if [ -z "${GITLAB_ROOT_PASSWORD:-}" ] && ! grep -q "$password" "$settings"; then
  GITLAB_ROOT_PASSWORD=$(get instance-id)
fi
export GITLAB_ROOT_PASSWORD

status=0
timeout --kill-after=30s "$limit" gitlab-ctl reconfigure </dev/null || status=$?
case $status in
0) echo "first boot: done" ;;
124 | 137) fail "reconfigure did not end within $limit" ;;
*) fail "reconfigure ended with status $status" ;;
esac
