package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/release"
)

// listing renders a listing, if what backs it belongs to the release.
func (r *resolver) listing(name string) {
	l, field := r.catalog.Listings[name], join("listings", name)
	image, arch := r.catalog.backing(l)
	i := slices.IndexFunc(r.desired.Variants, func(v release.Variant) bool { return v.Image == image && v.Arch == arch })
	if i < 0 {
		return
	}
	set := placeholders(r.desired, r.captured, image, arch, r.catalog.Images[image].Edition)
	values, _ := r.values(image, set)
	out := release.Listing{
		Name: name, Product: l.Product, Image: image, Arch: arch,
		Role: l.Account.Role, Account: marketplace.RoleAccount(l.Account.Role), ExternalID: l.Account.ExternalID,
		Version: r.version(field, l, values),
		Only:    l.Only, Pending: l.Pending, Validate: l.Validate, Retries: l.Retries, Limit: l.Limit, AssessmentNotice: l.assessmentNotice(),
		Titles:   r.titles(field, l, image, set),
		Lines:    r.bundle.listingLines(field, l),
		Unmarked: r.marked(image, arch) == maxMarked,
	}
	out.OlderWithin, _ = time.ParseDuration(l.WaitForOlder) // checked
	for i, arg := range l.ReleaseNotes.Command {
		out.Notes = append(out.Notes, r.text(fmt.Sprintf("%s.release_notes.command[%d]", field, i), arg, values))
	}
	r.desired.Listings = append(r.desired.Listings, out)
	if v := &r.desired.Variants[i]; out.Account != "" {
		v.Sellers, _ = accounts(v.Sellers, []string{out.Account})
	}
}

func (l Listing) assessmentNotice() time.Duration {
	return time.Duration(l.AssessmentDays) * 24 * time.Hour
}

// version renders what Marketplace is told, and notes what it would refuse.
func (r *resolver) version(field string, l Listing, values map[string]string) marketplace.Version {
	text := func(name, template string) string { return r.text(join(field, name), template, values) }
	v := marketplace.Version{
		Title: text("title", l.Title), AccessRole: text("access_role_arn", l.AccessRole),
		User: text("user_name", l.User), ScanningPort: l.ScanningPort,
		OSName: text("operating_system.name", l.OS.Name), OSVersion: text("operating_system.version", l.OS.Version),
		InstanceType: text("recommended_instance_type", l.Instance),
		Endpoint:     marketplace.Endpoint{Protocol: l.Endpoint.Protocol, Port: l.Endpoint.Port, Path: text("access_endpoint.relative_path", l.Endpoint.Path)},
	}
	for i, g := range l.SecurityGroups {
		rule := marketplace.SecurityGroup{Protocol: g.Protocol, From: g.From, To: g.To}
		for j, cidr := range g.Ranges {
			rule.Ranges = append(rule.Ranges, text(fmt.Sprintf("%s.ip_ranges[%d]", groupField(i), j), cidr))
		}
		v.SecurityGroups = append(v.SecurityGroups, rule)
	}
	var notes, usage bool
	v.ReleaseNotes, notes = r.words(field+".release_notes", Words{l.ReleaseNotes.Text, l.ReleaseNotes.File}, values)
	v.Usage, usage = r.words(field+".usage_instructions", l.Usage, values)
	if notes {
		r.note(field+".release_notes", marketplace.CheckReleaseNotes(v.ReleaseNotes))
	}
	for _, fault := range v.Check() {
		if fault.Field != "usage_instructions" || usage {
			r.places.add(join(field, fault.Field), "%s", fault.Text)
		}
	}
	return v
}

// words renders a text, or reads it. ok is false if it is not known: it comes
// from elsewhere, or its file cannot be read, which is a problem unless the tag
// is only an example and the file is named for it.
func (r *resolver) words(field string, w Words, values map[string]string) (text string, ok bool) {
	if w.File == "" {
		return r.text(field, w.Text, values), w.Text != ""
	}
	field += ".file"
	path := r.text(field, w.File, values)
	b := Bundle{File: r.bundle.File, places: r.places}
	if !b.local(field, path) {
		return "", false
	}
	text, err := r.bundle.read(path)
	if err != nil && !(r.example && path != w.File && errors.Is(err, fs.ErrNotExist)) {
		r.places.add(field, "%s: %v", path, err)
	}
	return text, err == nil
}

// read reads a file of the bundle; a link cannot lead out of it.
func (b *Bundle) read(path string) (string, error) {
	root, err := os.OpenRoot(b.Dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	info, err := root.Stat(filepath.Clean(path))
	if err == nil && !info.Mode().IsRegular() {
		return "", errors.New("is no regular file")
	}
	var text []byte
	if err == nil {
		text, err = root.ReadFile(filepath.Clean(path))
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return string(text), err
}

// listingLines says where each field of a listing stands, or the listing, if the field
// is left out: "title" is "amiship.yaml:41".
func (b *Bundle) listingLines(field string, l Listing) map[string]string {
	out := b.lines(field, reflect.ValueOf(l))
	out["ami"] = out["image"]
	return out
}

// at says where a field is written, or the nearest one above it: "amiship.yaml:41".
func (b *Bundle) at(field string) string {
	at := b.places.place(field)
	return fmt.Sprintf("%s:%d", cmp.Or(at.file, b.name()), at.line)
}

// lines says where each field of a value is, or the value, if the field is left
// out.
func (b *Bundle) lines(field string, v reflect.Value) map[string]string {
	out := map[string]string{}
	for _, path := range paths(v, "") {
		out[path] = b.at(join(field, path))
	}
	return out
}

// paths lists the fields of a value, and of those in it: "security_groups[0].to_port".
func paths(v reflect.Value, path string) []string {
	var out []string
	switch {
	case path != "" && reflect.PointerTo(v.Type()).Implements(reflect.TypeFor[scalar]()):
	case v.Kind() == reflect.Struct:
		for name, f := range fieldsOf(v.Type()) {
			full := join(path, name)
			out = append(append(out, full), paths(v.FieldByIndex(f.Index), full)...)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			full := fmt.Sprintf("%s[%d]", path, i)
			out = append(append(out, full), paths(v.Index(i), full)...)
		}
	}
	return out
}

// Listings are those of the catalog without a tag: which products there are, and
// whose.
func (b *Bundle) Listings() []release.Listing {
	var out []release.Listing
	titles := b.titleForms()
	for _, name := range sortedKeys(b.Catalog.Listings) {
		l := b.Catalog.Listings[name]
		image, arch := b.Catalog.backing(l)
		out = append(out, release.Listing{
			Name: name, Product: l.Product, Image: image, Arch: arch, Limit: l.Limit, Titles: titles[name], AssessmentNotice: l.assessmentNotice(),
			Role: l.Account.Role, Account: marketplace.RoleAccount(l.Account.Role), ExternalID: l.Account.ExternalID,
		})
	}
	return out
}
