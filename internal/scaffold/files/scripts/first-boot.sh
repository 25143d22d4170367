#!/bin/bash
# Runs once on every new instance, by cloud-init, as root: sets the product's
# external address. Keep it quick: customers wait for it.
set -euo pipefail

exec >>/var/log/first-boot.log 2>&1
echo "first boot: $(date --utc --iso-8601=seconds)"

metadata=http://169.254.169.254/latest
token=$(curl --silent --fail --max-time 5 --retry 5 --retry-connrefused --request PUT \
  --header 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$metadata/api/token")

# get prints an item of the instance's metadata, or fails if there is none.
get() {
  curl --silent --fail --max-time 5 --header "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"
}

host=$(get public-hostname || true)
[ -n "$host" ] || host=$(get public-ipv4 || true)
[ -n "$host" ] || host=$(get local-ipv4)
echo "reached as $host"

# Pass $host to your product here: write it into its configuration, unless the
# owner of the instance has set another, and restart it.
