package source

import (
	"os"
	"path/filepath"
	"testing"

	"amiship/internal/release"
)

func TestInputs(t *testing.T) {
	write := func(dir, text string) release.Variant {
		for _, name := range []string{"image.pkr.hcl", "install.sh"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		v := release.Variant{Image: "ce", Arch: "amd64"}
		v.Build.Template, v.Build.Files = filepath.Join(dir, "image.pkr.hcl"), []string{filepath.Join(dir, "install.sh")}
		v.Build.DiskGiB, v.Build.Vars = 20, map[string]string{"a": "b"}
		return v
	}
	digest := func(v release.Variant, pkg, license string) string {
		d, err := Inputs(v, pkg, license)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	v := write(t.TempDir(), "one")
	first := digest(v, "aa", "")
	same := map[string]release.Variant{"another directory": write(t.TempDir(), "one"), "another name": v, "another machine": v}
	renamed := v
	renamed.Name, renamed.Public = "New", true
	same["another name"] = renamed
	moved := v
	moved.Build.InstanceType, moved.Build.Subnet = "m7i.large", "subnet-1"
	same["another machine"] = moved
	for name, v := range same {
		if digest(v, "aa", "") != first {
			t.Errorf("%s changes the inputs", name)
		}
	}
	// A digest that changes with Amiship's version makes every candidate stale.
	const were = "61b75201100d056e45000f873963e37ca07adc74952f457db99600e61135205d"
	if got := digest(v, "aa", "cc"); got != were {
		t.Errorf("the inputs of a release are %s, and were %s", got, were)
	}
	larger := v
	larger.Build.DiskGiB = 30
	for name, got := range map[string]string{
		"another package": digest(v, "bb", ""), "a license": digest(v, "aa", "cc"), "another disk": digest(larger, "aa", ""),
		"another script": digest(write(t.TempDir(), "two"), "aa", ""),
	} {
		if got == first {
			t.Errorf("%s does not change the inputs", name)
		}
	}
}
