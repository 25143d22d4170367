package packer

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// real returns a Build of a template for the Packer of this machine.
func real(t *testing.T, template string) Build {
	t.Helper()
	if _, err := exec.LookPath("packer"); err != nil {
		t.Fatal("this test runs packer: make setup installs it")
	}
	path := filepath.Join(t.TempDir(), "image.pkr.hcl")
	if err := os.WriteFile(path, []byte(template), 0o600); err != nil {
		t.Fatal(err)
	}
	return Build{Template: path}
}

const nullSource = `
source "null" "x" {
  communicator = "none"
}
build {
  sources = ["source.null.x"]
`

func TestRealPackerReadsOurVariables(t *testing.T) {
	b := real(t, `
variable "tags" {
  type = map(string)
}
variable "disk_size" {
  type = number
}
`+nullSource+`
  provisioner "shell-local" {
    inline = ["echo got '${var.tags["Name"]}' ${var.disk_size} ${path.root}"]
  }
}
`)
	var log bytes.Buffer
	b.Log = &log
	b.Vars = map[string]any{"tags": map[string]string{"Name": `a "${b}", %{c}`}, "disk_size": 10, "undeclared": "x"}
	_, err := Runner{}.Build(t.Context(), b)
	if err == nil || !strings.Contains(err.Error(), `made "Null", not one AMI`) {
		t.Errorf("got %v, want to be told that the null builder makes no AMI", err)
	}
	if !strings.Contains(log.String(), `got a "${b}", %{c} 10 `) || strings.Contains(log.String(), "undeclared") {
		t.Errorf("log: %s", &log)
	}
}

// TestRealPackerInADeepPlace has a temporary directory too deep for sockets.
func TestRealPackerInADeepPlace(t *testing.T) {
	b := real(t, nullSource+`
  provisioner "shell-local" {
    inline = ["echo works"]
  }
}
`)
	deep := filepath.Join(t.TempDir(), strings.Repeat("deep/", 12))
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", deep)
	var log bytes.Buffer
	b.Log = &log
	if _, err := (Runner{}).Build(t.Context(), b); err == nil || !strings.Contains(log.String(), "works") {
		t.Errorf("%v\n%s", err, &log)
	}
}

func TestRealPackerFails(t *testing.T) {
	for name, c := range map[string]struct{ template, want string }{
		"in a provisioner": {
			nullSource + `
  provisioner "shell-local" {
    inline = ["echo last words", "exit 3"]
  }
}
`, "non-zero exit status: 3.Allowed exit codes are: [0]\n  | last words",
		},
		"to read the template": {"source \"null\" {}\nbuild {\n", "Argument or block definition required"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Runner{}.Build(t.Context(), real(t, c.template))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	real(t, "")
	got, err := Runner{}.Version(t.Context())
	if err != nil || !strings.HasPrefix(got, "1.") {
		t.Errorf("got %q, %v", got, err)
	}
}
