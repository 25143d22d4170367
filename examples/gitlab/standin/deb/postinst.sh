#!/bin/sh
# Runs when the package has been unpacked. Like the real one it takes an address
# from EXTERNAL_URL and configures GitLab, unless the address is the example's;
# without one, a machine of EC2 takes its own.
set -eu
[ "$1" = configure ] || exit 0

example=http://gitlab.example.com
settings=/etc/gitlab/gitlab.rb
fault=$(cat /opt/gitlab/etc/fault 2>/dev/null || true)

if [ -z "${EXTERNAL_URL:-}" ] && grep -q '^ec2' /sys/hypervisor/uuid 2>/dev/null; then
  EXTERNAL_URL="http://$(hostname --fqdn)"
fi
if [ ! -e "$settings" ]; then
  mkdir -p /etc/gitlab
  sed "s|GENERATED_EXTERNAL_URL|${EXTERNAL_URL:-$example}|" /opt/gitlab/etc/gitlab.rb.template >"$settings"
  chmod 0600 "$settings"
fi
for name in gitlab-backup gitlab-ctl gitlab-psql gitlab-rails gitlab-rake gitlab-redis-cli; do
  ln -sf "/opt/gitlab/bin/$name" /usr/bin/
done

if ! grep -q "^external_url '$example'" "$settings" || [ "$fault" = configures-itself ]; then
  gitlab-ctl reconfigure
else
  echo "gitlab: set external_url in $settings, and run gitlab-ctl reconfigure"
fi
