package view

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// past is a release as its AMIs alone show it: what it was to be is not asked.
func (s Sources) past(r reconcile.Released) Release {
	out := Release{Tag: r.Tag, Version: r.Version, State: pastState(r), Adopted: true, Began: r.Since, Commit: r.Commit, AMIs: []AMI{}}
	public, regions := map[string]bool{}, map[string]bool{}
	for _, region := range slices.Sorted(maps.Keys(s.World.Regions)) {
		for _, i := range s.World.Regions[region].Images.Val {
			if i.Tag(record.TagProject) != s.Project || i.Tag(record.TagTag) != r.Tag {
				continue
			}
			out.Ended = later(out.Ended, lastMark(i))
			out.Adopted = out.Adopted && i.Tag(record.TagInputs) == ""
			if i.Tag(record.TagStage) == record.StageCandidate {
				continue
			}
			a := ofImage(i, region, s.required(region))
			out.AMIs = append(out.AMIs, a)
			public[a.Variant] = public[a.Variant] || i.Tag(record.TagPublic) != ""
			regions[region] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(public)) {
		out.Variants = append(out.Variants, Variant{name, public[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		out.Regions = append(out.Regions, Region{Name: name, Required: s.required(name)})
	}
	return out.counted()
}

func pastState(r reconcile.Released) ReleaseState {
	switch {
	case r.Over == record.StageWithdrawn:
		return Recalled
	case r.Over != "":
		return Replaced
	case r.AMIs+r.Pending == 0:
		return Open // nothing but a candidate
	}
	return Complete
}

// ofImage is where an AMI of a release is.
func ofImage(i world.Image, region string, required bool) AMI {
	a := AMI{Variant: variantOf(i), Region: region, ID: i.ID, Name: i.Name, Required: required, Since: i.Created}
	private := i.Tag(record.TagPublic) == ""
	switch stage := i.Tag(record.TagStage); {
	case stage == record.StageWithdrawn:
		a.State, a.Final, a.Since = Withdrawn, true, since(i, record.Withdrawn)
	case record.Over(stage), i.State == world.Disabled:
		a.State, a.Final = Retired, true
	case i.State == world.Pending:
		a.State = Copying
	case i.State != world.Available:
		a.State, a.Reason = Failed, i.Reason
	case i.Public:
		a.State, a.Final, a.Since = Public, true, since(i, record.Published)
	default:
		a.State, a.Final, a.Since = Shared, private, since(i, record.Shared)
	}
	return a
}

func variantOf(i world.Image) string {
	return release.Key{Image: i.Tag(record.TagImage), Arch: i.Tag(record.TagArch)}.Variant()
}

// since is when an event was recorded; else when AWS made the AMI.
func since(i world.Image, e record.Event) time.Time {
	if m, ok := record.ReadMark(i.Tags, e); ok {
		return m.At
	}
	return i.Created
}

// lastMark is when the last thing was recorded of an AMI.
func lastMark(i world.Image) time.Time {
	last := i.Created
	for _, e := range record.Events() {
		if m, ok := record.ReadMark(i.Tags, e); ok {
			last = later(last, m.At)
		}
	}
	return last
}

func later(x, y time.Time) time.Time {
	if y.After(x) {
		return y
	}
	return x
}

func (s Sources) required(region string) bool {
	return slices.ContainsFunc(s.Targets, func(t release.Target) bool { return t.Region == region && t.Required })
}

// counted returns the release with the numbers of its AMIs, which it sorts.
func (r Release) counted() Release {
	slices.SortFunc(r.AMIs, func(x, y AMI) int {
		return cmp.Or(cmp.Compare(x.Variant, y.Variant), cmp.Compare(x.Region, y.Region), cmp.Compare(x.ID, y.ID))
	})
	unready := map[string]bool{}
	r.Made, r.Public, r.Ready, r.Required = 0, 0, 0, 0
	for _, a := range r.AMIs {
		unready[a.Region] = unready[a.Region] || !a.ready()
		if a.made() {
			r.Made++
		}
		if a.State == Public {
			r.Public++
		}
	}
	for _, region := range r.Regions {
		if !region.Required {
			continue
		}
		r.Required++
		if not, there := unready[region.Name]; there && !not {
			r.Ready++
		}
	}
	return r
}

// ready reports whether nothing is left to do for an AMI before the gate.
func (a AMI) ready() bool { return a.Final || a.State == Shared || a.State == Public }

// made reports whether there is an AMI that can be used, or could be until it was withdrawn.
func (a AMI) made() bool {
	return a.ID != "" && slices.Contains([]AMIState{Copied, Shared, Public, Withdrawn, Retired}, a.State)
}
