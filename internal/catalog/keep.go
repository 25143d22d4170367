package catalog

import (
	"cmp"
	"regexp"
	"strconv"
	"time"

	"amiship/internal/release"
)

// Keep says what is kept of older releases.
type Keep struct {
	Public       Kept `yaml:"public" help:"Of public AMIs. All by default."`
	Private      Kept `yaml:"private" help:"Of the others. All by default."`
	Versions     Kept `yaml:"versions" help:"Of the versions of listings. All by default."`
	Launched     int  `yaml:"launched_days" help:"Also keep AMIs that were launched within this many days; 30 by default."`
	Referenced   bool `yaml:"referenced" help:"Also keep AMIs that instances, launch templates, Image Builder recipes or SSM parameters of the account refer to. Of other accounts used_by_others says it. Costs a call for each ten AMIs of a region that nothing else keeps, and needs ec2:DescribeImageReferences."`
	UsedByOthers bool `yaml:"used_by_others" help:"Also keep AMIs that other accounts use, as instances or in launch templates, by a usage report of the last 7 days. Without one the AMI is kept: amiship retire --usage has AWS make them. Needs ec2:DescribeImageUsageReports and ec2:DescribeImageUsageReportEntries."`
}

// Kept counts what is kept. The newest AMI of each image, what a parameter with
// latest points at and what a listing offers are kept besides.
type Kept struct {
	Patches int `yaml:"patches" required:"true" help:"How many of the newest patches of a minor version."`
	Minors  int `yaml:"minors" required:"true" help:"Of how many of the newest minor versions."`
	Days    int `yaml:"days" help:"Also everything younger than this many days."`
}

// Retire has the grace periods, each from the day on which an AMI was found to be
// expired.
type Retire struct {
	Deprecate   string `yaml:"deprecate" help:"It no longer appears in searches: the deprecation date that customers see. 0d by default."`
	Demote      string `yaml:"demote" help:"It becomes private. 30d by default."`
	Disable     string `yaml:"disable" help:"It can no longer be launched, not even by its owner. 60d by default."`
	Deregister  string `yaml:"deregister" help:"It is deregistered, with its snapshots. 90d by default."`
	MaxPerRun   int    `yaml:"max_per_run" help:"The most AMIs that a retirement without a person's confirmation changes, in all regions together. As many as one release has by default."`
	WithRelease bool   `yaml:"with_release" help:"A completed release runs the steps that are due, without asking; else amiship retire does."`
}

func (r *Retire) setDefaults() {
	r.Deprecate = cmp.Or(r.Deprecate, "0d")
	r.Demote = cmp.Or(r.Demote, "30d")
	r.Disable = cmp.Or(r.Disable, "60d")
	r.Deregister = cmp.Or(r.Deregister, "90d")
}

// defaultLaunched is how many days a launch keeps an AMI.
const defaultLaunched = 30

// day is how catalogs count: AWS shows launches a day late.
const day = 24 * time.Hour

var daysForm = regexp.MustCompile(`^([0-9]{1,4})d$`)

// days reads a number of days: "30d".
func days(text string) (time.Duration, bool) {
	m := daysForm.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return time.Duration(n) * day, err == nil
}

func (b *Bundle) checkKeep() {
	k := b.Catalog.Keep
	b.checkKept("keep.public", k.Public)
	b.checkKept("keep.private", k.Private)
	b.checkKept("keep.versions", k.Versions)
	if k.Launched < 0 {
		b.places.add("keep.launched_days", "%d is less than none", k.Launched)
	}
	if n := b.Catalog.Retire.MaxPerRun; n < 1 && b.places.written("retire.max_per_run") {
		b.places.add("retire.max_per_run", "%d; at least 1", n)
	}
	before, name := time.Duration(0), ""
	for _, step := range b.Catalog.Retire.steps() {
		after, ok := days(step[1])
		switch {
		case !ok:
			b.places.add(join("retire", step[0]), "%q is no number of days, as 30d is", step[1])
		case after < before:
			b.places.add(join("retire", step[0]), "%s comes before %s", step[1], name)
		default:
			before, name = after, step[0]
		}
	}
}

func (b *Bundle) checkKept(field string, k Kept) {
	switch {
	case !b.places.written(field):
	case k.Patches < 1:
		b.places.add(field+".patches", "%d; at least 1 is kept", k.Patches)
	case k.Minors < 1:
		b.places.add(field+".minors", "%d; at least 1 is kept", k.Minors)
	case k.Days < 0:
		b.places.add(field+".days", "%d is less than none", k.Days)
	}
}

// steps are the names of the steps with their periods, in their order.
func (r Retire) steps() [][2]string {
	return [][2]string{{"deprecate", r.Deprecate}, {"demote", r.Demote}, {"disable", r.Disable}, {"deregister", r.Deregister}}
}

// Retention is what a catalog keeps; nil if it does not say.
func (b *Bundle) Retention() *release.Retention {
	c := b.Catalog
	if !b.places.written("keep") {
		return nil
	}
	out := &release.Retention{
		Public: b.kept("public", c.Keep.Public), Private: b.kept("private", c.Keep.Private), Versions: b.kept("versions", c.Keep.Versions),
		Launched: time.Duration(c.Keep.Launched) * day, Referenced: c.Keep.Referenced, UsedByOthers: c.Keep.UsedByOthers,
		MaxPerRun: cmp.Or(c.Retire.MaxPerRun, b.MostAMIs()),
	}
	if !b.places.written("keep.launched_days") {
		out.Launched = defaultLaunched * day
	}
	periods := []*time.Duration{&out.Grace.Deprecate, &out.Grace.Demote, &out.Grace.Disable, &out.Grace.Deregister}
	for i, step := range c.Retire.steps() {
		*periods[i], _ = days(step[1]) // checked
	}
	return out
}

func (b *Bundle) kept(name string, k Kept) *release.Keep {
	if !b.places.written(join("keep", name)) {
		return nil
	}
	return &release.Keep{Patches: k.Patches, Minors: k.Minors, Age: time.Duration(k.Days) * day}
}
