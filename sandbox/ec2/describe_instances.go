package ec2

import (
	"slices"

	"amiship/sandbox/wire"
)

type describeInstancesIn struct {
	dry
	paging
	InstanceIDs []string `wire:"InstanceId"`
	Filters     []filter `wire:"Filter"`

	IncludeManagedResources bool
}

type describeInstancesOut struct {
	NextToken    string                    `xml:"nextToken,omitempty"`
	Reservations wire.List[reservationOut] `xml:"reservationSet"`
}

func (o instanceOps) describeInstances(c *wire.Call, in *describeInstancesIn) (*describeInstancesOut, error) {
	if in.MaxResults != nil && len(in.InstanceIDs) > 0 {
		return nil, invalidCombination("The parameter instancesSet cannot be used with the parameter maxResults")
	}
	found, err := o.askedInstances(c, in.InstanceIDs)
	if err != nil {
		return nil, err
	}
	views := make([]instanceView, len(found))
	for i, inst := range found {
		views[i] = instanceView{
			Instance: inst, groups: groupIdentifiers(c, inst),
			tags:          TagsOf(c.Tx, c.Region, c.Account.ID, inst.ID),
			interfaceTags: TagsOf(c.Tx, c.Region, c.Account.ID, inst.Interface),
		}
	}
	if views, err = instanceFilters.keep(views, in.Filters); err != nil {
		return nil, err
	}
	together := func(a, b instanceView) int { return compareIDs(a.Reservation+a.ID, b.Reservation+b.ID) }
	slices.SortFunc(views, together)
	views, next, err := page(c, in.paging, 5, views, func(v instanceView) string { return v.Reservation + v.ID })
	if err != nil {
		return nil, err
	}
	out := &describeInstancesOut{NextToken: next, Reservations: wire.List[reservationOut]{}}
	for len(views) > 0 {
		n := 1
		for n < len(views) && views[n].Reservation == views[0].Reservation {
			n++
		}
		var same []Instance
		for _, v := range views[:n] {
			same = append(same, v.Instance)
		}
		out.Reservations = append(out.Reservations, o.reservation(c, same))
		views = views[n:]
	}
	return out, nil
}

// askedInstances returns the caller's instances with these ids, or all,
// settled, by id.
func (o instanceOps) askedInstances(c *wire.Call, ids []string) ([]Instance, error) {
	if len(ids) > 0 {
		return o.ownInstances(c, ids)
	}
	var out []Instance
	for _, in := range instanceIndex.All(c.Tx, c.Region, wordOwner+c.Account.ID) {
		if o.shown(in, c.Now) {
			out = append(out, o.seen(c, in))
		}
	}
	return out, nil
}
