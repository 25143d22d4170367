package reconcile

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Entry is one thing that was done for a release. What was not recorded is zero:
// unknown.
type Entry struct {
	What    string        `json:"what"` // made, copied, or a record.Event
	Variant string        `json:"variant,omitempty"`
	Listing string        `json:"listing,omitempty"`
	Region  string        `json:"region"`
	AMI     string        `json:"ami,omitempty"`
	At      time.Time     `json:"at,omitzero"`
	End     time.Time     `json:"end,omitzero"` // of a change set
	By      *record.Actor `json:"by,omitempty"`
	// Note is what a mark is about; of a change set: its id, and how it ended.
	Note string `json:"note,omitempty"`
}

// What is no event, as AWS keeps when: a candidate was made, an AMI copied.
const (
	entryMade   = "made"
	entryCopied = "copied"
)

// History says what was done for a release, and who did it, as far as AWS and the
// marks on its AMIs tell, the oldest first. What could not be read is in the plan.
type History struct{ release.Desired }

// Reconcile asks for what the entries rest on; it has no steps.
func (h History) Reconcile(w world.World, r plan.Run) plan.Plan {
	f := newFacts(h.Desired, w, r)
	var found findings
	for _, region := range h.Regions() {
		found.include(f.needImages(region))
	}
	for _, l := range h.Listings {
		need(&found, world.Query{Kind: world.LookListing, Listing: l.Name}, w.Listings[l.Name].Sets)
		if l.Account != "" {
			need(&found, world.Query{Kind: world.LookSellerImages, Region: marketplace.Region, Account: l.Account}, w.SellerImages[l.AMIKey().Place])
		}
	}
	b := newBuilder(f)
	b.apply(found)
	return b.finish()
}

// Entries are those of a world that was read.
func (h History) Entries(w world.World) []Entry {
	f := newFacts(h.Desired, w, plan.NewRun(""))
	var out []Entry
	for _, region := range h.Regions() {
		for _, i := range f.ofTag(region) {
			out = append(out, h.ofImage(region, i)...)
		}
	}
	for _, l := range h.Listings {
		out = append(out, h.ofListing(f, l)...)
	}
	slices.SortStableFunc(out, func(x, y Entry) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.What, y.What), cmp.Compare(x.Variant, y.Variant), cmp.Compare(x.Region, y.Region))
	})
	return out
}

// ofImage says of an AMI when AWS made it, and what marks tell. What it shows to have
// happened, and has no mark of, is unknown.
func (h History) ofImage(region string, i world.Image) []Entry {
	one := Entry{Variant: i.Tag(record.TagImage) + "/" + i.Tag(record.TagArch), Region: region, AMI: i.ID}
	made := one
	made.What, made.At = entryCopied, i.Created
	if i.Tag(record.TagStage) == record.StageCandidate {
		made.What = entryMade
	}
	out := []Entry{made}
	for _, e := range record.Events() {
		m, ok := record.ReadMark(i.Tags, e)
		switch {
		case ok:
			out = append(out, one.marked(e, m))
		case h.happened(e, region, i):
			unknown := one
			unknown.What = string(e)
			out = append(out, unknown)
		}
	}
	return out
}

func (e Entry) marked(what record.Event, m record.Mark) Entry {
	e.What, e.At, e.By, e.Note = string(what), m.At, &m.By, m.Note
	return e
}

// happened reports whether an AMI shows that something was done to it.
func (h History) happened(e record.Event, region string, i world.Image) bool {
	switch e {
	case record.Tested:
		return i.Tag(record.TagTested) != ""
	case record.Shared:
		v, ok := h.Variant(i.Tag(record.TagImage), i.Tag(record.TagArch))
		return ok && kept(i) && len(v.SharedIn(region))+len(v.Organizations) > 0
	case record.Published:
		return i.Public
	case record.Withdrawn:
		return i.Tag(record.TagStage) == record.StageWithdrawn
	case record.Waived:
		return i.Tag(record.TagWaived) != ""
	}
	return false
}

// ofListing are the change sets that the release has made for a listing, with who
// submitted the one that the AMI's mark names.
func (h History) ofListing(f *facts, l release.Listing) []Entry {
	stem := marketplace.Stem(h.Project, h.Tag, l.Name)
	mark := h.mark(f, l)
	var out []Entry
	for _, set := range f.w.Listings[l.Name].Sets.Val {
		purpose, _, ours := marketplace.ReadName(stem, set.Name)
		if !ours {
			continue
		}
		e := Entry{
			What: string(record.Listed), Listing: l.Name, Region: marketplace.Region, At: set.Start, End: set.End,
			Note: strings.Join([]string{purpose, set.ID, set.Status}, " "),
		}
		if mark.Note == set.ID {
			e.By = &mark.By
		}
		out = append(out, e)
	}
	return out
}

// mark is the newest mark of a listing on the AMIs of its variant.
func (h History) mark(f *facts, l release.Listing) record.Mark {
	var newest record.Mark
	images := f.w.SellerImages[l.AMIKey().Place].Val
	if l.Account == "" {
		images = f.here(marketplace.Region).all
	}
	for _, i := range images {
		if m, ok := record.ReadMark(i.Tags, record.ListedEvent(l.Name)); ok && f.ofRelease(i) && m.At.After(newest.At) {
			newest = m
		}
	}
	return newest
}
