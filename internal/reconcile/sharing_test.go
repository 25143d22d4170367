package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/world"
)

// sharedWith has the shop's image shared with so many accounts.
func (s *shop) sharedWith(n int) {
	v := s.d.Variants[0]
	v.Share = nil
	for i := range n {
		v.Share = append(v.Share, fmt.Sprintf("%012d", i))
	}
	s.d.Variants = []release.Variant{v}
}

// calls is what the reads of sharing in a plan cost: two for each account, two for public
// snapshots, one for each AMI and each snapshot.
func calls(p plan.Plan) (n int) {
	for _, q := range p.Look {
		switch q.Kind {
		case world.LookGrants:
			n += 2
		case world.LookAccess:
			n++
		}
	}
	return n
}

// TestSharingIsReadCheaply: by account or by attributes, whichever takes fewer calls.
func TestSharingIsReadCheaply(t *testing.T) {
	for name, c := range map[string]struct {
		accounts int
		change   func(*world.Image)
		want     int
	}{
		"nobody":                     {0, nil, 0},
		"one account, two calls":     {1, nil, 2},
		"many, by attributes":        {1000, nil, 2},
		"two, of four disks":         {2, func(i *world.Image) { i.Snapshots = []string{"snap-1", "snap-2", "snap-3", "snap-4"} }, 4},
		"nothing is there to be had": {1000, func(i *world.Image) { i.State = world.Pending }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.sharedWith(c.accounts)
			home(s.w, func(r *world.Region) { r.Grants = nil })
			if c.change != nil {
				s.image(c.change)
			}
			if n := calls(reconcile.Reconcile(s.d, s.w, s.r)); n != c.want {
				t.Errorf("%d calls, want %d", n, c.want)
			}
		})
	}
}

// TestPublicSnapshotsAreReadCheaply: to know which snapshots are public takes one call of a
// region more, or none where who has access is read by attributes.
func TestPublicSnapshotsAreReadCheaply(t *testing.T) {
	for name, c := range map[string]struct{ accounts, variants, want int }{
		"shared with nobody":               {0, 1, 2},
		"one account, by attributes":       {1, 1, 2},
		"two variants, one account":        {1, 2, 4},
		"many accounts, by attributes too": {1000, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.sharedWith(c.accounts)
			s.d.Variants[0].Public, s.d.Variants[0].PublicSnapshot = true, true
			for range c.variants - 1 {
				other := s.d.Variants[0]
				other.Image = "other"
				s.d.Variants = append(s.d.Variants, other)
			}
			home(s.w, func(r *world.Region) { r.Grants = nil })
			if n := calls(reconcile.Reconcile(s.d, s.w, s.r)); n != c.want {
				t.Errorf("%d calls, want %d", n, c.want)
			}
		})
	}
}

// TestPublicSnapshot: the snapshot becomes public before its AMI, once the gate is open; what
// could not be read is not taken for private, nor for public.
func TestPublicSnapshot(t *testing.T) {
	const snapshot, image = plan.ID("publish-snapshot/premium/amd64/us-east-1"), plan.ID("publish/premium/amd64/us-east-1")
	unread := world.Fact[[]string]{At: time.Unix(1, 0), Err: "InternalError: no"}
	for name, c := range map[string]struct {
		change          func(*shop)
		snapshot, image plan.State
	}{
		"both are private": {func(*shop) {}, plan.Ready, plan.Queued},
		"it is public":     {func(s *shop) { s.access([]string{"000000000000"}, []string{"000000000000", "all"}) }, plan.Done, plan.Ready},
		"only the AMI is":  {func(s *shop) { s.image(func(i *world.Image) { i.Public = true }) }, plan.Ready, plan.Done},
		"not all of it are": {func(s *shop) {
			s.access([]string{"000000000000"}, []string{"000000000000", "all"})
			s.image(func(i *world.Image) { i.Snapshots = []string{"snap-1", "snap-2"} })
			s.w.Access["snap-2"] = known(s.w.Now, []string{"000000000000"})
		}, plan.Ready, plan.Queued},
		"the gate is closed": {func(s *shop) { s.d.Targets = append(s.d.Targets, release.Target{Region: "eu-west-1", Required: true}) }, plan.Queued, plan.Queued},
		"it is not shared":   {func(s *shop) { s.access(nil, nil) }, plan.Queued, plan.Queued},
		"it was not read":    {func(s *shop) { s.w.Access["snap-1"] = unread }, plan.Queued, plan.Queued},
		"a schedule, and the AMI alone is public": {func(s *shop) {
			s.r.Unattended = true
			s.image(func(i *world.Image) { i.Public = true })
		}, plan.Blocked, plan.Done},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.sharedWith(1)
			s.d.Listings = nil
			s.d.Variants[0].Public, s.d.Variants[0].PublicSnapshot = true, true
			s.access([]string{"000000000000"}, []string{"000000000000"})
			c.change(s)
			p := reconcile.Reconcile(s.d, s.w, s.r)
			for id, want := range map[plan.ID]plan.State{snapshot: c.snapshot, image: c.image} {
				if step, _ := p.Step(id); step.State != want {
					t.Errorf("%s is %s (%s), want %s", id, step.State, step.Why, want)
				}
			}
		})
	}
}

// TestSharedByAttributes: an account that lacks the AMI or a snapshot of it is given both; an
// organization or everybody does not stand in for it.
func TestSharedByAttributes(t *testing.T) {
	both, one := []string{"000000000000", "000000000001"}, []string{"000000000000"}
	for name, c := range map[string]struct {
		image, snapshot []string
		want            []string
	}{
		"all are there":       {both, both, nil},
		"the AMI is missing":  {one, both, both[1:]},
		"a snapshot is":       {both, one, both[1:]},
		"everybody has it":    {[]string{"all"}, []string{"all"}, both},
		"somebody more may":   {append(slices.Clone(both), "999999999999"), both, nil},
		"nobody has anything": {nil, nil, both},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.sharedWith(2)
			s.access(c.image, c.snapshot)
			step, _ := reconcile.Reconcile(s.d, s.w, s.r).Step("share/premium/amd64/us-east-1")
			accounts := plan.As[plan.ShareImage](step.Action).Accounts
			if !slices.Equal(accounts, c.want) || (step.State == plan.Ready) != (c.want != nil) {
				t.Errorf("%s, with %v", step.State, accounts)
			}
		})
	}
}

// TestSharedWithOrganizations: an organization or unit that may not launch the AMI yet is given
// that, by its attribute alone; its snapshot is none of it, which a note says.
func TestSharedWithOrganizations(t *testing.T) {
	const account = "000000000000"
	organizations := []string{"arn:aws:organizations::123456789012:organization/o-a1b2c3d4e5", "arn:aws:organizations::123456789012:ou/o-a1b2c3d4e5/ou-ab12-11111111"}
	for name, c := range map[string]struct {
		image []string
		state plan.State
		want  plan.ShareImage
	}{
		"both have it":        {append([]string{account}, organizations...), plan.Done, plan.ShareImage{}},
		"one lacks it":        {[]string{account, organizations[0]}, plan.Ready, plan.ShareImage{Organizations: organizations[1:]}},
		"nobody has it":       {nil, plan.Ready, plan.ShareImage{Accounts: []string{account}, Organizations: organizations}},
		"it was not read":     {[]string{"unread"}, plan.Waiting, plan.ShareImage{}},
		"everybody is not it": {[]string{account, "all"}, plan.Ready, plan.ShareImage{Organizations: organizations}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.sharedWith(1)
			s.d.Variants[0].Organizations = organizations
			if !slices.Contains(c.image, "unread") {
				s.access(c.image, []string{account})
			}
			p := reconcile.Reconcile(s.d, s.w, s.r)
			step, _ := p.Step("share/premium/amd64/us-east-1")
			got := plan.As[plan.ShareImage](step.Action)
			if step.State != c.state || !slices.Equal(got.Accounts, c.want.Accounts) || !slices.Equal(got.Organizations, c.want.Organizations) {
				t.Errorf("%s, with %+v", step.State, got)
			}
			wantNote(t, p, "can launch it and not copy it: AWS shares snapshots with accounts only")
			if calls(p) != 0 && c.state != plan.Waiting || c.state == plan.Waiting && calls(p) != 2 {
				t.Errorf("%d calls", calls(p))
			}
		})
	}
}

// TestThrottledIsWaiting: what AWS refuses to be read for its rate is read again. It blocks
// nothing, and nothing is taken for absent.
func TestThrottledIsWaiting(t *testing.T) {
	missed := "RequestLimitExceeded: Request limit exceeded."
	for name, c := range map[string]struct {
		q      world.Query
		change func(*shop)
		step   plan.ID
	}{
		"images": {
			world.Query{Kind: world.LookImages, Region: "us-east-1"},
			func(s *shop) {
				home(s.w, func(r *world.Region) { r.Images = world.Fact[[]world.Image]{At: s.w.Now, Err: missed} })
			}, "copy/premium/amd64/us-east-1",
		},
		"grants": {
			world.Query{Kind: world.LookGrants, Region: "us-east-1", Account: "111111111111"},
			func(s *shop) {
				s.w.Regions["us-east-1"].Grants["111111111111"] = world.Fact[world.Grants]{At: s.w.Now, Err: missed}
			}, "share/premium/amd64/us-east-1",
		},
		"claims": {
			world.Query{Kind: world.LookClaims, Region: "us-east-1"},
			func(s *shop) {
				home(s.w, func(r *world.Region) { r.Claims = world.Fact[[]world.Claim]{At: s.w.Now, Err: missed} })
			}, "unclaim/premium/amd64/us-east-1",
		},
		"attributes": {
			world.Query{Kind: world.LookAccess, Region: "us-east-1", ID: "snap-1"},
			func(s *shop) {
				s.sharedWith(2)
				s.access(nil, nil)
				s.w.Access["snap-1"] = world.Fact[[]string]{At: s.w.Now, Err: missed}
			}, "share/premium/amd64/us-east-1",
		},
		"the listing": {
			world.Query{Kind: world.LookListing, Listing: "premium"},
			func(s *shop) {
				s.listing(func(l *world.Listing) { l.Entity = world.Fact[world.Entity]{At: s.w.Now, Err: missed} })
			}, listingStep,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, throttled := range []bool{true, false} {
				s := newShop(t)
				c.change(s)
				s.w.Throttled[c.q] = throttled
				p := reconcile.Reconcile(s.d, s.w, s.r)
				waits := slices.ContainsFunc(p.Waits, func(w plan.Wait) bool { return w.Query == c.q })
				step, _ := p.Step(c.step)
				if throttled != waits || throttled != (step.State == plan.Waiting) || throttled != (len(p.Blockers) == 0) {
					t.Errorf("throttled %v: %s is %s, waits %v, blockers %v", throttled, c.step, step.State, p.Waits, p.Blockers)
				}
			}
		})
	}
}
