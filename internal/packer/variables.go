package packer

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// writeVars writes the variables and the secret files, readable by this user
// only, and returns the path of the variables.
func (r Runner) writeVars(b Build, dir, manifest string) (string, error) {
	vars := maps.Clone(b.Vars)
	if vars == nil {
		vars = map[string]any{}
	}
	vars["manifest"] = manifest
	vars["custom_endpoint_ec2"] = r.endpoint()
	for name, content := range b.Files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return "", err
		}
		vars[name] = path
	}
	for name, old := range Renamed() {
		if value, ok := vars[name]; ok {
			vars[old] = value
		}
	}
	if err := keepDeclared(vars, b.Template, b.Required); err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(vars, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write packer's variables: %w", err)
	}
	path := filepath.Join(dir, "amiship.pkrvars.json")
	return path, os.WriteFile(path, text, 0o600)
}

// endpoint is where EC2 is, if it is not AWS. Packer 1.6.6 reads no environment
// variable for that.
func (r Runner) endpoint() string {
	env := r.Environment()
	return orElse(lookup(env, "AWS_ENDPOINT_URL_EC2"), lookup(env, "AWS_ENDPOINT_URL"))
}

var declaration = regexp.MustCompile(`(?m)^[ \t]*variable[ \t]+"?([A-Za-z0-9_-]+)"?[ \t]*\{`)

// keepDeclared drops the variables that a template doesn't declare: Packer
// would warn of each. Some it must declare.
func keepDeclared(vars map[string]any, template string, required []string) error {
	text, err := os.ReadFile(template)
	if err != nil {
		return fmt.Errorf("read the template: %w", err)
	}
	if !strings.HasSuffix(template, ".pkr.hcl") {
		return fmt.Errorf("template %s: its name must end in .pkr.hcl", template)
	}
	declared := map[string]bool{}
	for _, m := range declaration.FindAllSubmatch(text, -1) {
		declared[string(m[1])] = true
	}
	for _, name := range required {
		if !declared[name] {
			return fmt.Errorf("template %s: declares no variable %s; see the template that amiship init writes", template, name)
		}
	}
	maps.DeleteFunc(vars, func(name string, _ any) bool { return !declared[name] })
	return nil
}
