// Package retention says what a retention policy keeps of AMIs and of versions of listings,
// and which step of retirement comes next for the others, and when. It is pure.
//
// A policy alone retires nothing: what a parameter or a listing names is kept, and so is
// whatever a fact that could not be read may protect.
package retention

import (
	"fmt"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Rules are by what AMIs and versions are kept.
type Rules struct {
	Policy   release.Retention
	Listings []release.Listing // whose AMIs are kept: all of the project
	// Parameters of the project's releases: what a Latest one names is kept.
	Parameters []release.Parameter
	// Spare is how many of the newest versions of each variant are kept in a region
	// besides, whatever the policy is.
	Spare int
	// Ended: the catalog no longer names the regions. No policy keeps an AMI there, and no
	// parameter: it is deleted with the AMI.
	Ended bool
}

// Decision is what becomes of an AMI.
type Decision struct {
	Region, AMI, Name   string
	Image, Arch         string
	Tag, Version, Stage string
	Public              bool
	Created             time.Time
	LastLaunched        time.Time `json:",omitzero"`
	Retired             time.Time `json:",omitzero"` // when it was found to be expired
	Kept                bool
	Why                 string
	// Next is the step that comes next, when it is Due. Of what is kept: none.
	Next plan.Kind `json:",omitempty"`
	Due  time.Time `json:",omitzero"`
	// Use is who uses the AMI. It is asked about what nothing else keeps.
	Use Use `json:",omitzero"`

	Found world.Image `json:"-"` // the AMI, as it was read
}

// Judge decides on the project's AMIs in a region, in their order: on releases, in whatever
// stage. Candidates and what failed are a sweep's. open are the tags of releases under way.
func (r Rules) Judge(region string, images []world.Image, w world.World, open map[string]bool) []Decision {
	var ours []world.Image
	for _, i := range images {
		stage := i.Tag(record.TagStage)
		if stage != "" && stage != record.StageCandidate && (i.State == world.Available || i.State == world.Disabled) {
			ours = append(ours, i)
		}
	}
	j := newJudge(r, region, ours, w, open)
	var out []Decision
	for _, i := range ours {
		out = append(out, j.decide(i))
	}
	return out
}

// judge is what is known of a region that keeps AMIs there.
type judge struct {
	Rules
	region    string
	now       time.Time
	open      map[string]bool    // tags of releases that are under way
	protected map[string]string  // why an AMI is kept that something names
	all       string             // why all of them are kept
	versions  map[group]versions // that customers can get
	refers    world.Fact[world.References]
	usage     world.Fact[world.Usage]
}

// group is of what versions are counted: public AMIs and others are counted apart.
type group struct {
	variant string
	public  bool
}

func groupOf(i world.Image) group {
	return group{i.Tag(record.TagImage) + "/" + i.Tag(record.TagArch), isPublic(i)}
}

// isPublic: for everybody, now or once: one that is private for the moment is
// judged as a public one, and counts for none.
func isPublic(i world.Image) bool { return i.Public || i.Tag(record.TagPublic) != "" }

func newJudge(r Rules, region string, images []world.Image, w world.World, open map[string]bool) *judge {
	j := &judge{
		Rules: r, region: region, now: w.Now, open: open, protected: map[string]string{}, versions: map[group]versions{},
		refers: w.Regions[region].References, usage: w.Regions[region].Usage,
	}
	if len(r.Parameters) > 0 {
		j.parameters(w.Regions[region].Params)
	}
	if region == marketplace.Region {
		for _, l := range r.Listings {
			j.listing(l, w.Listings[l.Name])
		}
	}
	available := map[group][]release.Version{}
	for _, i := range images {
		v, err := release.ParseVersion(i.Tag(record.TagVersion))
		if err == nil && i.State == world.Available && record.Released(i.Tag(record.TagStage)) && isPublic(i) == i.Public {
			available[groupOf(i)] = append(available[groupOf(i)], v)
		}
	}
	for g, all := range available {
		j.versions[g] = newVersions(all)
	}
	return j
}

func (j *judge) parameters(f world.Fact[map[string]string]) {
	if !f.Known() {
		j.all = "the parameters of " + j.region + " could not be read"
	}
	for _, p := range j.Parameters {
		if ami := f.Val[p.Name]; p.Latest && ami != "" && !j.Ended {
			j.protected[ami] = "the parameter " + p.Name + " points at it"
		}
	}
}

// listing: what a version offers, Marketplace needs; what a change set under way
// offers, it may need in an hour.
func (j *judge) listing(l release.Listing, f world.Listing) {
	if !f.Entity.Known() || !f.Sets.Known() {
		j.all = "the listing " + l.Name + " could not be read"
		return
	}
	for _, set := range f.Sets.Val {
		if set.Pending() {
			j.all = fmt.Sprintf("change set %s of the listing %s is %s", set.ID, l.Name, strings.ToLower(set.Status))
		}
	}
	for _, v := range f.Entity.Val.Versions {
		if v.Offered() {
			j.protected[v.AMI] = fmt.Sprintf("the listing %s offers it as %q", l.Name, v.Title)
		}
	}
}

// decide judges an AMI.
func (j *judge) decide(i world.Image) Decision {
	d := Decision{
		Region: j.region, AMI: i.ID, Name: i.Name, Image: i.Tag(record.TagImage), Arch: i.Tag(record.TagArch),
		Tag: i.Tag(record.TagTag), Version: i.Tag(record.TagVersion), Stage: i.Tag(record.TagStage),
		Public: i.Public, Created: i.Created, LastLaunched: i.LastLaunched, Found: i,
	}
	d.Retired, _ = time.Parse(time.RFC3339, i.Tag(record.TagRetired)) // none: not yet; see untouchable
	if d.Why = j.untouchable(i); d.Why != "" {
		d.Kept = true
		return d
	}
	d.Kept, d.Why = j.policy(i)
	if !d.Kept && j.spared(i) {
		d.Kept, d.Why = true, fmt.Sprintf("one of the newest %s, which an unattended run does not retire", counted(j.Spare, "version"))
	}
	if !d.Kept {
		d.next(j.now, j.Policy.Grace)
		d.protect()
	}
	if !d.Kept {
		d.Use = j.use(i.ID)
		d.keepIf(j.inUse(&d.Use))
	}
	return d
}

// spared reports whether an AMI is of the newest versions.
func (j *judge) spared(i world.Image) bool {
	v, err := release.ParseVersion(i.Tag(record.TagVersion))
	return err == nil && j.Spare > 0 && j.versions[groupOf(i)].countNewer(v) < j.Spare
}

// protect keeps an AMI that is protected against deregistration: a retirement that
// cannot be completed revokes nothing. During the cooldown only the last step waits.
func (d *Decision) protect() {
	switch p := d.Found.Protection; {
	case p == "", p == world.CoolingDown && d.Next != plan.Remove:
		return
	case p == world.CoolingDown:
		d.Why = "its deregistration protection was disabled less than 24 hours ago"
	default:
		d.Why = "protected against deregistration; to retire it: " + d.Found.Unprotect(d.Region)
	}
	d.keepIf(d.Why)
}

// keepIf keeps an AMI after all, if there is a reason.
func (d *Decision) keepIf(why string) {
	if why != "" {
		d.Kept, d.Why, d.Next, d.Due = true, why, "", time.Time{}
	}
}

// untouchable says why an AMI stays whatever the policy is.
func (j *judge) untouchable(i world.Image) string {
	stage := i.Tag(record.TagStage)
	switch {
	case i.Schema() > record.Schema:
		return "made by a newer Amiship"
	case i.Unreadable(j.region) != "":
		return i.Unreadable(j.region)
	case impossible(i):
		return "its tag " + record.TagRetired + " is of a time before it was made, of another AMI perhaps: " + i.Retag(j.region, record.TagRetired)
	case stage == record.StageWithdrawn:
		return "withdrawn: it stays as the record of that"
	case i.State == world.Disabled && stage != record.StageDisabled:
		return "disabled by another user"
	case j.all != "":
		return j.all
	case j.protected[i.ID] != "":
		return j.protected[i.ID]
	case j.open[i.Tag(record.TagTag)]:
		return "its release is under way"
	case i.Created.IsZero():
		return "its age is not known"
	}
	return ""
}

// impossible: the tag that its grace periods run from came along with a copy.
func impossible(i world.Image) bool {
	retired, err := time.Parse(time.RFC3339, i.Tag(record.TagRetired))
	return err == nil && retired.Before(i.Created)
}

// policy asks the catalog.
func (j *judge) policy(i world.Image) (kept bool, why string) {
	keep, kind := j.Policy.Private, "private"
	if isPublic(i) {
		keep, kind = j.Policy.Public, "public"
	}
	v, err := release.ParseVersion(i.Tag(record.TagVersion))
	switch {
	case err != nil:
		return true, err.Error()
	case j.Ended && !j.launchedLately(i):
		return false, "the catalog no longer names " + j.region
	case keep == nil && !j.Ended:
		return true, "the catalog keeps all " + kind + " AMIs: see keep." + kind
	case j.launchedLately(i):
		return true, i.LaunchedAgo(j.now)
	}
	return j.versions[groupOf(i)].keeps(*keep, v, j.now.Sub(i.Created))
}

// launchedLately reports whether an AMI was launched so lately that the policy keeps it.
func (j *judge) launchedLately(i world.Image) bool {
	return j.Policy.Launched > 0 && j.now.Sub(i.LastLaunched) < j.Policy.Launched
}
