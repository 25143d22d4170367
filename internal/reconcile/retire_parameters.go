package reconcile

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/retention"
	"amiship/internal/world"
)

// withParameters adds the deletion of the parameters that name an AMI which is to be
// removed, and has the removal wait for it: a parameter never names an AMI that is
// gone. A parameter of another user is left, and reported.
func (x retirement) withParameters(d retention.Decision, s plan.Step) plan.Step {
	for _, p := range x.naming(d) {
		if p.Project != x.Project {
			x.note("parameter %s in %s names %s (%s), which is removed: Amiship did not write it and leaves it", p.Name, d.Region, d.AMI, d.Name)
			continue
		}
		gone := x.add(plan.Step{State: plan.Ready, Required: true, Why: d.Name + " is removed next", Action: deletion(s.Action, p.Name)})
		s.State, s.After = plan.Queued, append(s.After, gone.ID)
	}
	return s
}

func deletion(remove plan.Action, name string) plan.Action {
	act := remove
	act.ID = plan.StepID(plan.DeleteParameter, remove.Target, strings.TrimPrefix(name, "/"))
	act.Change = plan.RemoveParameter{Image: remove.Image(), Parameter: name}
	return act
}

// dangling adds the deletion of the project's parameters whose AMI is gone: in a region that
// has ended, none is set anew.
func (x retirement) dangling() {
	for _, region := range x.Regions {
		named := x.w.Regions[region].Named
		if why := cmp.Or(named.Err, named.Val.Denied); why != "" {
			x.note("%s: parameters whose AMI is gone are not deleted: %s", region, why)
		}
		for _, p := range named.Val.All {
			if p.Project == x.Project && p.Gone {
				key := release.Key{Place: release.Place{Region: region}}
				x.add(plan.Step{State: plan.Ready, Required: true, Why: p.AMI + ", which it names, is gone", Action: plan.Action{
					ID: plan.StepID(plan.DeleteParameter, key, strings.TrimPrefix(p.Name, "/")), Target: key,
					Change: plan.RemoveParameter{Image: plan.Image{AMI: p.AMI}, Parameter: p.Name},
				}})
			}
		}
	}
}

// naming are the parameters that hold an AMI, sorted by name: those of the project, by
// name or by description, and other users'.
func (x retirement) naming(d retention.Decision) []world.Parameter {
	facts, found := x.w.Regions[d.Region], map[string]world.Parameter{}
	for _, p := range facts.Named.Val.All {
		if p.AMI == d.AMI {
			found[p.Name] = p
		}
	}
	for _, p := range x.Parameters {
		if facts.Params.Val[p.Name] == d.AMI {
			found[p.Name] = world.Parameter{Name: p.Name, AMI: d.AMI, Project: x.Project}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(p, q world.Parameter) int { return strings.Compare(p.Name, q.Name) })
}

// needsOfRemovals asks, where an AMI will be removed, which parameters name it, and whether
// the Recycle Bin keeps it.
func (t Retire) needsOfRemovals(f *facts, decisions []retention.Decision) (found findings) {
	asked := map[string]bool{}
	for _, d := range decisions {
		region := d.Region
		if d.Kept || d.Next != plan.Remove || d.Due.After(f.w.Now) || asked[region] {
			continue
		}
		asked[region] = true
		need(&found, world.Query{Kind: world.LookBin, Region: region}, f.w.Regions[region].Bin)
		named := f.w.Regions[region].Named
		needFresh(&found, world.Query{Kind: world.LookNamed, Region: region}, named, f.w.Now)
		if why := named.Val.Denied; why != "" {
			found.note("%s: a parameter whose name is no longer in the catalog is not deleted with its AMI: %s", region, why)
		}
	}
	return found
}
