package gitlab_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amiship/internal/catalog"
)

// TestTemplate: Packer takes it for an image with a license and for one without,
// with the variables that Amiship and the catalog set.
func TestTemplate(t *testing.T) {
	for _, v := range resolve(t, catalog.File, "17.5.0+ee.0").Variants {
		t.Run(v.Image+"/"+v.Arch, func(t *testing.T) {
			dir := t.TempDir()
			vars := map[string]any{
				"region": v.Build.Region, "ami_name": "candidate", "ami_description": v.Description, "source_ami": "ami-0123456789abcdef0",
				"root_device": "/dev/sda1", "instance_type": v.Build.InstanceType, "disk_size": v.Build.DiskGiB, "disk_type": v.Build.DiskType,
				"security_group_id": "sg-0", "ssh_username": v.Build.SSHUser, "ssh_keypair_name": "k", "ssh_private_key_file": filepath.Join(dir, "key"),
				"tags": v.Tags, "run_tags": v.Tags, "package_file": filepath.Join(dir, "p.deb"), "package_sha256": strings.Repeat("0", 64),
				"package_version": v.Build.Package.Version, "arch": v.Arch, "manifest": filepath.Join(dir, "manifest.json"),
			}
			template := read(t, "packer/image.pkr.hcl")
			for name, value := range v.Build.Vars {
				if strings.Contains(template, `variable "`+name+`" {`) {
					vars[name] = value
				}
			}
			write(t, filepath.Join(dir, "p.deb"), "x")
			write(t, filepath.Join(dir, "license"), "x")
			if out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "key")).CombinedOutput(); err != nil {
				t.Fatalf("ssh-keygen: %v\n%s", err, out)
			}
			if !v.Build.License.IsZero() {
				vars["license_file"] = filepath.Join(dir, "license")
			}
			text, err := json.Marshal(vars)
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "vars.pkrvars.json"), string(text))
			out, err := exec.CommandContext(t.Context(), "packer", "validate", "-var-file="+filepath.Join(dir, "vars.pkrvars.json"), "packer/image.pkr.hcl").CombinedOutput()
			if err != nil || strings.Contains(string(out), "Warning") {
				t.Errorf("packer validate: %v\n%s", err, out)
			}
		})
	}
}

// TestTemplateIsTheOther: what this template and that of examples/prometheus do
// alike they also say alike, so that who reads both sees what differs.
func TestTemplateIsTheOther(t *testing.T) {
	ours, theirs := blocks(read(t, "packer/image.pkr.hcl")), blocks(read(t, "../prometheus/packer/image.pkr.hcl"))
	for name, text := range theirs {
		if strings.HasPrefix(name, "variable") && ours[name] != text {
			t.Errorf("%s differs:\n%s\n%s", name, ours[name], text)
		}
	}
	if read(t, "packer/plugins.pkr.hcl") != read(t, "../prometheus/packer/plugins.pkr.hcl") {
		t.Error("plugins.pkr.hcl differs")
	}
}

// blocks splits a template by its blocks' first lines.
func blocks(text string) map[string]string {
	out := map[string]string{}
	for block := range strings.SplitSeq(text, "\n}\n") {
		block = strings.TrimSpace(block)
		lines := strings.Split(block, "\n")
		for i, line := range lines {
			if strings.HasSuffix(line, "{") || strings.Contains(line, "{ #") {
				out[line] = strings.Join(lines[i:], "\n")
				break
			}
		}
	}
	return out
}
