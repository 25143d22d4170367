package bases

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// download has this host's apt resolve and fetch the packages as an apt of the
// other architecture would. It returns their files, and of these the ones that
// scripts of any package may use before it is unpacked.
func (c cross) download(ctx context.Context) (all, first []string, err error) {
	conf, err := c.configureApt(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := c.apt(ctx, conf, "update"); err != nil {
		return nil, nil, err
	}
	required := []string{"?or(?essential,?priority(required))", "debconf"}
	if c.merges() {
		required = append(required, isMerged)
	}
	if first, err = c.fetch(ctx, conf, required); err == nil {
		all, err = c.fetch(ctx, conf, slices.Concat(required, c.recipe.packages, []string{dhcpClient}))
	}
	return all, first, err
}

func (c cross) apt(ctx context.Context, conf string, args ...string) error {
	args = append([]string{"APT_CONFIG=" + conf, "apt-get", "-qq", "--yes"}, args...)
	return runHolding(ctx, []*os.File{c.lock}, "env", args...)
}

// fetch returns what has been fetched when the packages have been.
func (c cross) fetch(ctx context.Context, conf string, packages []string) ([]string, error) {
	if err := c.apt(ctx, conf, append([]string{"--download-only", "install"}, packages...)...); err != nil {
		return nil, err
	}
	debs, err := filepath.Glob(filepath.Join(c.work, "archives/*.deb"))
	if err == nil && len(debs) == 0 {
		err = errors.New("apt-get fetched no package")
	}
	return debs, err
}

// isMerged is the package of Debian's that says that /usr is merged, as it is
// from the skeleton on. Without it comes one that merges, with all of perl.
const isMerged = "usr-is-merged"

func (c cross) merges() bool { return c.recipe.origin == "Debian" }

// configureApt writes a configuration that leaves the host's apt alone, and
// has from it only how archives are reached and which keys are believed.
func (c cross) configureApt(ctx context.Context) (file string, err error) {
	acquire, err := exec.CommandContext(ctx, "apt-config", "dump", "Acquire").Output()
	if err != nil {
		return "", fmt.Errorf("ask this host's apt how it reaches archives: %w", err)
	}
	var lists []string
	for _, line := range c.src.lines {
		lists = append(lists, signed(line, c.src.keyring))
	}
	conf := aptConfig(c.work, c.recipe.arch, string(acquire))
	if c.src.keyring != "" {
		conf += "Dir::Etc::trustedparts \"/dev/null\";\n"
	}
	for _, dir := range []string{"lists/partial", "archives/partial"} {
		if err := os.MkdirAll(filepath.Join(c.work, dir), 0o755); err != nil {
			return "", err
		}
	}
	return filepath.Join(c.work, "apt.conf"), writeFiles(c.work, map[string]string{
		"apt.conf": conf, "sources.list": strings.Join(lists, "\n") + "\n", "status": "",
	})
}

func aptConfig(work, arch, acquire string) string {
	var b strings.Builder
	for line := range strings.Lines(acquire) {
		if !strings.HasPrefix(line, "Acquire::IndexTargets") { // what else the host wants to know of archives
			b.WriteString(line)
		}
	}
	for _, o := range [][2]string{
		{"APT::Architecture", arch},
		{"APT::Architectures", arch},
		{"APT::Install-Recommends", "false"},
		{"APT::Sandbox::User", "root"},
		{"Acquire::Languages", "none"},
		{"Dir::State", work},
		{"Dir::State::status", work + "/status"},
		{"Dir::State::lists", work + "/lists"},
		{"Dir::Cache", work},
		{"Dir::Cache::archives", work + "/archives"},
		{"Dir::Cache::pkgcache", ""},
		{"Dir::Cache::srcpkgcache", ""},
		{"Dir::Etc::sourcelist", work + "/sources.list"},
		{"Dir::Etc::sourceparts", "/dev/null"},
		{"Dir::Etc::main", "/dev/null"},
		{"Dir::Etc::parts", "/dev/null"},
		{"Dir::Etc::preferences", "/dev/null"},
		{"Dir::Etc::preferencesparts", "/dev/null"},
	} {
		fmt.Fprintf(&b, "%s %q;\n", o[0], o[1])
	}
	return b.String()
}
