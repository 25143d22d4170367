package plan

import (
	"fmt"
	"slices"

	"amiship/internal/world"
)

// mine reports whether this run holds it.
func (b *builder) mine(h hold) bool { return h.claim != nil && h.claim.Run == b.r.ID }

// foreign reports whether another run that is alive holds it.
func (b *builder) foreign(h hold) bool {
	return h.claim != nil && !b.mine(h) && !h.claim.Dead(b.w.Now)
}

// unclaim ends a claim, if there is one. The caller knows that it is this
// run's, or dead.
func (b *builder) unclaim(v *variant, h hold) {
	if h.claim == nil {
		return
	}
	key, state := v.Key(v.Build.Region), Ready
	after := slices.Clone(v.prior)
	if len(after) > 0 {
		state = After
	}
	b.add(Step{State: state, Required: true, After: after, Action: Action{
		ID: stepID(Unclaim, key, h.ends...), Kind: Unclaim, Target: key, Name: h.claim.Name, Group: h.claim.Group, Own: b.mine(h),
	}})
}

// tidy ends a claim that nobody needs, unless another run is there.
func (b *builder) tidy(v *variant, h hold) {
	if !b.foreign(h) {
		b.unclaim(v, h)
	}
}

// claimState decides whether something long can be claimed, or begun.
func (b *builder) claimState(v *variant, h hold, claim, work *Step) {
	home := v.Build.Region
	claims := b.w.Regions[home].Claims
	_, made := b.r.Made[claim.ID]
	_, making := b.r.InFlight[claim.ID]
	failure, over := b.r.Failed[work.ID]
	look := world.Query{Kind: world.LookClaims, Region: home}
	need(b, look, claims)
	switch {
	case over && failure.Retry.IsZero():
		claim.State = After
		work.State, work.After, work.Why, work.Code = Failed, nil, failure.Err, failure.Code
		if b.mine(h) {
			b.unclaim(v, h)
		}
	case claims.At.IsZero():
		claim.State, claim.Why = Waiting, "claims not read yet"
	case claims.Missed():
		claim.State, claim.Why = Blocked, claims.Err
		b.block(b.unreadable(home, claims.Err), claim.ID)
	case made:
		claim.State, work.State, work.After = Done, Ready, nil
	case h.claim == nil, making:
	case b.mine(h), h.claim.Dead(b.w.Now): // mine, and its answer got lost: nobody has the key
		claim.State, claim.After = After, []ID{stepID(Unclaim, v.Key(home), h.ends...)}
		b.unclaim(v, h)
	default:
		claim.State = Waiting
		claim.Why = fmt.Sprintf("another run (%s) is at it, and was there %.0f s ago", h.claim.Run, b.w.Now.Sub(h.claim.Alive).Seconds())
		b.wait(claim.ID, claim.Why, look)
	}
}
