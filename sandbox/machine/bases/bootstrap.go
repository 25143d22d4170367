package bases

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// bootstrap installs the recipe's packages below root, which must not exist.
// The lock is held until the installation has ended, whatever becomes of us.
func bootstrap(ctx context.Context, lock *os.File, root string, r recipe, src source) error {
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		return errors.New("mmdebstrap is missing: apt-get install mmdebstrap")
	}
	args := []string{
		"--variant=minbase", "--mode=root", "--format=directory",
		"--architectures=" + r.arch, "--include=" + strings.Join(r.packages, ","),
		"--aptopt=APT::Install-Recommends false", "--aptopt=Acquire::Languages none",
		"--dpkgopt=force-unsafe-io",
		r.suite, root,
	}
	for _, line := range src.lines {
		args = append(args, signed(line, src.keyring))
	}
	if err := runHolding(ctx, []*os.File{lock}, "mmdebstrap", args...); err != nil {
		return err
	}
	return keepKeys(root, src)
}

// signed adds the keyring that vouches for the source.
func signed(line, keyring string) string {
	if keyring == "" {
		return line
	}
	return strings.Replace(line, "deb ", "deb [signed-by="+keyring+"] ", 1)
}

// keepKeys lets the machine's own apt believe the mirror too, where that signs
// with a key that no distribution ships.
func keepKeys(root string, src source) error {
	if src.keyring == "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(root, "usr/share/keyrings", filepath.Base(src.keyring))); err == nil {
		return nil
	}
	keys, err := os.ReadFile(src.keyring)
	if err != nil {
		return fmt.Errorf("keep the mirror's keys: %w", err)
	}
	name := "mirror" + filepath.Ext(src.keyring)
	return os.WriteFile(filepath.Join(root, "etc/apt/trusted.gpg.d", name), keys, 0o644)
}
