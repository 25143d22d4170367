package reconcile

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// TestSeenWithoutMarks: who did what to an AMI is nothing that a step or an approval
// rests on.
func TestSeenWithoutMarks(t *testing.T) {
	i := world.Image{ID: "ami-1", Tags: map[string]string{record.TagStage: "1:release"}}
	before := plan.Seen(i)
	i.Tags[record.MarkTag(record.Shared)] = record.Mark{At: time.Unix(1, 0)}.Value()
	if plan.Seen(i) != before {
		t.Error("a mark voids what was seen")
	}
	i.Tags["other"] = "tag"
	if plan.Seen(i) == before {
		t.Error("another tag does not")
	}
}

// TestHistory: what marks tell, what AMIs show without a mark is unknown, and what
// neither shows is left out.
func TestHistory(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	ann := record.Actor{ARN: "arn:ann", URL: "https://ci/1", User: "ann"}
	h := History{release.Desired{
		Project: "p", Tag: "v1", Targets: []release.Target{{Region: marketplace.Region}},
		Variants: []release.Variant{{Image: "a", Arch: "amd64", Share: []string{"111111111111"}, Build: release.Build{Region: marketplace.Region}}},
		Listings: []release.Listing{{Name: "pro", Image: "a", Arch: "amd64"}},
	}}
	image := func(stage string, more map[string]string) world.Image {
		tags := map[string]string{
			record.TagProject: "1:p", record.TagTag: "1:v1", record.TagImage: "1:a", record.TagArch: "1:amd64", record.TagStage: "1:" + stage,
		}
		for k, v := range more {
			tags[k] = v
		}
		return world.Image{ID: "ami-1", State: world.Available, Created: at, Tags: tags}
	}
	mark := func(after time.Duration, note string) string {
		return record.Mark{At: at.Add(after), By: ann, Note: note}.Value()
	}
	one := func(what string, at time.Time, by *record.Actor, note string) Entry {
		return Entry{What: what, Variant: "a/amd64", Region: marketplace.Region, AMI: "ami-1", At: at, By: by, Note: note}
	}
	stem := marketplace.Stem("p", "v1", "pro")
	set := world.ChangeSet{ID: "set1", Name: marketplace.ChangeSetName(stem, marketplace.Add, "0123456789ab"), Status: world.Succeeded, Start: at.Add(time.Hour), End: at.Add(26 * time.Hour)}
	listed := Entry{What: "listed", Listing: "pro", Region: marketplace.Region, At: set.Start, End: set.End, Note: "add set1 SUCCEEDED"}
	known := listed
	known.By = &ann
	public := image(record.StageRelease, map[string]string{record.TagTested: "1:ok 012345678901"})
	public.Public = true
	for name, c := range map[string]struct {
		image world.Image
		sets  []world.ChangeSet
		want  []Entry
	}{
		"a candidate that nobody has touched": {image: image(record.StageCandidate, nil), want: []Entry{one("made", at, nil, "")}},
		"before marks": {
			image: public, sets: []world.ChangeSet{set, {ID: "set2", Name: "somebody's", Start: at}},
			want: []Entry{one("published", time.Time{}, nil, ""), one("shared", time.Time{}, nil, ""), one("tested", time.Time{}, nil, ""), one("copied", at, nil, ""), listed},
		},
		"with marks": {
			image: image(record.StageWithdrawn, map[string]string{
				record.MarkTag(record.Tested): mark(time.Minute, ""), record.MarkTag(record.Withdrawn): mark(time.Hour, ""),
				record.MarkTag(record.Approved): mark(time.Minute, "freeze@1"), record.MarkTag(record.ListedEvent("pro")): mark(time.Hour, "set1"),
			}), sets: []world.ChangeSet{set},
			want: []Entry{one("copied", at, nil, ""), one("approved", at.Add(time.Minute), &ann, "freeze@1"), one("tested", at.Add(time.Minute), &ann, ""), known, one("withdrawn", at.Add(time.Hour), &ann, "")},
		},
		"another change set's mark": {
			image: image(record.StageDemoted, map[string]string{record.MarkTag(record.ListedEvent("pro")): mark(time.Hour, "set0")}), sets: []world.ChangeSet{set},
			want: []Entry{one("copied", at, nil, ""), listed},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := world.New()
			w.Regions[marketplace.Region] = world.Region{Images: world.Fact[[]world.Image]{At: at, Val: []world.Image{c.image}}}
			w.Listings["pro"] = world.Listing{Sets: world.Fact[[]world.ChangeSet]{At: at, Val: c.sets}}
			if diff := cmp.Diff(c.want, h.Entries(w)); diff != "" {
				t.Error(diff)
			}
			if p := h.Reconcile(w, plan.NewRun("")); len(p.Look)+len(p.Steps) > 0 {
				t.Errorf("asks for more: %v %v", p.Look, p.Steps)
			}
		})
	}
}
