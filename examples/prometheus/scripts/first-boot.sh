#!/bin/bash
# Runs once on every new instance, by cloud-init: sets Prometheus' external
# address. Settings of the instance's owner stay.
set -euo pipefail

settings=${1:-/etc/default/prometheus}
log=${2:-/var/log/prometheus-first-boot.log}
metadata=http://169.254.169.254/latest

exec >>"$log" 2>&1
echo "first boot: $(date --utc --iso-8601=seconds)"

# get prints an item of the instance's metadata, or fails if there is none.
get() {
  curl --silent --fail --max-time 5 --header "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"
}

token=$(curl --silent --fail --max-time 5 --retry 5 --retry-connrefused --request PUT \
  --header 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$metadata/api/token")
host=$(get public-hostname || true)
[ -n "$host" ] || host=$(get public-ipv4 || true)
[ -n "$host" ] || host=$(get local-ipv4)
url="--web.external-url=http://$host:9090/"

# The line that this script wrote on an earlier instance, if this disk is a
# copy of one: it may be replaced.
mark="# set at first boot: "
ours=$(sed -n "s|^$mark||p" "$settings")
found=$(grep '^ARGS=' "$settings" | grep -o -e '--web\.external-url=[^" ]*' | grep -v -x -F -e "$ours" || true)
if [ -n "$found" ]; then
  echo "the owner's choice stays: $found"
  exit 0
fi
if [ "$ours" = "$url" ]; then
  echo "nothing to do: $url"
  exit 0
fi

new=$(mktemp "$settings.XXXXXX")
{
  sed -e "/^$mark/d" -e "/^ARGS=/s| *--web\.external-url=[^\" ]*||" \
    -e "s|^ARGS=\"\(.*\)\"|ARGS=\"\1 $url\"|" -e 's|^ARGS=" |ARGS="|' "$settings"
  grep -q '^ARGS=' "$settings" || echo "ARGS=\"$url\""
  echo "$mark$url"
} >"$new"
chmod --reference="$settings" "$new"
mv "$new" "$settings"
echo "set $url"
# It may be starting at this moment, so don't wait for it.
systemctl --no-block restart prometheus
