package reconcile

import (
	"fmt"
	"time"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// limited is what there is a quota of.
type limited struct {
	code, noun string
	end        string // of the ids of steps that ask for more
	of         func(world.Limits) world.Quota
}

var (
	publicAMIs = limited{world.QuotaPublicAMIs, "public AMIs", "", func(l world.Limits) world.Quota { return l.Public }}
	allAMIs    = limited{world.QuotaAMIs, "AMIs", "/amis", func(l world.Limits) world.Quota { return l.AMIs }}
)

// raising requests a quota that is enough for the releases of the horizon; one
// request at a time.
func (x regions) raising(blocker, region string, what limited, want int) plan.Remedy {
	requests := what.of(x.w.Regions[region].Limits.Val).Requests
	rem := plan.Remedy{
		Name: "raise", Command: x.unblocking(blocker, "raise"), IAM: []string{"servicequotas:RequestServiceQuotaIncrease"},
		Cost: fmt.Sprintf("asks AWS for %d %s in %s; a support case, days", want, what.noun, region), Auto: x.d.Policy.Raise,
	}
	switch {
	case len(requests) > 0 && requests[0].Open():
		q := requests[0]
		rem.Cost = fmt.Sprintf("asked for already: %d on %s, %s since %s; nothing to do but wait", q.Desired, q.Created.Format(time.DateOnly), q.Status, q.Updated.Format(time.DateOnly))
		rem.Auto = false
		return rem
	case len(requests) > 0 && requests[0].Refused():
		q := requests[0]
		rem.Cost += fmt.Sprintf("; AWS has refused %d on %s (%s)", q.Desired, q.Updated.Format(time.DateOnly), q.Status)
		rem.Auto = false
	}
	rem.Do = []plan.Action{{
		ID: plan.ID("raise/" + region + what.end), Target: release.Key{Place: release.Place{Region: region}},
		Change: plan.RaiseQuota{Quota: what.code, Limit: want},
	}}
	return rem
}
