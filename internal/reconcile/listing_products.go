package reconcile

import (
	"slices"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Product is what Marketplace has of one listing.
type Product struct {
	Name       string          `json:"name"`
	Product    string          `json:"product"`
	Title      string          `json:"title"`
	Visibility string          `json:"visibility"`
	Backed     string          `json:"backed"` // by which variant
	Offered    int             `json:"offered"`
	Limit      int             `json:"limit"`
	Left       int             `json:"left"`                 // versions
	Versions   []world.Version `json:"versions"`             // the newest first
	Unassessed string          `json:"unassessed,omitempty"` // why its assessments could not be read
	Assessed   []Assessed      `json:"assessed,omitempty"`   // versions that buyers can get, the newest first
	ChangeSets []ProductSet    `json:"change_sets"`          // the newest first
	Err        string          `json:"error,omitempty"`
}

// ProductSet is a change set of a product, and what it asked for.
type ProductSet struct {
	world.ChangeSet
	Ours   bool      `json:"ours"` // made by Amiship for this listing
	What   string    `json:"what"`
	Errors []Refusal `json:"errors,omitempty"`
	Failed []string  `json:"failed,omitempty"` // controls, and what to change
}

// Refusal is what Marketplace found wrong, and what that means.
type Refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Means   string `json:"means"`
}

// Recent are the change sets that are pending, or began not too long ago.
func Recent(sets []world.ChangeSet, now time.Time, since time.Duration) []world.ChangeSet {
	return slices.DeleteFunc(slices.Clone(sets), func(s world.ChangeSet) bool {
		return !s.Pending() && now.Sub(s.Start) > since
	})
}

// Listed puts together what is known of listings.
func Listed(project string, all []release.Listing, w world.World, since time.Duration) []Product {
	x := changeSets{newFacts(release.Desired{Project: project}, w, plan.Run{})}
	out := []Product{}
	for _, l := range all {
		facts := w.Listings[l.Name]
		e := facts.Entity.Val
		p := Product{
			Name: l.Name, Product: l.Product, Title: e.Title, Visibility: e.Visibility, Backed: l.Image + "/" + l.Arch,
			Offered: e.Offered(), Limit: l.Limit, Left: max(0, l.Limit-e.Offered()), Versions: slices.Clone(e.Versions),
			ChangeSets: []ProductSet{}, Err: facts.Missed(),
		}
		if p.Err == "" && !facts.Entity.Known() {
			p.Err = "not read"
		}
		slices.SortStableFunc(p.Versions, func(x, y world.Version) int { return y.Created.Compare(x.Created) })
		p.Assessed, p.Unassessed = x.listedAssessments(l), facts.Assessments.Err
		for _, set := range Recent(facts.Sets.Val, w.Now, since) {
			p.ChangeSets = append(p.ChangeSets, x.productSet(set))
		}
		out = append(out, p)
	}
	return out
}

func (x changeSets) productSet(set world.ChangeSet) ProductSet {
	p := ProductSet{ChangeSet: set, Ours: marketplace.IsOurs(x.d.Project, set.Name), What: x.contents(set.ID), Failed: controlTexts(x.w.Sets[set.ID].Val.Controls)}
	for _, e := range x.w.Sets[set.ID].Val.Errors() {
		p.Errors = append(p.Errors, Refusal{Code: e.Code, Message: e.Message, Means: marketplace.Explain(e.Code, e.Message).Means})
	}
	return p
}
