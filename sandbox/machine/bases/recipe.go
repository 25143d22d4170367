package bases

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/emulation"
)

// recipe is how a base is made.
type recipe struct {
	name     string // "ubuntu-22.04"
	title    string // "Ubuntu 22.04"
	origin   string // who publishes it, as apt says: "Ubuntu" or "Debian"
	suite    string // "jammy"
	arch     string
	user     string // login that cloud-init prepares
	packages []string
	standsIn string // title of the system that this one replaces
}

// recipes are all bases, for one architecture.
func recipes(arch string) []recipe {
	return []recipe{
		{
			name: "ubuntu-22.04", title: "Ubuntu 22.04", origin: "Ubuntu", suite: "jammy",
			arch: arch, user: "ubuntu", packages: with("ubuntu-keyring", "isc-dhcp-client"),
		},
		{
			name: "ubuntu-24.04", title: "Ubuntu 24.04", origin: "Ubuntu", suite: "noble",
			arch: arch, user: "ubuntu", packages: with("ubuntu-keyring", "dhcpcd-base", "systemd-resolved"),
		},
		debian12(arch, "debian-12", "admin"),
	}
}

func debian12(arch, name, user string) recipe {
	return recipe{
		name: name, title: "Debian 12", origin: "Debian", suite: "bookworm",
		arch: arch, user: user, packages: with("isc-dhcp-client", "systemd-resolved"),
	}
}

// with adds packages to what every base has beyond the distribution's required
// ones: what boots it and makes it a cloud image, and the few tools that every
// image of its kind has and install scripts lean on.
func with(more ...string) []string {
	return append(more, "apt", "tzdata",
		"systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "sudo",
		"cloud-init", "netbase", "iproute2", "iputils-ping", "ca-certificates",
		"curl", "wget", "gnupg", "lsb-release", "cron", "logrotate", "less")
}

// List returns every base that can be named, on both architectures, as its
// recipe describes it. A driver's HasLayer says which it can start.
func List() []machine.Base {
	var all []machine.Base
	for _, arch := range []string{"amd64", "arm64"} {
		for _, r := range recipes(arch) {
			all = append(all, machine.Base{
				Layer: r.layer(), Arch: arch, User: r.user, Description: r.describe(),
			})
		}
	}
	return all
}

// find returns the recipe of the layer "base/NAME/ARCH".
func find(layer string) (recipe, error) {
	parts := strings.Split(layer, "/")
	if len(parts) != 3 || parts[0] != "base" {
		return recipe{}, fmt.Errorf("%q names no base: base/NAME/ARCH would", layer)
	}
	all := recipes(parts[2])
	i := slices.IndexFunc(all, func(r recipe) bool { return r.name == parts[1] })
	if i < 0 {
		return recipe{}, fmt.Errorf("no base is named %s", parts[1])
	}
	return all[i], nil
}

func (r recipe) layer() string { return "base/" + r.name + "/" + r.arch }

// buildable tells why the base cannot be built here.
func (r recipe) buildable() error {
	if !emulation.Possible(r.arch) {
		return fmt.Errorf("%s for %s cannot be built on an %s host", r.title, r.arch, runtime.GOARCH)
	}
	return nil
}

// foreign reports whether the base is for another processor than the host's.
func (r recipe) foreign() bool { return r.arch != runtime.GOARCH }

// twin is the same system for this host's processor, whatever its name.
func (r recipe) twin() recipe {
	all := recipes(runtime.GOARCH)
	return all[slices.IndexFunc(all, func(t recipe) bool { return t.suite == r.suite })]
}

// standIns are what is built where the recipe's own archive does not answer.
func (r recipe) standIns() []recipe {
	if r.origin != "Ubuntu" || r.standsIn != "" {
		return nil
	}
	d := debian12(r.arch, r.name, r.user)
	d.standsIn = r.title
	return []recipe{d}
}

func (r recipe) describe() string {
	if r.standsIn != "" {
		return r.title + " replaces " + r.standsIn
	}
	return r.title
}

// promise describes a base that is built: what is emulated takes its time, and
// says how much.
func (r recipe) promise(is info) string {
	if !r.foreign() {
		return is.Description
	}
	return fmt.Sprintf("%s, %s by emulation, built in %d s", is.Description, r.arch, is.Seconds)
}

// digest tells one state of the recipe from another.
func (r recipe) digest() string {
	b, err := json.Marshal([]any{r.title, r.suite, r.packages, files(r, source{}), masked(r)})
	if err != nil {
		panic(err) // strings marshal
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}
