package apply

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strings"

	"amiship/internal/packer"
	"amiship/internal/plan"
	"amiship/internal/release"
)

// build lets Packer make the candidate, in the claim's group and with its key.
// It ends when the claim is taken away.
func (a *Applier) build(ctx context.Context, act plan.Action) (Result, error) {
	v, err := a.variant(act.Target)
	if err != nil {
		return Result{}, err
	}
	group, key, err := a.claimed(act, a.Desired.ClaimName(v))
	if err != nil {
		return Result{}, err
	}
	b := packer.Build{
		Template: v.Build.Template, Vars: a.variables(act, v, group), Log: a.packerLog(act),
		Files: map[string][]byte{"ssh_private_key_file": key},
	}
	if !v.Build.Licence.IsZero() {
		licence, err := a.Secret(ctx, v.Build.Licence)
		if err != nil {
			return Result{}, fmt.Errorf("licence of %s: %w", act.Target.Variant(), err)
		}
		b.Files["licence_file"] = licence
	}
	ctx, end := a.hearts.watch(ctx, a.Desired.ClaimName(v))
	defer end()
	res, err := a.Packer.Build(ctx, b)
	if err != nil {
		return Result{}, fmt.Errorf("build %s: %w", act.Target.Variant(), err)
	}
	return Result{Made: res.AMI}, nil
}

// claimed returns the group of a claim of ours, and the key that opens its
// machines.
func (a *Applier) claimed(act plan.Action, name string) (group string, key []byte, err error) {
	group, key, ok := a.hearts.group(name)
	if !ok {
		return "", nil, fmt.Errorf("%s %s: the claim %s is not held: %w", act.Kind, act.Target.Variant(), name, ErrChanged)
	}
	return group, key, nil
}

// variables are what release.TemplateVariables names; the catalog's own come first.
func (a *Applier) variables(act plan.Action, v release.Variant, group string) map[string]any {
	vars := map[string]any{}
	for k, val := range v.Build.Vars {
		vars[k] = val
	}
	pkg, _ := release.ReadTag(act.Tags[release.TagPackage])
	runTags := maps.Clone(act.Tags)
	runTags["Name"] = "amiship builds " + v.Name
	maps.Copy(vars, map[string]any{
		"region": act.Target.Region, "image": v.Image, "arch": v.Arch, "version": a.Desired.Version.Text,
		"ami_name": act.Name, "ami_description": v.Description, "tags": act.Tags, "run_tags": runTags,
		"source_ami": act.From.AMI, "root_device": act.Device, "instance_type": v.Build.InstanceType,
		"disk_size": v.Build.DiskGiB, "disk_type": v.Build.DiskType, "subnet_id": v.Build.Subnet,
		"security_group_id": group, "ssh_username": v.Build.SSHUser,
		"ssh_keypair_name": a.Desired.ClaimName(v),
		"package_file":     act.Value, "package_sha256": pkg, "package_version": v.Build.Package.Version, "package_name": v.Build.Package.Apt,
	})
	return vars
}

// packerLog passes Packer's lines on to the log.
func (a *Applier) packerLog(act plan.Action) io.Writer {
	return lineWriter(func(line string) { a.Log.Info(line, "packer", act.Target.Variant()) })
}

// lineWriter takes whole lines, as packer.Build writes them.
type lineWriter func(string)

func (w lineWriter) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		w(strings.TrimRight(line, "\n"))
	}
	return len(p), nil
}
