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

// usesLicence brings the licence to the machine, uses it, and takes it away.
const usesLicence = `
  provisioner "file" {
    source      = var.licence_file
    destination = "/tmp/licence"
  }

  provisioner "shell" {
    inline = [
      "sudo mkdir -p /etc/prometheus",
      "sha256sum </tmp/licence | cut -d ' ' -f 1 | sudo tee /etc/prometheus/licence.sha256 >/dev/null",
      "rm /tmp/licence",
      "sleep 1", # for those who watch command lines
    ]
  }
`

// TestSecretsStayInside builds on a real machine with secrets, and looks for
// them wherever a build leaves something.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	takePlace(t)
	s := newSecretBuild(t, realBox(t), func(*secretBuild) string { return usesLicence })
	s.build(t)
	s.run.leftNothing(t)
	if got := s.findings(t); len(got) != 0 {
		t.Errorf("secrets show up: %s %s", got, s.lines.found())
	}
	if strings.Contains(s.run.out.String(), "PRIVATE KEY") || s.privateKeyIn(t, s.packerLog) {
		t.Error("the builder's private key shows up")
	}
	// It was there.
	layers := layersOf(t, s.box)
	if len(layers) != 1 {
		t.Fatalf("layers: %s", layers)
	}
	used, err := os.ReadFile(filepath.Join(layers[0], "etc/prometheus/licence.sha256"))
	sum := sha256.Sum256([]byte(s.licence))
	if err != nil || strings.TrimSpace(string(used)) != hex.EncodeToString(sum[:]) {
		t.Errorf("the machine got a licence with the digest %q, %v", used, err)
	}
}

func (s *secretBuild) privateKeyIn(t *testing.T, file string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), "PRIVATE KEY-----")
}

// TestPlantedLeaksOnAMachine builds with a template that gives the licence
// away on the machine, and leaves a key there. The key is what Marketplace finds
// when it is offered what was built.
func TestPlantedLeaksOnAMachine(t *testing.T) {
	t.Parallel()
	takePlace(t)
	s := newSecretBuild(t, boxThatScans(t), func(*secretBuild) string {
		return usesLicence + leavesKey + `
  provisioner "shell" {
    inline          = ["sleep 2", "echo $1", "echo $1 | sudo tee /opt/licence >/dev/null"]
    execute_command = "sh {{.Path}} '${file(var.licence_file)}'"
  }
`
	}, "--until", "built")
	s.build(t)
	want := []string{"Packer's log", "command line", "disk"}
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
	for name, c := range map[string]struct {
		plant  func(s *secretBuild) string
		want   []string
		caught bool // what was printed was taken out
	}{
		"none": {plant: func(*secretBuild) string { return "" }},
		"on a command line": {
			plant: func(*secretBuild) string {
				return local(`execute_command = ["/bin/sh", "-c", "sleep 3 # ${file(var.licence_file)}"]`, "true")
			},
			want: []string{"Packer's log", "command line"},
		},
		"on a machine's command line": {
			plant: func(*secretBuild) string {
				return "\n  provisioner \"shell\" {\n    inline = [\"true\"]\n    execute_command = \"sh {{.Path}} '${file(var.licence_file)}'\"\n  }\n"
			},
			want: []string{"Packer's log"}, // no such process here: see TestPlantedLeaksOnAMachine
		},
		"printed": {
			plant: func(*secretBuild) string { return local("", "cat '${var.licence_file}'") },
			want:  []string{"Packer's log"}, caught: true,
		},
		"printed where nobody expects it": {
			plant: func(s *secretBuild) string { return local("", "echo "+s.token) },
			want:  []string{"Packer's log", "output"},
		},
		"in the manifest": {
			plant: func(s *secretBuild) string {
				return "\n  post-processor \"manifest\" {\n    output = \"" + s.manifest + "\"\n    custom_data = { licence = file(var.licence_file) }\n  }\n"
			},
			want: []string{"manifest"},
		},
		"on the disk": {
			plant: func(*secretBuild) string {
				return "\n  provisioner \"file\" {\n    source = var.licence_file\n    destination = \"/opt/licence\"\n  }\n"
			},
			want: []string{"disk"},
		},
		"in a temporary file": {
			plant: func(s *secretBuild) string { return local("", "cp '${var.licence_file}' '"+s.run.tmp+"/left'") },
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
			if taken := strings.Contains(s.run.out.String(), "[secret]"); taken != c.caught {
				t.Errorf("taken out of the output: %v, want %v\n%s", taken, c.caught, s.run.out.String())
			}
		})
	}
}

// TestPackersLogInTheOutput has Packer's own log go where its output goes: what
// a template prints is taken out of it, too.
func TestPackersLogInTheOutput(t *testing.T) {
	t.Parallel()
	s := newSecretBuild(t, startAt(t), func(*secretBuild) string { return local("", "cat '${var.licence_file}'") }, "--until", "built")
	s.run.cmd.Env = append(s.run.cmd.Env, "PACKER_LOG_PATH=")
	s.build(t)
	out := s.run.out.String()
	if !strings.Contains(out, "[INFO] Packer version") || !strings.Contains(out, "[secret]") {
		t.Errorf("this is not Packer's log with something taken out:\n%s", out)
	}
	if s.in([]byte(out)) || strings.Contains(out, "PRIVATE KEY-----") {
		t.Errorf("a secret shows up in Packer's log:\n%s", out)
	}
}

// TestPlantedLeakInATag gives the licence away in a tag of the AMI.
func TestPlantedLeakInATag(t *testing.T) {
	t.Parallel()
	s := newSecretBuild(t, startAt(t), func(*secretBuild) string { return "" }, "--until", "built")
	catalog := s.run.cmd.Args[slices.Index(s.run.cmd.Args, "--file")+1]
	replaceIn(t, filepath.Join(filepath.Dir(catalog), "packer", "image.pkr.hcl"), "= var.tags\n", "= merge(var.tags, {Licence = file(var.licence_file)})\n")
	s.build(t)
	if got := s.findings(t); !slices.Contains(got, "journal") || slices.Contains(got, "output") {
		t.Errorf("found in %q, want the journal among them, and not the output", got)
	}
}

// local is a provisioner that runs a command where Packer runs.
func local(setting, command string) string {
	return "\n  provisioner \"shell-local\" {\n    inline = [\"" + command + "\"]\n    " + setting + "\n  }\n"
}
