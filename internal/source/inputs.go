package source

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"amiship/internal/record"
	"amiship/internal/release"
)

// Inputs digests what a variant is declared to be built from, as hex SHA-256:
// the package and the license by their digests; template and files by their
// content and where they lie beside each other; the base's owner and name
// pattern; the disk; the free values.
//
// Not in it: what a build merely happens to use (the base that was found, the
// machine's type, subnet, region, login), and what the copies are given later
// (name, description, tags, shares). Changing those changes no image.
func Inputs(v release.Variant, packageSHA256, licenseSHA256 string) (string, error) {
	b := v.Build
	files := map[string]string{}
	for _, path := range append([]string{b.Template}, b.Files...) {
		name, err := filepath.Rel(filepath.Dir(b.Template), path)
		if err != nil {
			return "", fmt.Errorf("digest %s: %w", path, err)
		}
		digest, err := hashFile(path)
		if err != nil {
			return "", fmt.Errorf("digest what is built from: %w", err)
		}
		files[filepath.ToSlash(name)] = digest
	}
	text, err := json.Marshal(struct {
		Schema      int
		Image, Arch string
		Package     string
		License     string `json:"Licence"` // as first spelled: another name would change every digest
		Files       map[string]string
		Base        release.Base
		DiskGiB     int
		DiskType    string
		Vars        map[string]string
	}{record.Schema, v.Image, v.Arch, packageSHA256, licenseSHA256, files, b.Base, b.DiskGiB, b.DiskType, b.Vars})
	if err != nil {
		return "", err
	}
	return Digest(text), nil
}
