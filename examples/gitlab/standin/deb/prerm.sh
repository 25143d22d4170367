#!/bin/sh
# Runs before the package is removed, and stops what gitlab-ctl has started.
set -eu
[ "$1" = remove ] || exit 0
systemctl disable --now gitlab-runsvdir.service || true
for link in /usr/bin/gitlab-*; do
  case $(readlink "$link") in /opt/gitlab/*) rm "$link" ;; esac
done
rm -f /etc/systemd/system/gitlab-runsvdir.service
