package reconcile

import (
	"fmt"
	"strings"

	"amiship/internal/plan"
)

// takesNone returns why SSM would refuse the release's value of a parameter, which is known
// before anything is built; nil: it would not, or the parameter has a value of this version.
func (x parameters) takesNone(v *variant, name string, o otherValue) *plan.Blocker {
	reg := x.w.Regions[o.region]
	unfit, there := reg.Unfit[name]
	if i, known := x.here(o.region).image(o.value); !there || known && x.ofVersion(v, i) {
		return nil
	}
	bl := plan.Blocker{
		ID:  "parameter/" + o.region + name,
		Why: fmt.Sprintf("the parameter %s in %s is a %s: it must be a String, and SSM does not change the type of a parameter", name, o.region, unfit.Type),
		Remedies: []plan.Remedy{{
			Name: "delete", Command: plan.Line("aws", "ssm", "delete-parameter", "--region", o.region, "--name", name), IAM: []string{"ssm:DeleteParameter"},
			Cost: "the value is lost; programs that read it find none until the release has set it",
		}},
	}
	if unfit.Type == "" {
		bl.Why = fmt.Sprintf("the parameter %s in %s has 100 versions, and SSM does not remove the oldest for a new one: it carries a label, %s", name, o.region, strings.Join(unfit.Labels, ", "))
		bl.Remedies = []plan.Remedy{{
			Name: "unlabel", IAM: []string{"ssm:UnlabelParameterVersion"}, Cost: "programs that read the parameter by that label find nothing",
			Command: plan.Line(append([]string{"aws", "ssm", "unlabel-parameter-version", "--region", o.region, "--name", name, "--parameter-version", fmt.Sprint(unfit.Version), "--labels"}, unfit.Labels...)...),
		}}
	}
	bl.Remedies = append(bl.Remedies, plan.Remedy{
		Name: "rename", Command: "change the name of the parameter in amiship.yaml", Cost: "the value stays, and the release has a parameter of another name",
	})
	return &bl
}
