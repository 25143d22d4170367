package reconcile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// pendingFor is a shop whose copy has been pending for a while, beside its candidate.
func pendingFor(t *testing.T, took time.Duration) *shop {
	t.Helper()
	s := newShop(t)
	s.d.Policy.ImageWithin, s.d.Untested, s.d.Listings = 6*time.Hour, true, nil
	v := s.d.Variants[0]
	candidate := world.Image{
		ID: "ami-candidate", Name: s.d.Owner(v).CandidateName("0123456789abcdef"), State: world.Available, IMDSSupport: "v2.0",
		Tags: s.d.OwnTags(v, record.StageCandidate), Created: s.w.Now.Add(-took - time.Hour), Snapshots: []string{"snap-2"}, Size: 20,
	}
	candidate.Tags[record.TagInputs] = "1:0123456789ab"
	s.image(func(i *world.Image) { i.State, i.Snapshots, i.Created = world.Pending, nil, s.w.Now.Add(-took) })
	home(s.w, func(r *world.Region) { r.Images.Val = append(r.Images.Val, candidate) })
	return s
}

// TestSlowCopy: a copy that is pending for longer than its size accounts for is a blocker, with
// its age; another copy may begin in its place, with another token. Elsewhere it is left out.
func TestSlowCopy(t *testing.T) {
	const id = plan.ID("copy/premium/amd64/us-east-1")
	for name, c := range map[string]struct {
		took   time.Duration
		change func(*shop)
		state  plan.State
		age    string
	}{
		"young":        {6 * time.Hour, func(*shop) {}, plan.Waiting, ""},
		"seven hours":  {7 * time.Hour, func(*shop) {}, plan.Blocked, "for 7 hours, more than 6 hours"},
		"three days":   {72 * time.Hour, func(*shop) {}, plan.Blocked, "for 3 days, more than 6 hours"},
		"best effort":  {72 * time.Hour, func(s *shop) { s.d.Targets[0].Required = false }, plan.Skipped, "for 3 days"},
		"no limit":     {72 * time.Hour, func(s *shop) { s.d.Policy.ImageWithin = 0 }, plan.Waiting, ""},
		"a large disk": {17 * time.Hour, func(s *shop) { s.candidate(func(i *world.Image) { i.Size = 300 }) }, plan.Waiting, ""},
		"that is late": {19 * time.Hour, func(s *shop) { s.candidate(func(i *world.Image) { i.Size = 300 }) }, plan.Blocked, "more than 18 hours"},
	} {
		t.Run(name, func(t *testing.T) {
			s := pendingFor(t, c.took)
			c.change(s)
			p := reconcile.Reconcile(s.d, s.w, s.r)
			step, _ := p.Step(id)
			if step.State != c.state || !strings.Contains(step.Why, c.age) {
				t.Fatalf("%s: %s", step.State, step.Why)
			}
			if c.state != plan.Blocked {
				return
			}
			bl := p.Blockers[0]
			if bl.ID != string(id) || !bl.Since.Equal(s.w.Now.Add(-c.took)) || len(bl.Remedies[0].Do) != 1 {
				t.Fatalf("%+v", bl)
			}
			act := bl.Remedies[0].Do[0]
			again := plan.As[plan.CopyImage](act)
			if again.AMI != "ami-1" || !again.Again || act.Guard.Image == "" || again.From.AMI != "ami-candidate" || again.Token == s.firstToken() {
				t.Errorf("%+v", act)
			}
		})
	}
}

// candidate changes the candidate of a shop.
func (s *shop) candidate(change func(*world.Image)) {
	home(s.w, func(r *world.Region) {
		r.Images.Val = slices.Clone(r.Images.Val)
		change(&r.Images.Val[1])
	})
}

// firstToken is that of the copy while there is none.
func (s *shop) firstToken() string {
	w := s.w
	w.Regions = map[string]world.Region{"us-east-1": s.w.Regions["us-east-1"]}
	home(w, func(r *world.Region) { r.Images.Val = r.Images.Val[1:] })
	step, _ := reconcile.Reconcile(s.d, w, s.r).Step("copy/premium/amd64/us-east-1")
	return plan.As[plan.CopyImage](step.Action).Token
}

// TestSlowCandidate: nor is the AMI of a build waited for without end.
func TestSlowCandidate(t *testing.T) {
	s := pendingFor(t, 72*time.Hour)
	s.candidate(func(i *world.Image) { i.State = world.Pending })
	home(s.w, func(r *world.Region) { r.Images.Val = r.Images.Val[1:] })
	p := reconcile.Reconcile(s.d, s.w, s.r)
	step, _ := p.Step("build/premium/amd64/us-east-1")
	if step.State != plan.Blocked || !strings.Contains(step.Why, "3 days") || len(p.Blockers) != 1 {
		t.Fatalf("%s: %s %v", step.State, step.Why, p.Blockers)
	}
	if do := p.Blockers[0].Remedies[0].Do; len(do) != 1 || do[0].Kind() != plan.Discard || do[0].Image().AMI != "ami-candidate" {
		t.Errorf("%+v", do)
	}
}

// TestSlowChangeSet: a change set of another user that is pending for longer than the product's took
// before is a blocker under every policy, before the AMI is built and after.
func TestSlowChangeSet(t *testing.T) {
	for name, c := range map[string]struct {
		took, before time.Duration // of the one before; 0: there is none
		slow         bool
	}{
		"young":                     {20 * time.Hour, 0, false},
		"for days":                  {72 * time.Hour, 0, true},
		"for longer than before":    {20 * time.Hour, 8 * time.Hour, true},
		"as long as before":         {20 * time.Hour, 20 * time.Hour, false},
		"others took minutes alone": {5 * time.Hour, time.Minute, false},
	} {
		for _, pending := range []string{release.PendingWait, release.PendingCancel, release.PendingStop} {
			for _, status := range []string{world.Preparing, world.Applying} {
				for _, built := range []bool{true, false} {
					s := newShop(t)
					s.theirs(pending, status)
					s.listing(func(l *world.Listing) {
						l.Sets.Val[0].Start = s.w.Now.Add(-c.took)
						if c.before > 0 {
							start := s.w.Now.Add(-200 * time.Hour)
							l.Sets.Val = append(l.Sets.Val, world.ChangeSet{ID: "cs0", Name: "old", Status: world.Succeeded, Start: start, End: start.Add(c.before)})
						}
					})
					if !built {
						home(s.w, func(r *world.Region) { r.Images.Val = nil })
					}
					p := reconcile.Reconcile(s.d, s.w, s.r)
					i := slices.IndexFunc(p.Blockers, func(b plan.Blocker) bool { return b.ID == "pending/premium" })
					decides := pending == release.PendingStop || pending == release.PendingCancel && status == world.Preparing
					if (i >= 0) != (c.slow || decides) {
						t.Errorf("%s, %s, %s, built %v: blockers %v", name, pending, status, built, p.Blockers)
					}
					if c.slow && i >= 0 && !decides && (!strings.Contains(p.Blockers[i].Why, "begun ") || p.Blockers[i].Remedies[len(p.Blockers[i].Remedies)-2].Name != "support") {
						t.Errorf("%s, %s, %s: %+v", name, pending, status, p.Blockers[i])
					}
				}
			}
		}
	}
}
