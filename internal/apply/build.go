package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"amiship/internal/awsapi"
	"amiship/internal/packer"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
)

// builds runs Packer, under a claim of this run.
type builds struct {
	targets
	log     *slog.Logger
	logs    string
	tell    func(plan.ID, string, time.Duration)
	packer  packer.Runner
	claims  *heartbeats
	secrets secrets
}

// lending has builds ask the clients for the session that they use, where they use one that
// Packer can't get by itself.
func lending(r packer.Runner, clients *awsapi.Clients) packer.Runner {
	r.Session = func(ctx context.Context) (*packer.Session, error) {
		s, err := clients.Session(ctx)
		if err != nil || s == nil {
			return nil, err
		}
		return &packer.Session{KeyID: s.AccessKeyID, Secret: s.SecretAccessKey, Token: s.SessionToken, Ends: s.Expires}, nil
	}
	return r
}

// build lets Packer make the candidate, in the claim's group and with its key.
// It ends when the claim is lost.
func (b builds) build(ctx context.Context, act plan.Action) (Result, error) {
	v, err := b.variant(act.Target)
	if err != nil {
		return Result{}, err
	}
	claim, err := b.claims.claimed(act, b.desired.Owner(v).Name())
	if err != nil {
		return Result{}, err
	}
	build := packer.Build{
		Required: packer.Required(),
		Template: v.Build.Template, Vars: b.variables(act, v, claim.group),
		Files: map[string][]byte{"ssh_private_key_file": claim.key}, Secrets: b.secrets.of(ctx, v),
	}
	if !v.Build.License.IsZero() {
		license, err := b.secrets.fetch(ctx, v.Build.License)
		if err != nil {
			return Result{}, fmt.Errorf("license of %s: %w", act.Target.Variant(), err)
		}
		build.Files["license_file"] = license
	}
	log := b.packerLog(act, v)
	defer log.close()
	build.Log = log
	return claim.under(ctx, func(ctx context.Context) (Result, error) {
		res, err := b.inTurn(ctx, build, act, v.Build.LaunchTargets())
		if err != nil {
			return Result{}, fmt.Errorf("build %s: %w%s", act.Target.Variant(), err, log.where())
		}
		return Result{Made: res.AMI}, nil
	})
}

// inTurn runs Packer for the first of the targets for which AWS has capacity.
func (b builds) inTurn(ctx context.Context, build packer.Build, act plan.Action, targets []release.LaunchTarget) (res packer.Result, err error) {
	for _, t := range targets {
		build.Vars["instance_type"], build.Vars["subnet_id"] = t.InstanceType, t.Subnet
		var failed *packer.Error
		res, err = b.packer.Build(ctx, build)
		if !errors.As(err, &failed) || !failed.Says(awsapi.NoCapacity) && !failed.Says(awsapi.NotInZone+":") {
			return res, err
		}
		b.log.Warn("AWS has no capacity, or does not offer the type there", "variant", act.Target.Variant(), "type", t.InstanceType, "subnet", t.Subnet)
	}
	return res, fmt.Errorf("AWS launches nothing of what build.instance and build.subnet name: %w", err)
}

// claimed returns a claim of ours, with its group and the key of its instances.
func (h *heartbeats) claimed(act plan.Action, name string) (heldClaim, error) {
	claim, ok := h.held(name)
	if !ok {
		return heldClaim{}, fmt.Errorf("%s %s: the claim %s is not held: %w", act.Kind(), act.Target.Variant(), name, ErrChanged)
	}
	return claim, nil
}

// variables are what packer.Variables names; the catalog's own come first.
func (b builds) variables(act plan.Action, v release.Variant, group string) map[string]any {
	c := plan.As[plan.BuildCandidate](act)
	vars := map[string]any{}
	for k, val := range v.Build.Vars {
		vars[k] = val
	}
	pkg, _ := record.ReadTag(c.Tags[record.TagPackage])
	runTags := maps.Clone(c.Tags)
	runTags["Name"] = "amiship builds " + v.Name
	maps.Copy(vars, map[string]any{
		"region": act.Target.Region, "image": v.Image, "arch": v.Arch, "version": b.desired.Version.Text,
		"ami_name": c.Name, "ami_description": v.Description, "tags": map[string]string(c.Tags), "run_tags": map[string]string(runTags),
		"source_ami": c.Base, "root_device": c.Device,
		"disk_size": v.Build.DiskGiB, "disk_type": v.Build.DiskType,
		"security_group_id": group, "ssh_username": v.Build.SSHUser,
		"ssh_keypair_name": b.desired.Owner(v).Name(),
		"package_file":     c.Package, "package_sha256": pkg, "package_version": v.Build.Package.Version, "package_name": v.Build.Package.Apt,
	})
	return vars
}
