package reconcile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// parameters are the decisions about SSM parameters.
type parameters struct {
	*facts
	others map[string][]otherValue  // by name: parameters that hold another user's value
	unfit  map[plan.ID]plan.Blocker // by step: parameters of which SSM takes no new version
}

// otherValue is what a parameter holds that no release of this version put there.
type otherValue struct {
	id            plan.ID
	region, value string
}

// parameterID is the id of the step that sets a parameter.
func parameterID(key release.Key, name string) plan.ID {
	return plan.StepID(plan.Parameter, key, strings.TrimPrefix(name, "/"))
}

// newParameters finds the parameters of another user under names of this release.
// They are seen before anything is built, and are not overwritten unless a person
// has approved of exactly that.
func newParameters(f *facts, variants []*variant) (parameters, findings) {
	x, found := parameters{f, map[string][]otherValue{}, map[plan.ID]plan.Blocker{}}, findings{}
	var required []string
	for _, v := range variants {
		for _, p := range v.places {
			for _, param := range v.Parameters {
				o := otherValue{parameterID(v.Key(p.Region), param.Name), p.Region, f.w.Regions[p.Region].Params.Val[param.Name]}
				if _, unfit := f.w.Regions[p.Region].Unfit[param.Name]; unfit {
					x.shows(&found, p.Region, o.value)
				}
				if bl := x.takesNone(v, param.Name, o); bl != nil {
					x.unfit[o.id] = *bl
					if p.Required {
						found.closed = append(found.closed, *bl)
					}
					continue
				}
				foreign, asked := x.foreign(v, p, param, o)
				found.include(asked)
				if !foreign || f.r.Approved[o.id] == plan.SeenParameter(o.region, param.Name, o.value) {
					continue
				}
				x.others[param.Name] = append(x.others[param.Name], o)
				if p.Required {
					required = append(required, param.Name)
				}
			}
		}
	}
	for _, name := range required {
		found.closed = append(found.closed, x.holdsOther(name))
	}
	return x, found
}

// foreign reports whether a parameter holds what is not this project's, as far as that is
// known. One of a version may hold an AMI of that version only; latest moves, and is another's
// only if it holds another project's AMI.
func (x parameters) foreign(v *variant, p *place, param release.Parameter, o otherValue) (foreign bool, found findings) {
	reg := x.w.Regions[p.Region]
	if o.value == "" || !reg.Params.Known() || !x.imagesIn(p.Region).Known() || x.r.Made[o.id].AMI == o.value || !x.shows(&found, p.Region, o.value) {
		return false, found
	}
	i, there := x.here(p.Region).image(o.value)
	switch {
	case there && param.Latest:
		project := i.Tag(record.TagProject)
		return project != "" && project != x.d.Project, found
	case there:
		return !x.ofVersion(v, i), found
	case param.Latest:
		return false, found
	case reg.Images.At.Before(reg.Params.At): // another run may have made it meanwhile
		found.refresh(world.Query{Kind: world.LookImages, Region: p.Region})
		return false, found
	case !imageID.MatchString(o.value):
		return true, found
	}
	need(&found, world.Query{Kind: world.LookNamed, Region: o.region}, reg.Named)
	return !reg.Named.At.IsZero() && !x.wrote(param.Name, o), found
}

// shows reports whether it is known if an AMI is the account's. It asks for all AMIs where it is
// none of the release.
func (x parameters) shows(found *findings, region, ami string) bool {
	_, there := x.here(region).image(ami)
	return there || ami == "" || x.whole(found, region).Known()
}

var imageID = regexp.MustCompile(`^ami-[0-9a-f]{8,17}$`)

// wrote reports whether Amiship wrote a value for the project, by the parameter's
// description: the AMI that it names has been deregistered since.
func (x parameters) wrote(name string, o otherValue) bool {
	return slices.Contains(x.w.Regions[o.region].Named.Val.All, world.Parameter{Name: name, AMI: o.value, Project: x.d.Project, Gone: true})
}

// ofVersion reports whether an AMI is the variant's, of this version: of whichever
// build, since one replaces the other under the same names.
func (x parameters) ofVersion(v *variant, i world.Image) bool {
	return i.Tag(record.TagProject) == x.d.Project && i.Tag(record.TagImage) == v.Image && i.Tag(record.TagArch) == v.Arch &&
		i.Tag(record.TagVersion) == x.d.Version.Text
}

func parameterOf(s plan.Step) plan.PutParameter { return plan.As[plan.PutParameter](s.Action) }

// left leaves another user's value where it is, and what SSM takes no new version of; nil:
// the parameter of the step is neither.
func (x parameters) left(s plan.Step) *verdict {
	if bl, unfit := x.unfit[s.ID]; unfit && s.Required {
		return decided(s, plan.Blocked, bl.Why).blockedBy(bl)
	} else if unfit {
		return decided(s, plan.Skipped, bl.Why)
	}
	if !slices.ContainsFunc(x.others[parameterOf(s).Name], func(o otherValue) bool { return o.id == s.ID }) {
		return nil
	}
	why := fmt.Sprintf("%s in %s holds another user's value: %s", parameterOf(s).Name, s.Target.Region, shown(s.Guard.Parameter))
	if !s.Required {
		return decided(s, plan.Skipped, why)
	}
	return decided(s, plan.Blocked, why).blockedBy(x.holdsOther(parameterOf(s).Name))
}

// holdsOther shows what is there, in all regions, and takes one command for all.
func (x parameters) holdsOther(name string) plan.Blocker {
	var values, approve []string
	for _, o := range x.others[name] {
		values = append(values, o.region+" "+shown(o.value))
		approve = append(approve, plan.Approval(o.id, plan.SeenParameter(o.region, name, o.value)))
	}
	return plan.Blocker{
		ID: "parameter/" + strings.TrimPrefix(name, "/"), Why: "the parameter " + name + " holds another user's value: " + strings.Join(values, ", "),
		Remedies: []plan.Remedy{
			plan.Approving(plan.Line("amiship", "release", x.d.Tag), approve, plan.Remedy{Name: "approve", Cost: "overwrites these values; programs that read the parameter get this release's AMIs"}),
			{Name: "rename", Command: "change the name of the parameter in amiship.yaml", Cost: "the value stays, and the release has a parameter of another name"},
		},
	}
}

// mostShown is how many characters of another user's value are shown.
const mostShown = 60

func shown(value string) string {
	if runes := []rune(value); len(runes) > mostShown {
		value = string(runes[:mostShown]) + "…"
	}
	return fmt.Sprintf("%q", value)
}
