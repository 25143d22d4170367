package catalog

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"amiship/internal/packer"
	"amiship/internal/release"
)

// check records everything that is wrong with a catalog beyond its syntax, as
// far as it can be checked without a tag; an example of every pattern is used
// for tags.
func (b *Bundle) check() {
	d, c := b.places, b.Catalog
	if c.Version != 1 {
		d.add("version", "is %d; this Amiship reads version 1", c.Version)
		return
	}
	b.checkWords()
	b.checkRegions()
	b.checkSources()
	b.checkShare("share", b.Catalog.Share)
	b.checkImages()
	b.checkTest()
	b.checkListings()
	b.checkKeep()
	b.checkFreeze()
	b.checkRehearsal()
	before := len(d.problems)
	b.checkRules()
	if len(d.problems) == before {
		b.checkExamples()
	}
	if len(d.problems) == before {
		b.checkDistinct()
	}
}

var (
	projectName     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,30}$`)
	regionName      = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)
	accountID       = regexp.MustCompile(`^[0-9]{12}$`)
	organizationARN = regexp.MustCompile(`^arn:aws[a-z-]*:organizations::[0-9]{12}:(organization/o-[a-z0-9]{10,32}|ou/o-[a-z0-9]{10,32}/ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})$`)
	instanceType    = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z0-9-]+$`)
	subnetID        = regexp.MustCompile(`^subnet-[0-9a-f]+$`)
	headerName      = regexp.MustCompile(`^[A-Za-z0-9-]+$`)
	envName         = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// form notes a problem if a text that is given has not the form it should have.
func (b *Bundle) form(field, text string, re *regexp.Regexp, want string) {
	if text != "" && !re.MatchString(text) {
		b.places.add(field, "%q is no %s", text, want)
	}
}

// each checks the form of each.
func (c Choices) each(b *Bundle, field string, re *regexp.Regexp, want string) {
	for i, text := range c {
		at := field
		if len(c) > 1 {
			at = fmt.Sprintf("%s[%d]", field, i)
		}
		b.form(at, text, re, want)
	}
}

func (b *Bundle) checkWords() {
	c := b.Catalog
	if !projectName.MatchString(c.Project) {
		b.places.add("project", "%q: 1 to 31 small letters, digits and -, as in my-product", c.Project)
	}
	if c.Base.Owner != "amazon" {
		b.form("base.owner", c.Base.Owner, accountID, "account id of 12 digits")
	}
	for _, field := range [][2]string{{"base.owner", c.Base.Owner}, {"base.name", c.Base.Name}, {"base.user", c.Base.User}, {"build.template", c.Build.Template}} {
		if field[1] == "" {
			b.places.add(field[0], "is empty")
		}
	}
	c.Build.Subnet.each(b, "build.subnet", subnetID, "id of a subnet")
	b.checkAccess()
	for _, arch := range sortedKeys(c.Build.Instance) {
		c.Build.Instance[arch].each(b, "build.instance."+arch, instanceType, "instance type")
	}
	if c.Build.Disk.Size < 1 || c.Build.Disk.Size > 16384 {
		b.places.add("build.disk.size", "%d GiB; EBS has 1 to 16384", c.Build.Disk.Size)
	}
	types := []string{"gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"}
	if !slices.Contains(types, c.Build.Disk.Type) {
		b.places.add("build.disk.type", "%q; EBS has %s", c.Build.Disk.Type, oneOf(types))
	}
	if c.Build.IMDS != "" && c.Build.IMDS != "v2.0" {
		b.places.add("build.imds_support", "%q; EC2 has v2.0", c.Build.IMDS)
	}
	if words := []string{onBlockerHold, onBlockerBuild}; !slices.Contains(words, c.OnBlocker) {
		b.places.add("on_blocker", "%q; there is %s", c.OnBlocker, oneOf(words))
	}
	if c.Quota.Horizon < 1 || c.Quota.Horizon > 1000 {
		b.places.add("quota.horizon", "%d releases; 1 to 1000", c.Quota.Horizon)
	}
	b.checkVars("vars", c.Vars)
}

// checkVars keeps free values from hiding what Amiship sets itself.
func (b *Bundle) checkVars(field string, vars map[string]string) {
	for _, name := range sortedKeys(vars) {
		switch {
		case !placeholderName.MatchString(name):
			b.places.add(join(field, name), "a name has small letters, digits and _, as in my_value")
		case setByAmiship(name):
			b.places.add(join(field, name), "Amiship sets {%s} itself; choose another name", name)
		}
	}
}

// setByAmiship reports whether a placeholder, or a variable of the template, has a value
// that no catalog gives.
func setByAmiship(name string) bool {
	return slices.Contains(packer.Variables(), name) || slices.Contains(slices.Collect(maps.Values(packer.Renamed())), name) ||
		slices.Contains(derived(), name) || name == "edition"
}

func (b *Bundle) checkSources() {
	p := b.Catalog.Package
	if n := given(p.File, p.URL, p.Apt); n != 1 {
		b.places.add("package", "names %d of file, url and apt; name one", n)
	}
	b.form("package.sha256", p.SHA256.Hex, regexp.MustCompile(`^[0-9a-f]{64}$`), "SHA-256: 64 digits of 0-9a-f")
	if p.URL != "" && p.SHA256.Hex == "" && p.SHA256.URL == "" {
		b.places.add("package", `sha256 is missing: the digest, or {url: "{url}.sha256"} if it lies beside the package`)
	}
	if p.MaxSize < 0 || p.MaxSize > 16384 {
		b.places.add("package.max_size", "%d GiB; no disk of EBS has more than 16384", p.MaxSize)
	}
	if p.URL == "" && p.MaxSize != 0 {
		b.places.add("package.max_size", "goes with url only")
	}
	for _, name := range sortedKeys(p.Headers) {
		field := "package.headers." + name
		b.form(field, name, headerName, "name of an HTTP header")
		b.checkSecret(field, p.Headers[name])
	}
	if p.URL == "" && len(p.Headers) > 0 {
		b.places.add("package.headers", "go with url only")
	}
}

// given counts the texts that are not empty.
func given(texts ...string) (n int) {
	for _, text := range texts {
		if text != "" {
			n++
		}
	}
	return n
}

func (b *Bundle) checkSecret(field string, s Secret) {
	if n := given(s.Env, s.File, strings.Join(s.Command, " ")); n != 1 {
		b.places.add(field, "names %d of env, file and command; name one", n)
	}
	b.form(field+".env", s.Env, envName, "name of an environment variable")
	b.local(field+".file", s.File)
}

func (b *Bundle) checkImages() {
	if len(b.Catalog.Images) == 0 {
		b.places.add("images", "is empty: nothing would be shipped")
	}
	for _, name := range sortedKeys(b.Catalog.Images) {
		image, field := b.Catalog.Images[name], "images."+name
		b.form(field, name, projectName, "name of an image: small letters, digits and -")
		b.checkShare(field+".share", image.Share)
		if image.PublicSnapshot && !image.Public {
			b.places.note(field+".public_snapshot", "has no effect: the AMI is private, and so are its snapshots")
		}
		for i, arch := range image.Arch {
			if slices.Index(image.Arch, arch) < i {
				b.places.add(fmt.Sprintf("%s.arch[%d]", field, i), "%s is listed twice", arch)
			}
			if image.Name.For(arch) == "" {
				b.places.add(field+".name", "says nothing for %s", arch)
			}
		}
		if b.places.written(field + ".license") {
			b.checkSecret(field+".license", image.License)
		}
		b.checkChecks(field+".checks", image.Checks)
		b.checkVars(field+".vars", image.Vars)
	}
}

func (b *Bundle) checkShare(field string, with []string) {
	home := release.Partition(b.Catalog.Build.Region)
	for i, holder := range with {
		if !organizationARN.MatchString(holder) {
			b.form(item(field, i), holder, accountID, "account id of 12 digits, nor the ARN of an organization or an organizational unit")
		} else if of := strings.Split(holder, ":")[1]; of != home {
			b.places.add(item(field, i), "an organization of the partition %s has no accounts in %s", of, home)
		}
	}
}
