package bases

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// finish turns a freshly bootstrapped system into what an AMI of it is: a disk
// that no machine has booted from, waiting for cloud-init.
func finish(ctx context.Context, root string, r recipe, src source) error {
	resolver := linkResolver
	if r.foreign() {
		resolver = plainResolver
	}
	err := errors.Join(writeFiles(root, files(r, src)), resolver(root), maskUnits(root, masked(r)), forget(root))
	if err == nil {
		err = enableUnits(ctx, root, r)
	}
	if err != nil {
		return fmt.Errorf("prepare %s: %w", r.title, err)
	}
	return nil
}

func writeFiles(root string, all map[string]string) error {
	for name, text := range all {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// files is what differs from the packages' own configuration.
func files(r recipe, src source) map[string]string {
	all := map[string]string{
		// One entry: ds-identify takes it without its checks, which refuse
		// containers.
		"etc/cloud/cloud.cfg.d/90_dpkg.cfg": "datasource_list: [ Ec2 ]\n",
		"etc/cloud/cloud.cfg.d/99_sandbox.cfg": strings.ReplaceAll(cloudConfig,
			"USER", r.user),
		"etc/ssh/sshd_config.d/60-cloudimg-settings.conf": "PasswordAuthentication no\n",
		"etc/systemd/network/10-eth0.network":             networkConfig,
		"etc/apt/sources.list":                            strings.Join(src.lines, "\n") + "\n",
		"etc/default/locale":                              "LANG=C.UTF-8\n",
		// dhclient's script gives up without this file.
		"etc/fstab": "# the root file system needs no entry here\n",
		"etc/hosts": "127.0.0.1 localhost\n",
	}
	if r.foreign() {
		maps.Copy(all, emulatedFiles(r))
	}
	return all
}

// The network is set up by networkd alone: cloud-init of Debian 12 that does
// it fails on new kernels, and watching for new devices takes a udev. The disk
// does not grow, and sources stay as the base has them: the mirror per region
// that cloud-init would write need not be reachable. The one metadata URL
// saves Debian's cloud-init seconds of trying other names of it.
const cloudConfig = `network: {config: disabled}
manage_etc_hosts: true
locale: C.UTF-8
growpart: {mode: "off"}
resize_rootfs: false
apt: {preserve_sources_list: true}
updates: {network: {when: [boot-new-instance]}}
datasource: {Ec2: {metadata_urls: ["http://169.254.169.254"]}}
system_info:
  default_user:
    name: USER
    lock_passwd: true
    gecos: Default user
    groups: [adm, cdrom, dip, lxd, sudo, video]
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    shell: /bin/bash
`

const networkConfig = `[Match]
Name=eth0

[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no

[DHCPv4]
UseDomains=yes
`

// linkResolver points at systemd-resolved's stub, as cloud images do.
func linkResolver(root string) error {
	path := filepath.Join(root, "etc/resolv.conf")
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Symlink("../run/systemd/resolve/stub-resolv.conf", path)
}

func enableUnits(ctx context.Context, root string, r recipe) error {
	units := []string{"systemd-networkd.service", "systemd-resolved.service"}
	if r.foreign() {
		units = []string{dhcpUnit}
	}
	return run(ctx, "chroot", append([]string{root, "systemctl", "enable"}, units...)...)
}

// masked lists what only costs time or makes no sense on a disk that lives for
// minutes: housekeeping, consoles, kernel file systems that belong to the host.
func masked(r recipe) []string {
	all := []string{
		"apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer",
		"e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer",
		"logrotate.timer", "man-db.timer", "motd-news.timer",
		"console-getty.service", "getty@tty1.service", "getty-static.service",
		"systemd-pstore.service", "sys-kernel-debug.mount",
		"sys-kernel-tracing.mount", "sys-kernel-config.mount",
		"dev-hugepages.mount", "systemd-udev-trigger.service",
	}
	if r.foreign() {
		all = append(all, emulatedMasked()...)
	}
	return all
}

func maskUnits(root string, units []string) error {
	for _, u := range units {
		path := filepath.Join(root, "etc/systemd/system", u)
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		if err := os.Symlink("/dev/null", path); err != nil {
			return err
		}
	}
	return nil
}

// forget removes what a machine must make for itself.
func forget(root string) error {
	for _, pattern := range []string{
		"etc/ssh/ssh_host_*", "etc/hostname", "var/lib/dbus/machine-id",
		"var/lib/cloud", "var/log/cloud-init*", "var/log/*.log",
		"var/cache/apt/*.bin", "usr/sbin/policy-rc.d", ".dockerenv",
	} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return err
		}
		for _, path := range found {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(root, "etc/machine-id"), nil, 0o444)
}
