package reconcile

import (
	"cmp"
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/retention"
	"amiship/internal/world"
)

// Retire is what a retirement looks at, and by which policy.
type Retire struct {
	Project  string
	Regions  []string
	Listings []release.Listing // all of the project
	// Parameters of the project's releases. What a Latest one names is kept; the
	// others are deleted with the AMI that they name.
	Parameters []release.Parameter
	Policy     release.Retention
	// Limit is how many AMIs one run changes; 0: all that are due.
	Limit int
	// Spare is how many of the newest versions of each variant are kept in a region
	// besides, whatever the policy is.
	Spare int
	// Ended: the catalog no longer names the regions, and nothing is kept there by policy.
	Ended bool
	// Users: what uses the AMIs that nothing else keeps is read, even if no policy asks for it.
	Users bool
}

// Reconcile lists the steps that are due: one for each expired AMI.
// Nothing is due as long as a fact is missing that could still be read; a
// fact that can't be read keeps whatever it could protect.
func (t Retire) Reconcile(w world.World, r plan.Run) plan.Plan {
	f := t.facts(w, r)
	b := newBuilder(f)
	b.apply(t.needs(f))
	if len(b.look) > 0 {
		return b.finish()
	}
	b.apply(t.needsOfUse(f))
	if len(b.look) > 0 {
		return b.finish()
	}
	decisions := t.decisions(f)
	b.apply(t.needsOfRemovals(f, decisions))
	if len(b.look) > 0 {
		return b.finish()
	}
	b.apply(t.retire(f, decisions))
	return b.finish()
}

// retirement are the decisions about expired AMIs.
type retirement struct {
	subject
	Retire
	policy policyState
}

// retire returns the steps that are due.
func (t Retire) retire(f *facts, decisions []retention.Decision) findings {
	x := retirement{f.subject(), t, t.policyState(f, decisions)}
	x.recordPolicy()
	for _, region := range t.Regions {
		steps, found := leftSnapshots(f, region, retired)
		x.include(found)
		for _, s := range steps {
			x.add(s)
		}
	}
	if t.Ended {
		x.dangling()
	}
	x.unreported(decisions)
	due := dueOf(decisions, f.w.Now)
	if t.Limit != 0 && len(due) > t.Limit {
		x.note("%d of %d AMIs that are due: a retirement that no person confirms changes at most that many (retire.max_per_run)", t.Limit, len(due))
		due = due[:t.Limit]
	}
	for _, d := range due {
		x.retire(d)
	}
	return *x.findings
}

// dueOf are the decisions whose step is due, the oldest AMI first.
func dueOf(decisions []retention.Decision, now time.Time) []retention.Decision {
	due := slices.DeleteFunc(slices.Clone(decisions), func(d retention.Decision) bool { return d.Kept || d.Due.After(now) })
	slices.SortStableFunc(due, func(x, y retention.Decision) int {
		return cmp.Or(x.Created.Compare(y.Created), cmp.Compare(x.Tag, y.Tag))
	})
	return due
}

// retired: a retirement has disabled its AMI, and deregistered it next.
func retired(s world.Snapshot) bool {
	stage, _ := record.ReadTag(s.Tags[record.TagStage])
	return stage == record.StageDisabled
}

// retire adds the step of an AMI that is due. An AMI is removed once no parameter of
// the project names it.
func (x retirement) retire(d retention.Decision) {
	s := plan.Step{State: plan.Ready, Required: true, Why: d.Name + ": " + d.Why, Action: x.action(d)}
	if d.Next == plan.Remove {
		if !x.w.Regions[d.Region].Named.Known() {
			return // what names it could not be read: it stays
		}
		s.Why += "; " + recoverable(x.w.Regions[d.Region].Bin, d.Found)
		s = x.withParameters(d, s)
	}
	x.add(s)
}

// action is the next step of an AMI.
func (x retirement) action(d retention.Decision) plan.Action {
	act := onImage(release.Key{Image: d.Image, Arch: d.Arch, Place: release.Place{Region: d.Region}}, d.Found, x.change(d))
	act.Guard.Launched = plan.Launched(d.Found)
	return act
}

func (x retirement) change(d retention.Decision) plan.Change {
	image := imageOf(d.Found)
	image.Snapshots = d.Found.Snapshots
	if d.Next == plan.Remove {
		return plan.RemoveImage{Image: image}
	}
	tags := retention.Tags(d.Found, d.Next, x.w.Now)
	switch d.Next {
	case plan.Demote:
		return plan.DemoteImage{Image: image, Tags: tags}
	case plan.Disable:
		return plan.DisableImage{Image: image, Tags: tags}
	}
	at := d.DeprecatedFrom(x.w.Now, x.Policy.Grace)
	return plan.DeprecateImage{Image: image, At: at.UTC().Truncate(time.Second), Tags: tags}
}

// Decisions says of every AMI of the project's releases what becomes of it, by region,
// image and version.
func (t Retire) Decisions(w world.World) []retention.Decision {
	return t.decisions(t.facts(w, plan.NewRun("")))
}

// Offers says of every version that the project's listings offer whether it is kept.
func (t Retire) Offers(w world.World) []retention.Offer { return t.rules().Offers(w) }

func (t Retire) rules() retention.Rules {
	return retention.Rules{Policy: t.Policy, Listings: t.Listings, Parameters: t.Parameters, Spare: t.Spare, Ended: t.Ended}
}

func (t Retire) facts(w world.World, r plan.Run) *facts {
	return newFacts(release.Desired{Project: t.Project, Listings: t.Listings}, w, r).continuedBy("amiship retire")
}

// protectionFresh is for how long what protects AMIs need not be read again: others
// move parameters and offer versions meanwhile.
const protectionFresh = 5 * time.Minute

// needs are what the decisions rest on.
func (t Retire) needs(f *facts) (found findings) {
	for _, region := range t.Regions {
		has := f.w.Regions[region]
		need(&found, world.Query{Kind: world.LookImages, Region: region}, has.Images)
		need(&found, world.Query{Kind: world.LookSnapshots, Region: region}, has.Snapshots)
		if t.Ended {
			needFresh(&found, world.Query{Kind: world.LookNamed, Region: region}, has.Named, f.w.Now)
		}
		if len(t.Parameters) > 0 {
			needFresh(&found, world.Query{Kind: world.LookParams, Region: region}, has.Params, f.w.Now)
		}
	}
	for _, l := range t.Listings {
		q, has := world.Query{Kind: world.LookListing, Listing: l.Name}, f.w.Listings[l.Name]
		needFresh(&found, q, has.Entity, f.w.Now)
		needFresh(&found, q, has.Sets, f.w.Now)
	}
	return found
}

func needFresh[T any](x *findings, q world.Query, f world.Fact[T], now time.Time) {
	need(x, q, f)
	if f.Known() && now.Sub(f.At) > protectionFresh {
		x.refresh(q)
	}
}

func (t Retire) decisions(f *facts) []retention.Decision {
	var out []retention.Decision
	open := t.open(f)
	for _, region := range t.Regions {
		if !f.w.Regions[region].Images.Known() {
			continue
		}
		var images []world.Image
		for _, i := range f.here(region).project {
			images = append(images, *i)
		}
		out = append(out, t.rules().Judge(region, images, f.w, open)...)
	}
	slices.SortFunc(out, func(x, y retention.Decision) int {
		return cmp.Or(cmp.Compare(x.Region, y.Region), cmp.Compare(x.Image, y.Image), cmp.Compare(x.Arch, y.Arch),
			y.Created.Compare(x.Created), cmp.Compare(x.AMI, y.AMI))
	})
	return out
}

// open are the tags of releases that are under way.
func (t Retire) open(f *facts) map[string]bool {
	out := map[string]bool{}
	for _, region := range t.Regions {
		for _, i := range f.here(region).project {
			if i.Tag(record.TagStage) == record.StageCandidate {
				out[i.Tag(record.TagTag)] = true
			}
		}
	}
	return out
}
