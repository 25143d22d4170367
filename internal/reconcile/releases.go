package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Released is what there is of one release of a project.
type Released struct {
	Tag, Version string
	Variants     []string // "ce/arm64"
	Regions      []string
	AMIs, Public int
	Pending      int    // AMIs that AWS is still making
	Candidates   int    // of a build that is under way, or was left
	Over         string `json:",omitempty"` // the stage, of one that is no longer published
	Commit       string `json:",omitempty"` // of the catalog by which its newest AMI was made; empty: not recorded
	Since        time.Time
	newest       time.Time
}

// Releases lists the releases of a project that the world shows, newest first.
func Releases(project string, w world.World) []Released {
	byTag := map[string]*Released{}
	for region, facts := range w.Regions {
		for _, i := range facts.Images.Val {
			if i.Tag(record.TagProject) != project || i.Tag(record.TagTag) == "" {
				continue
			}
			r := byTag[i.Tag(record.TagTag)]
			if r == nil {
				r = &Released{Tag: i.Tag(record.TagTag), Version: i.Tag(record.TagVersion), Since: i.Created}
				byTag[r.Tag] = r
			}
			r.count(i, region)
		}
	}
	var out []Released
	for _, r := range byTag {
		slices.Sort(r.Variants)
		slices.Sort(r.Regions)
		r.Variants, r.Regions = slices.Compact(r.Variants), slices.Compact(r.Regions)
		out = append(out, *r)
	}
	slices.SortFunc(out, func(x, y Released) int { return cmp.Or(y.Since.Compare(x.Since), cmp.Compare(x.Tag, y.Tag)) })
	return out
}

func (r *Released) count(i world.Image, region string) {
	if i.Created.Before(r.Since) {
		r.Since = i.Created
	}
	if stage := i.Tag(record.TagStage); record.Over(stage) && r.Over != record.StageWithdrawn {
		r.Over = stage
	}
	if i.Tag(record.TagStage) == record.StageCandidate {
		r.Candidates++
		return
	}
	switch i.State {
	case world.Available:
		r.AMIs++
	case world.Pending:
		r.Pending++
	default:
		return
	}
	if commit := i.Tag(record.TagCommit); i.Created.After(r.newest) || i.Created.Equal(r.newest) && commit > r.Commit {
		r.newest, r.Commit = i.Created, commit // AMIs of several commits: a region came later
	}
	r.Variants = append(r.Variants, i.Tag(record.TagImage)+"/"+i.Tag(record.TagArch))
	r.Regions = append(r.Regions, region)
	if i.Public {
		r.Public++
	}
}

// NextVersion is the patch after the newest version that a project has released,
// or the first of all.
func NextVersion(project string, w world.World) string {
	newest := release.Version{}
	for _, r := range Releases(project, w) {
		if v, err := release.ParseVersion(r.Version); err == nil && v.Compare(newest) > 0 {
			newest = v
		}
	}
	return fmt.Sprintf("%d.%d.%d", newest.Major, newest.Minor, newest.Patch+1)
}
