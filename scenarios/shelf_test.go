package scenarios

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shelf is the bundle testdata/shelf in a directory of its own, with the
// example's template. Its machines are instant and run nothing, so what
// Marketplace's scan looks at is uploaded.
func shelf(t *testing.T) (file, world string) {
	t.Helper()
	file = copyBundle(t, t.TempDir())
	dir := filepath.Dir(file)
	text := readFile(t, filepath.Join("testdata", "shelf", "amiship.yaml"))
	deb := filepath.Join(dir, "prometheus.deb")
	makeDebFor(t, deb, "2.42.0", "all")
	writeFile(t, file, strings.Replace(text, "DIGEST", sha256Of(t, deb), 1))
	plantDisk(t, filepath.Join(dir, "disks", "clean"), nil)
	plantDisk(t, filepath.Join(dir, "disks", "sloppy"), map[string]string{
		"root/.ssh/authorized_keys": "ssh-ed25519 AAAA me\n", "etc/ssh/ssh_host_rsa_key": "everybody's\n",
		"etc/shadow": "root:$6$salt$hash:19000:0:99999:7:::\nubuntu:!:19000:0:99999:7:::\n",
	})
	template := filepath.Join(dir, "packer", "image.pkr.hcl")
	replaceIn(t, template, "variable \"region\" {", "variable \"disk\" {\n  type = string\n}\n\nvariable \"region\" {")
	replaceIn(t, template, "  provisioner \"shell\" {", "  provisioner \"file\" {\n    source      = \"${path.root}/../disks/${var.disk}/\"\n    destination = \"/\"\n  }\n\n  provisioner \"shell\" {")
	return file, filepath.Join("testdata", "shelf", "world.yaml")
}

// one leaves the shelf its first listing, and the image that this is of.
func one(t *testing.T, file string) {
	t.Helper()
	cutAt(t, file, "\n  # Words that")
	replaceIn(t, file, `{pattern: "v{version}"}`, `{pattern: "v{version}", images: [plain]}`)
	replaceIn(t, file, "arch: [amd64, arm64]", "arch: [amd64]")
}

// worldWith is the shelf's world with another text in a place.
func worldWith(t *testing.T, world, old, with string) string {
	t.Helper()
	path := worldFile(t, readFile(t, world))
	replaceIn(t, path, old, with)
	return path
}

// plantDisk makes a disk that the scan finds nothing at, and what comes on top.
func plantDisk(t *testing.T, dir string, extra map[string]string) {
	t.Helper()
	files := map[string]string{
		"etc/passwd":          "root:x:0:0:root:/root:/bin/bash\nubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n",
		"etc/shadow":          "root:*:19000:0:99999:7:::\nubuntu:!:19000:0:99999:7:::\n",
		"etc/ssh/sshd_config": "PasswordAuthentication no\nKbdInteractiveAuthentication no\n",
		"usr/sbin/sshd":       "#!/bin/sh\n",
		"bin/bash":            "#!/bin/sh\n",
	}
	for name, text := range extra {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, text)
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// lineOf is where a field of a listing stands, "amiship.yaml:41": in the listing
// itself, or in the one that it takes the rest from, which is the first. A
// field that stands in neither has the listing's line.
func lineOf(t *testing.T, file, listing, field string) string {
	t.Helper()
	return fmt.Sprintf("amiship.yaml:%d", lineNumber(t, file, listing, field))
}

var listingLine = regexp.MustCompile(`^  ([a-z-]+):( &good)?$`)

func lineNumber(t *testing.T, file, listing, field string) int {
	t.Helper()
	field, _, _ = strings.Cut(field, ".")
	current, found := "", map[string]int{}
	for i, line := range strings.Split(readFile(t, file), "\n") {
		if m := listingLine.FindStringSubmatch(line); m != nil {
			current = m[1]
			found[current+"/"] = i + 1
		}
		if strings.HasPrefix(line, "    "+field+": ") {
			found[current+"/"+field] = i + 1
		}
	}
	n := cmp.Or(found[listing+"/"+field], found["good/"+field], found[listing+"/"])
	if n == 0 {
		t.Fatalf("%s: no %s in listing %s", file, field, listing)
	}
	return n
}

// fix puts another line in place of the one with the same field.
func fix(t *testing.T, file, listing, line string) {
	t.Helper()
	field, _, _ := strings.Cut(line, ":")
	lines := strings.Split(readFile(t, file), "\n")
	lines[lineNumber(t, file, listing, field)-1] = "    " + line
	writeFile(t, file, strings.Join(lines, "\n"))
}

// blocked is what a run says of a blocker: everything up to the next thing.
func blocked(out, id string) string {
	_, rest, found := strings.Cut(out, "  BLOCKED  "+id+"\n")
	if !found {
		return ""
	}
	if end := regexp.MustCompile(`(?m)^  \S|^\S`).FindStringIndex(rest); end != nil {
		rest = rest[:end[0]]
	}
	return rest
}

// offer is what `amiship listings --json` says of a product, as far as these
// tests ask.
type offer struct {
	Name     string
	Versions []struct {
		Title, AMI string
		Options    []struct{ Visibility string }
	}
	ChangeSets []struct{ ID, Name, Status string } `json:"change_sets"`
}

func offers(t *testing.T, env []string, file string) map[string]offer {
	t.Helper()
	code, out := amiship(t, env, "listings", "--json", "--file", file)
	var all struct{ Listings []offer }
	if err := json.Unmarshal([]byte(out), &all); code != 0 || err != nil {
		t.Fatalf("listings: exit %d, %v\n%s", code, err, out)
	}
	byName := map[string]offer{}
	for _, o := range all.Listings {
		byName[o.Name] = o
	}
	return byName
}

// published counts the public versions of a title.
func (o offer) published(title string) int {
	n := 0
	for _, v := range o.Versions {
		if v.Title == title && len(v.Options) == 1 && v.Options[0].Visibility == "Public" {
			n++
		}
	}
	return n
}
