#!/bin/sh
# Runs before the package is removed, and stops what gitlab-ctl has started.
set -eu
[ "$1" = remove ] || exit 0
systemctl disable --now gitlab-runsvdir.service || true
rm -f /usr/bin/gitlab-ctl /etc/systemd/system/gitlab-runsvdir.service
