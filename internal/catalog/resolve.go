package catalog

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"time"

	"amiship/internal/release"
)

// Resolve returns what a catalog requests at a tag. A tag that matches no
// pattern is a *TagError; names that AWS would refuse are *Problems.
//
// Placeholders in texts are {version} {major} {minor} {patch} {tag} {project}
// {image} {arch} {edition}, what the tag's pattern captures, and the vars.
func Resolve(b *Bundle, tag string) (release.Desired, error) {
	r, err := b.resolve(tag, false)
	if err != nil {
		return release.Desired{}, err
	}
	r.checkPrerelease()
	if err := problemsError(b.name(), r.places.problems); err != nil {
		return release.Desired{}, err
	}
	return r.desired, nil
}

// resolver renders one tag's release; its problems are its own, their places
// the bundle's.
type resolver struct {
	bundle   *Bundle
	catalog  *Catalog
	places   *decoder
	pattern  string // that took the tag
	captured map[string]string
	example  bool // of a tag: what is named for each tag need not be there
	desired  release.Desired
}

func (b *Bundle) resolve(tag string, example bool) (*resolver, error) {
	i, captured, err := b.match(tag)
	if err != nil {
		return nil, err
	}
	rule := b.Catalog.Tags[i]
	r := &resolver{bundle: b, catalog: b.Catalog, pattern: rule.Pattern, captured: captured, example: example, places: &decoder{places: b.places.places}}
	r.desired = release.Desired{Project: b.Catalog.Project, Tag: tag, Commit: b.Commit, Skip: rule.Skip, Targets: b.Targets()}
	r.desired.Policy = release.Policy{
		BuildAnyway: b.Catalog.OnBlocker != onBlockerHold, Horizon: b.Catalog.Quota.Horizon, Raise: b.Catalog.Quota.Raise,
		Retention: b.Retention(), Retire: b.Catalog.Retire.WithRelease,
	}
	r.desired.Policy.ImageWithin, _ = time.ParseDuration(b.Catalog.Copy.Within) // checked
	r.desired.Control = b.Control()
	r.desired.Forms = b.Forms()
	if text, ok := captured[versionName]; ok {
		if r.desired.Version, err = release.ParseVersion(text); err != nil {
			return nil, err
		}
	}
	r.desired.BuildNumber, _ = strconv.ParseUint(captured[buildName], 10, 64)
	if rule.Skip != "" {
		return r, nil
	}
	names := rule.Images
	if len(names) == 0 {
		names = sortedKeys(b.Catalog.Images)
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		for _, arch := range slices.Sorted(slices.Values(b.Catalog.Images[name].Arch)) {
			r.desired.Variants = append(r.desired.Variants, r.variant(name, arch))
		}
	}
	for _, name := range sortedKeys(b.Catalog.Listings) {
		r.listing(name)
	}
	r.checkNames()
	return r, nil
}

func (r *resolver) variant(name, arch string) release.Variant {
	image, field := r.catalog.Images[name], "images."+name
	values, vars := r.values(name, placeholders(r.desired, r.captured, name, arch, image.Edition))
	v := release.Variant{
		Image: name, Arch: arch, Public: image.Public, PublicSnapshot: image.Public && image.PublicSnapshot,
		Name:        r.text(nameField(field, image, arch), image.Name.For(arch), values),
		Description: r.text(field+".description", image.Description, values),
		Tags:        r.tags(field+".tags", image.Tags, arch, values),
		Build:       r.build(image, arch, values, vars),
	}
	v.Share, v.Organizations = accounts(r.catalog.Share, image.Share)
	for i, p := range image.Parameters {
		text := r.text(fmt.Sprintf("%s.parameters[%d].name", field, i), p.Name, values)
		v.Parameters = append(v.Parameters, release.Parameter{Name: text, Latest: p.Latest})
	}
	v.Checks = append(r.checks("checks", r.catalog.Checks, values), r.checks(field+".checks", image.Checks, values)...)
	v.TestWithin, _ = time.ParseDuration(r.catalog.Test.Within) // checked
	v.TestAllow = slices.Clone(r.catalog.Test.Allow)
	return v
}

// values are the values of all placeholders of an image's texts, the free
// ones included; vars are the free ones alone.
func (r *resolver) values(image string, set map[string]string) (values, vars map[string]string) {
	vars = map[string]string{}
	maps.Copy(vars, r.texts("vars", r.catalog.Vars, set))
	maps.Copy(vars, r.texts("images."+image+".vars", r.catalog.Images[image].Vars, set))
	values = maps.Clone(set)
	maps.Copy(values, vars)
	return values, vars
}

// tags renders the tags that an image has on an architecture.
func (r *resolver) tags(field string, tags map[string]PerArch, arch string, values map[string]string) map[string]string {
	out := map[string]string{}
	for _, key := range sortedKeys(tags) {
		if text := tags[key].For(arch); text != "" {
			out[key] = r.text(join(field, key), text, values)
		}
	}
	return out
}

// accounts are those of every image and the image's own, each once; so are organizations
// and their units, which are named by their ARNs.
func accounts(lists ...[]string) (ids, organizations []string) {
	for _, holder := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(lists...)))) {
		if organizationARN.MatchString(holder) {
			organizations = append(organizations, holder)
		} else {
			ids = append(ids, holder)
		}
	}
	return ids, organizations
}

// checks renders checks. Placeholders whose values are known only once an
// instance runs stay for the caller.
func (r *resolver) checks(field string, checks []Check, values map[string]string) []release.Check {
	values = maps.Clone(values)
	for _, later := range release.MachinePlaceholders() {
		values[later] = "{" + later + "}"
	}
	var out []release.Check
	for i, c := range checks {
		at := fmt.Sprintf("%s[%d]", field, i)
		out = append(out, release.Check{
			Port: c.Port, Path: r.text(at+".path", c.Path, values), Status: c.Status,
			HTTPS: c.HTTPS, Insecure: c.Insecure, Method: c.Method, TCP: c.TCP,
			Headers: r.texts(at+".headers", c.Headers, values), Body: r.text(at+".body", c.Body, values),
			Answers: r.texts(at+".answers", c.Answers, values),
			Run:     r.text(at+".run", c.Run, values), Exit: c.Exit,
			Contains: r.text(at+".contains", c.Contains, values), Differs: c.Differs, After: c.After,
		})
	}
	return out
}

func nameField(field string, image Image, arch string) string {
	if _, ok := image.Name[arch]; ok {
		return field + ".name." + arch
	}
	return field + ".name"
}

func (r *resolver) build(image Image, arch string, values, vars map[string]string) release.Build {
	c := r.catalog
	targets := c.Build.targets(arch)
	return release.Build{
		Region:       c.Build.Region,
		Template:     pathIn(r.bundle.Dir, c.Build.Template),
		Files:        slices.Clone(r.bundle.files),
		InstanceType: targets[0].InstanceType,
		Subnet:       targets[0].Subnet,
		Others:       targets[1:],
		AccessFrom:   slices.Clone(c.Build.AccessFrom),
		AddressURL:   c.Build.AddressURL,
		SSHUser:      c.Base.User,
		DiskGiB:      c.Build.Disk.Size,
		DiskType:     c.Build.Disk.Type,
		IMDSSupport:  c.Build.IMDS,
		Tokens:       r.bundle.tokens,
		Metadata:     r.bundle.metadata,
		Base:         release.Base{Owner: c.Base.Owner, Name: r.text("base.name", c.Base.Name, values), Arch: arch},
		Package:      r.pkg(arch, values),
		License:      secretIn(r.bundle.Dir, image.License),
		Vars:         vars,
		Lines:        r.bundle.lines("build", reflect.ValueOf(c.Build)),
	}
}

// targets are what instances of an architecture are launched as, and where: each type in
// each subnet.
func (b Build) targets(arch string) (out []release.LaunchTarget) {
	for _, t := range b.Instance[arch].orNone() {
		for _, subnet := range b.Subnet.orNone() {
			out = append(out, release.LaunchTarget{InstanceType: t, Subnet: subnet})
		}
	}
	return out
}

func (r *resolver) pkg(arch string, values map[string]string) release.Package {
	c := r.catalog.Package
	p := release.Package{
		File:    r.text("package.file", c.File, values),
		URL:     r.text("package.url", c.URL, values),
		Apt:     r.text("package.apt", c.Apt, values),
		Version: r.text("package.version", c.Version, values),
		Arch:    arch, SHA256: c.SHA256.Hex, MaxBytes: int64(c.MaxSize) << 30,
	}
	withURL := maps.Clone(values)
	withURL["url"] = p.URL
	p.SHA256URL = r.text("package.sha256.url", c.SHA256.URL, withURL)
	r.checkPackage(p)
	p.File = pathIn(r.bundle.Dir, p.File)
	for name, s := range c.Headers {
		if p.Headers == nil {
			p.Headers = map[string]release.Secret{}
		}
		p.Headers[name] = secretIn(r.bundle.Dir, s)
	}
	return p
}

func secretIn(dir string, s Secret) release.Secret {
	return release.Secret{Env: s.Env, File: pathIn(dir, s.File), Command: slices.Clone(s.Command)}
}

// pathIn makes a path of a catalog absolute; an empty one stays empty.
func pathIn(dir, local string) string {
	if local == "" {
		return ""
	}
	return filepath.Join(dir, local)
}

// text renders a template; what is wrong with it is a problem of its field.
func (r *resolver) text(field, template string, values map[string]string) string {
	out, err := expand(template, values)
	if err != nil {
		r.places.add(field, "%v", err)
	}
	return out
}

// texts renders templates; of none it makes nil.
func (r *resolver) texts(field string, templates, values map[string]string) map[string]string {
	if len(templates) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, key := range sortedKeys(templates) {
		out[key] = r.text(join(field, key), templates[key], values)
	}
	return out
}
