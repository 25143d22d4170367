package view

import (
	"cmp"
	"slices"

	"amiship/internal/reconcile"
	"amiship/internal/world"
)

// quotas are those of public AMIs, the scarcest first.
func (s Sources) quotas(f reconcile.Forecast) []Quota {
	out := []Quota{}
	for region, c := range reconcile.Together(s.Next) {
		q := Quota{Region: region, Limit: c.Limit, Default: c.Default, Used: c.Used, Reserved: c.Reserved, Each: c.Each}
		for _, r := range s.World.Regions[region].Limits.Val.Public.Requests {
			if r.Open() {
				q.Requests = append(q.Requests, Request{r.ID, r.Status, r.Desired, r.Created})
			}
		}
		for _, o := range f.Regions {
			if o.Where == region {
				q.ReleasesLeft, q.Until = o.Left, o.Until
			}
		}
		out = append(out, q)
	}
	slices.SortFunc(out, scarcer)
	return out
}

func scarcer(x, y Quota) int {
	return cmp.Or(cmp.Compare(x.ReleasesLeft, y.ReleasesLeft), cmp.Compare(x.Region, y.Region))
}

func (s Sources) listings(f reconcile.Forecast) []Listing {
	out := []Listing{}
	for _, p := range s.Products {
		l := Listing{
			Name: p.Name, Product: p.Product, Title: p.Title, Visibility: p.Visibility, Variant: p.Backed, Offered: p.Offered, Limit: p.Limit,
			ReleasesLeft: p.Left, Versions: []Version{}, ChangeSets: []ChangeSet{}, Assessed: p.Assessed, Unassessed: p.Unassessed, Unread: p.Err,
		}
		for _, o := range f.Listings {
			if o.Where == p.Name {
				l.Until = o.Until
			}
		}
		for _, v := range p.Versions {
			l.Versions = append(l.Versions, Version{v.Title, v.ID, v.AMI, v.Created, v.Offered()})
		}
		for _, set := range p.ChangeSets {
			l.ChangeSets = append(l.ChangeSets, changeSet(set, s.World))
		}
		out = append(out, l)
	}
	return out
}

func changeSet(set reconcile.ProductSet, w world.World) ChangeSet {
	out := ChangeSet{ID: set.ID, Name: set.Name, Status: set.Status, Pending: set.Pending(), Ours: set.Ours, What: set.What, Start: set.Start, End: set.End}
	switch {
	case set.Pending():
		out.Seconds = w.Now.Sub(set.Start).Seconds()
	case !set.End.IsZero():
		out.Seconds = set.End.Sub(set.Start).Seconds()
	}
	for _, e := range set.Errors {
		out.Errors = append(out.Errors, e.Code+": "+e.Means)
	}
	return out
}
