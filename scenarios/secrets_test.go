package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// usesLicense brings the license to the machine, uses it, and takes it away.
const usesLicense = `
  provisioner "file" {
    source      = var.license_file
    destination = "/tmp/license"
  }

  provisioner "shell" {
    inline = [
      "sudo mkdir -p /etc/prometheus",
      "sha256sum </tmp/license | cut -d ' ' -f 1 | sudo tee /etc/prometheus/license.sha256 >/dev/null",
      "rm /tmp/license",
      "sleep 1", # for those who watch command lines
    ]
  }
`

// TestSecretsStayInside builds on a real machine with secrets, and looks for
// them wherever a build leaves something.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	takePlace(t)
	s := newSecretBuild(t, realBox(t), func(*secretBuild) string { return usesLicense })
	s.build(t)
	s.run.leftNothing(t)
	if got := s.findings(t); len(got) != 0 {
		t.Errorf("secrets show up: %s %s", got, s.lines.found())
	}
	if strings.Contains(s.run.out.String(), "PRIVATE KEY") {
		t.Error("the builder's private key shows up")
	}
	// It was there.
	layers := layersOf(t, s.box)
	if len(layers) != 1 {
		t.Fatalf("layers: %s", layers)
	}
	used, err := os.ReadFile(filepath.Join(layers[0], "etc/prometheus/license.sha256"))
	sum := sha256.Sum256([]byte(s.license))
	if err != nil || strings.TrimSpace(string(used)) != hex.EncodeToString(sum[:]) {
		t.Errorf("the machine got a license with the digest %q, %v", used, err)
	}
}

// TestPlantedLeaksOnAMachine builds with a template that gives the license
// away on the machine, and leaves a key there. The key is what Marketplace finds
// when it is offered what was built.
func TestPlantedLeaksOnAMachine(t *testing.T) {
	t.Parallel()
	takePlace(t)
	s := newSecretBuild(t, boxThatScans(t), func(*secretBuild) string {
		return usesLicense + leavesKey + `
  provisioner "shell" {
    inline          = ["sleep 10", "echo $1", "echo $1 | sudo tee /opt/license >/dev/null"]
    execute_command = "sh {{.Path}} '${file(var.license_file)}'"
  }
`
	}, "--until", "built")
	s.build(t)
	want := []string{"command line", "disk"}
	if got := s.findings(t); !slices.Equal(got, want) {
		t.Errorf("found in %q, want %q", got, want)
	}
	if !strings.Contains(s.run.out.String(), "amazon-ebs.image: [secret]") {
		t.Errorf("what the machine printed was not taken out:\n%s", s.run.out.String())
	}
	marketplaceRefuses(t, s)
}

// TestPlantedLeaks builds with templates that give a secret away: each place
// that is looked at must be found to hold it, and no other.
func TestPlantedLeaks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plant  func(s *secretBuild) string
		want   []string
		caught bool // what was printed was taken out
	}{
		"none": {plant: func(*secretBuild) string { return "" }},
		"on a command line": {
			plant: func(*secretBuild) string {
				return local(`execute_command = ["/bin/sh", "-c", "sleep 3 # ${file(var.license_file)}"]`, "true")
			},
			want: []string{"command line"},
		},
		"on a machine's command line": {
			plant: func(*secretBuild) string {
				return "\n  provisioner \"shell\" {\n    inline = [\"true\"]\n    execute_command = \"sh {{.Path}} '${file(var.license_file)}'\"\n  }\n"
			},
			// no such process here: see TestPlantedLeaksOnAMachine
		},
		"printed": {
			plant: func(*secretBuild) string { return local("", "cat '${var.license_file}'") }, caught: true,
		},
		"printed in base64": {
			plant: func(*secretBuild) string { return local("", "base64 '${var.license_file}'") }, caught: true,
		},
		"the package's token": {
			plant: func(s *secretBuild) string { return local("", "echo "+s.token) }, caught: true,
		},
		"the caller's keys": {
			plant: func(*secretBuild) string { return local("", "env") }, caught: true,
		},
		"in the manifest": {
			plant: func(s *secretBuild) string {
				return "\n  post-processor \"manifest\" {\n    output = \"" + s.manifest + "\"\n    custom_data = { license = file(var.license_file) }\n  }\n"
			},
			want: []string{"manifest"},
		},
		"on the disk": {
			plant: func(*secretBuild) string {
				return "\n  provisioner \"file\" {\n    source = var.license_file\n    destination = \"/opt/license\"\n  }\n"
			},
			want: []string{"disk"},
		},
		"in a temporary file": {
			plant: func(s *secretBuild) string { return local("", "cp '${var.license_file}' '"+s.run.tmp+"/left'") },
			want:  []string{"temporary files"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSecretBuild(t, startAt(t), c.plant, "--until", "built")
			s.build(t)
			if got := s.findings(t); !slices.Equal(got, c.want) {
				t.Errorf("found in %q, want %q; command lines: %q", got, c.want, s.lines.found())
			}
			if key := s.secretKey(t); strings.Contains(s.run.out.String(), key) {
				t.Errorf("the caller's key shows up in the output:\n%s", s.run.out.String())
			}
			if taken := strings.Contains(s.run.out.String(), "[secret]"); taken != c.caught {
				t.Errorf("taken out of the output: %v, want %v\n%s", taken, c.caught, s.run.out.String())
			}
		})
	}
}

// TestPlantedLeakInATag gives the license away in a tag of the AMI.
func TestPlantedLeakInATag(t *testing.T) {
	t.Parallel()
	s := newSecretBuild(t, startAt(t), func(*secretBuild) string { return "" }, "--until", "built")
	catalog := s.run.cmd.Args[slices.Index(s.run.cmd.Args, "--file")+1]
	replaceIn(t, filepath.Join(filepath.Dir(catalog), "packer", "image.pkr.hcl"), "= var.tags\n", "= merge(var.tags, {License = file(var.license_file)})\n")
	s.build(t)
	if got := s.findings(t); !slices.Contains(got, "journal") || slices.Contains(got, "output") {
		t.Errorf("found in %q, want the journal among them, and not the output", got)
	}
}

// secretKey is the caller's.
func (s *secretBuild) secretKey(t *testing.T) string {
	t.Helper()
	for _, entry := range s.run.cmd.Env {
		if key, ok := strings.CutPrefix(entry, "AWS_SECRET_ACCESS_KEY="); ok && key != "" {
			return key
		}
	}
	t.Fatal("the caller has no key")
	return ""
}

// local is a provisioner that runs a command where Packer runs.
func local(setting, command string) string {
	return "\n  provisioner \"shell-local\" {\n    inline = [\"" + command + "\"]\n    " + setting + "\n  }\n"
}
