package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"amiship/internal/catalog"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

// ofProject is what is about the whole of a catalog's project, and may be held like
// a release.
func ofProject(b *catalog.Bundle, o approving, also ...plan.ID) (release.Desired, error) {
	c, err := o.control(b.Control(), also...)
	return release.Desired{Project: b.Catalog.Project, Control: c}, err
}

// controlled is a plan as far as a pause and the catalog's freezes allow it.
func controlled(d release.Desired, toPlan reconciler) reconciler {
	return func(w world.World, r plan.Run) plan.Plan {
		return reconcile.Controlled(toPlan(w, r), d.Control, w, r)
	}
}

// refusing holds everything if an approval matches nothing in the first plan for which all
// was read, before anything has begun. Later ones differ by what the run itself has done.
func refusing(d release.Desired, approved map[plan.ID]string, toPlan reconciler) reconciler {
	matched := false
	return func(w world.World, r plan.Run) plan.Plan {
		p := toPlan(w, r)
		if matched || len(p.Look) > 0 {
			return p
		}
		refused := reconcile.Refused(p, d, approved)
		matched = !refused.Held
		return refused
	}
}

// approving is the flag by which a command ignores one freeze of the catalog. What else it
// may approve of, its control names.
type approving struct{ approve []string }

func (o *approving) flag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.approve, "approve", nil, "run in a freeze of the catalog: `freeze@DIGEST`, as the blocker shows it")
}

func (o approving) control(c release.ChangeControl, also ...plan.ID) (release.ChangeControl, error) {
	approved, err := approvals(o.approve)
	if err != nil {
		return c, usage(err)
	}
	for id := range approved {
		if also = append(also, plan.FreezeStep); !slices.Contains(also, id) {
			return c, usage(fmt.Errorf("--approve %s: this command asks for no such approval", plan.Approval(id, approved[id])))
		}
	}
	c.Approved = approved[plan.FreezeStep]
	return c, nil
}

// held says why a plan that was shown is not begun, if changes are held: there is
// nothing to confirm then.
func (a *app) held(p plan.Plan) error {
	if !p.Held {
		return nil
	}
	report.Trouble(a.Err, p)
	return silent(codeBlocked)
}

// ofProjectOnly are the approvals that are about the project, and no step of one release.
func ofProjectOnly(given []string) []string {
	return slices.DeleteFunc(slices.Clone(given), func(text string) bool {
		id, _, _ := strings.Cut(text, "@")
		return plan.ID(id) != plan.FreezeStep && plan.ID(id) != reconcile.Policy
	})
}
