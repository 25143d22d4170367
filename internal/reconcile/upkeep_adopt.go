package reconcile

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Adoption is what was made before Amiship, and looks like the project's.
type Adoption struct {
	Project string
	Regions []string
	Forms   []release.Form
}

// Reconcile lists own AMIs that carry none of Amiship's tags and have the names or
// the tags of the catalog's images: one step for each, which tags it as a release.
// What looks like several of them, or like one that is there, is a note.
func (a Adoption) Reconcile(w world.World, r plan.Run) plan.Plan {
	f := newFacts(release.Desired{Project: a.Project}, w, r).continuedBy("amiship adopt")
	x := adoptions{f.subject(), readForms(a.Forms)}
	for _, region := range a.Regions {
		need(x.findings, world.Query{Kind: world.LookImages, Region: region}, w.Regions[region].Images)
		x.adopt(region)
	}
	b := newBuilder(f)
	b.apply(*x.findings)
	return b.finish()
}

// adoptions are the decisions about AMIs that look like the project's.
type adoptions struct {
	subject
	forms []formOf
}

func (x adoptions) adopt(region string) {
	images := slices.Clone(x.here(region).all)
	slices.SortFunc(images, func(x, y world.Image) int { return cmp.Or(x.Created.Compare(y.Created), cmp.Compare(x.ID, y.ID)) })
	taken := map[string]string{}
	for _, i := range images {
		if i.Tag(record.TagProject) == x.d.Project && i.State != world.Failed {
			taken[i.Tag(record.TagTag)+" "+i.Tag(record.TagImage)+"/"+i.Tag(record.TagArch)] = i.ID
		}
	}
	for _, i := range images {
		found := likenesses(x.forms, i)
		switch {
		case len(found) == 0:
		case len(found) > 1:
			x.note("%s (%s) in %s could be %s: left as it is", i.ID, i.Name, region, strings.Join(names(found), " or "))
		case taken[found[0].name()] != "":
			x.note("%s (%s) in %s looks like %s, which %s is: left as it is", i.ID, i.Name, region, found[0].name(), taken[found[0].name()])
		default:
			taken[found[0].name()] = i.ID
			x.add(x.adoption(region, i, found[0]))
		}
	}
}

func (x adoptions) adoption(region string, i world.Image, l likeness) plan.Step {
	d := release.Desired{Project: x.d.Project, Tag: l.tag}
	d.Version = l.version
	tags := d.OwnTags(release.Variant{Image: l.Image, Arch: l.Arch, Public: i.Public}, record.StageRelease)
	image := imageOf(i)
	image.Snapshots = i.Snapshots
	act := onImage(release.Key{Image: l.Image, Arch: l.Arch, Place: release.Place{Region: region}}, i, plan.AdoptImage{Image: image, Tags: tags})
	why := i.Name + ": as " + l.tag
	if i.Public {
		why += ", public"
	}
	return plan.Step{State: plan.Ready, Required: true, Why: why, Action: act}
}

// formOf is a form, ready to be compared with.
type formOf struct {
	release.Form
	title *regexp.Regexp // nil: names say nothing
	tags  map[string]*regexp.Regexp
}

func readForms(forms []release.Form) []formOf {
	var out []formOf
	for _, f := range forms {
		read := formOf{Form: f, tags: map[string]*regexp.Regexp{}}
		if f.Name != "" {
			read.title = regexp.MustCompile(f.Name)
		}
		for key, text := range f.Tags {
			read.tags[key] = regexp.MustCompile(text)
		}
		out = append(out, read)
	}
	return out
}

// likeness is what an AMI looks like.
type likeness struct {
	release.Form
	version release.Version
	tag     string
}

func (l likeness) name() string { return l.tag + " " + l.Image + "/" + l.Arch }

func names(all []likeness) []string {
	var out []string
	for _, l := range all {
		out = append(out, l.name())
	}
	return out
}

// likenesses are the variants that an AMI without Amiship's tags could be of: those
// whose name it has; if there are none, those whose tags. Of two versions that name
// and tags tell it could be either.
func likenesses(forms []formOf, i world.Image) []likeness {
	if i.State != world.Available || i.Schema() > 0 || strings.HasPrefix(i.Name, "amiship-") {
		return nil
	}
	var byName, byTags []likeness
	for _, f := range forms {
		if f.Arch != i.Arch {
			continue
		}
		tagged, complete, fits := f.byTags(i)
		if f.title != nil && fits {
			if m := f.title.FindStringSubmatch(i.Name); m != nil {
				byName = f.alike(byName, m[1])
				if tagged != "" && tagged != m[1] {
					byName = f.alike(byName, tagged)
				}
			}
		}
		if tagged != "" && complete && fits {
			byTags = f.alike(byTags, tagged)
		}
	}
	if len(byName) > 0 {
		return byName
	}
	return byTags
}

// alike adds a likeness of a version, if it is one.
func (f formOf) alike(all []likeness, text string) []likeness {
	v, err := release.ParseVersion(text)
	if err != nil {
		return all
	}
	return append(all, likeness{f.Form, v, strings.Replace(f.Tag, "{version}", text, 1)})
}

// byTags reads the version that an image's tags tell, and whether it has all tags
// of the form. A tag that contradicts the form, or another, does not fit.
func (f formOf) byTags(i world.Image) (version string, complete, fits bool) {
	complete = true
	for _, key := range slices.Sorted(maps.Keys(f.tags)) {
		value, there := i.Tags[key]
		if !there {
			complete = false
			continue
		}
		m := f.tags[key].FindStringSubmatch(value)
		if m == nil || len(m) > 1 && version != "" && m[1] != version {
			return "", false, false
		}
		if len(m) > 1 {
			version = m[1]
		}
	}
	return version, complete, true
}

// adoptable counts the public AMIs in a region that could be adopted.
func adoptable(f *facts, region string) int {
	forms, n := readForms(f.d.Forms), 0
	for _, i := range f.here(region).all {
		if i.Public && len(likenesses(forms, i)) == 1 {
			n++
		}
	}
	return n
}
