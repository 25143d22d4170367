package reconcile

import (
	"cmp"
	"slices"
	"time"

	"amiship/internal/record"
	"amiship/internal/world"
)

// begunRelease is a release that AWS has AMIs of.
type begunRelease struct {
	born time.Time // when the first of them was made
	// wants are its public variants, if it is under way: those of which there are
	// candidates that have not failed their test.
	wants map[string]bool
}

// releasesBegun looks through the images of all regions.
func (x regions) releasesBegun() map[string]begunRelease {
	out := map[string]begunRelease{}
	for region := range x.w.Regions {
		for _, i := range slices.Concat(x.here(region).project, x.claimed(region)) {
			tag := i.Tag(record.TagTag)
			r := out[tag]
			if r.born.IsZero() || i.Created.Before(r.born) {
				r.born = i.Created
			}
			if x.wantsQuota(*i) {
				if r.wants == nil {
					r.wants = map[string]bool{}
				}
				r.wants[variantOf(i)] = true
			}
			out[tag] = r
		}
	}
	return out
}

// claimed are the candidates of a region that have no tags yet, with those of the claims of the
// runs that made them: a run that was killed in between continues, and reserves as before.
func (x regions) claimed(region string) (out []*world.Image) {
	for _, c := range x.w.Regions[region].Claims.Val {
		for _, i := range x.here(region).all {
			if record.IsCandidateOf(c.Name, i.Name) && i.Tag(record.TagProject) == "" && c.Tag(record.TagProject) == x.d.Project {
				i.Tags = c.Tags
				out = append(out, &i)
			}
		}
	}
	return out
}

// wantsQuota reports whether an AMI is the candidate of one that another release will
// make public.
func (x regions) wantsQuota(i world.Image) bool {
	verdict, tested := record.ReadVerdict(i.Tag(record.TagTested))
	return i.Tag(record.TagStage) == record.StageCandidate && i.Tag(record.TagPublic) != "" && i.Tag(record.TagTag) != x.d.Tag &&
		i.Tag(record.TagProject) == x.d.Project && i.State != world.Failed && (!tested || verdict.OK)
}

// earlier reports whether another release was begun before this one.
func (x regions) earlier(tag string) bool {
	theirs, ours := x.begun[tag].born, x.begun[x.d.Tag].born
	switch {
	case theirs.IsZero():
		return false
	case ours.IsZero():
		return true
	}
	return cmp.Or(theirs.Compare(ours), cmp.Compare(tag, x.d.Tag)) < 0
}

// reserved is how many AMIs of releases that were begun before this one are still
// to become public in a region: the oldest comes first, and in every region.
func (x regions) reserved(region string) int {
	n := 0
	for tag, r := range x.begun {
		if !x.earlier(tag) {
			continue
		}
		for variant := range r.wants {
			if !x.isPublic(region, tag, variant) {
				n++
			}
		}
	}
	return n
}

func (x regions) isPublic(region, tag, variant string) bool {
	return slices.ContainsFunc(x.here(region).byTag[tag], func(i *world.Image) bool { return i.Public && variantOf(i) == variant })
}
