package cli

import (
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
func ofProject(b *catalog.Bundle, o approving) (release.Desired, error) {
	c, err := o.control(b.Control())
	return release.Desired{Project: b.Catalog.Project, Control: c}, err
}

// controlled is a plan as far as a pause and the catalog's freezes allow it.
func controlled(d release.Desired, toPlan reconciler) reconciler {
	return func(w world.World, r plan.Run) plan.Plan {
		return reconcile.Controlled(toPlan(w, r), d.Control, w, r)
	}
}

// approving is the flag by which a command ignores one freeze of the catalog.
type approving struct{ approve []string }

func (o *approving) flag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.approve, "approve", nil, "run in a freeze of the catalog: `freeze@DIGEST`, as the blocker shows it")
}

func (o approving) control(c release.ChangeControl) (release.ChangeControl, error) {
	approved, err := approvals(o.approve)
	if err != nil {
		return c, usage(err)
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
