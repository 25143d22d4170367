package bases

import (
	"os"
	"path/filepath"
)

// What runs by emulation lacks some of the kernel: QEMU passes on no netlink of
// the kind that systemd-networkd needs, nor the mounts that systemd makes for a
// service's credentials.

// emulatedFiles are what a base for another processor has beyond files.
func emulatedFiles(r recipe) map[string]string {
	none := "[Service]\nLoadCredential=\nSetCredential=\n"
	if r.suite == "noble" { // systemd of the others does not know it
		none += "ImportCredential=\n"
	}
	return map[string]string{
		"etc/systemd/system/service.d/10-emulated.conf": none,
		"etc/systemd/system/" + dhcpUnit:                dhcpService,
		// An RSA and a DSA key would take ten seconds of each first boot.
		"etc/cloud/cloud.cfg.d/99_emulated.cfg": "ssh_genkeytypes: [ecdsa, ed25519]\n",
	}
}

const (
	dhcpUnit   = "networking.service" // ifupdown's name: cloud-init waits for it
	dhcpClient = "isc-dhcp-client"    // the package
)

const dhcpService = `[Unit]
Description=Network by DHCP, as systemd-networkd cannot be emulated
DefaultDependencies=no
Wants=network.target network-pre.target
After=local-fs.target network-pre.target
Before=network.target network-online.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=forking
PIDFile=/run/dhclient.eth0.pid
ExecStart=/sbin/dhclient -4 -1 -pf /run/dhclient.eth0.pid -lf /run/dhclient.eth0.leases eth0

[Install]
WantedBy=multi-user.target network-online.target
`

// emulatedMasked are the units that cannot do their work.
func emulatedMasked() []string {
	return []string{
		"systemd-networkd.service", "systemd-networkd.socket",
		"systemd-networkd-wait-online.service", "systemd-resolved.service",
	}
}

// plainResolver leaves the file to the DHCP client.
func plainResolver(root string) error {
	path := filepath.Join(root, "etc/resolv.conf")
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.WriteFile(path, nil, 0o644)
}
