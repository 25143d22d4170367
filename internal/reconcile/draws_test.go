package reconcile_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// drawn is a world at random: one look at a release with a public and a private
// image in two regions, a listing, and all that can stand in its way.
type drawn struct {
	d release.Desired
	w world.World
	r plan.Run
	// Nearly everything is as it should be; nothing of the release is there.
	calm, empty bool
}

const (
	homeRegion  = "us-east-1"
	otherRegion = "eu-west-1"
)

// odds draws true once in so many times.
func odds(t *rand.Rand, one int) bool { return t.IntN(one) == 0 }

func pick[T any](t *rand.Rand, of ...T) T { return of[t.IntN(len(of))] }

func drawWorld(tb testing.TB, t *rand.Rand) drawn {
	d := desired(tb)
	d.Targets = d.Targets[1:] // eu-west-1, us-east-1
	d.Targets[0].Required = !odds(t, 4)
	d.Policy = release.Policy{BuildAnyway: odds(t, 3), Horizon: 12, Raise: odds(t, 3)}
	d.Untested = odds(t, 6)
	l := newShop(tb).d.Listings[0]
	l.Pending = pick(t, release.PendingWait, release.PendingCancel, release.PendingStop)
	l.Validate = odds(t, 4)
	if odds(t, 3) {
		l.Notes = []string{"notes"}
	}
	d.Listings = []release.Listing{l}
	s := drawn{d: d, w: world.New(), r: plan.NewRun("mine")}
	s.w.Now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	s.calm = !odds(t, 3)
	done := s.calm || !odds(t, 3) // most AMIs are there
	s.empty = odds(t, 8)
	for _, region := range []string{homeRegion, otherRegion} {
		s.region(t, region, done)
	}
	s.product(t)
	s.materials(t)
	s.r.Resubmit, s.r.Rebuild, s.r.Retest = odds(t, 5), odds(t, 8), odds(t, 8)
	return s
}

// trouble draws true once in so many times, and far more rarely where it is calm.
func (s *drawn) trouble(t *rand.Rand, one int) bool {
	if s.calm {
		one *= 8
	}
	return odds(t, one)
}

// fact is known, or unread, or was read in vain.
func fact[T any](t *rand.Rand, s *drawn, v T) world.Fact[T] {
	switch {
	case s.trouble(t, 20):
		return world.Fact[T]{}
	case s.trouble(t, 20):
		return world.Fact[T]{At: s.w.Now, Err: "InternalError: no"}
	}
	return world.Fact[T]{At: s.w.Now, Val: v}
}

func (s *drawn) region(t *rand.Rand, region string, done bool) {
	var images []world.Image
	granted := world.Grants{Images: map[string]bool{}, Snapshots: map[string]bool{}}
	public := world.Grants{Snapshots: map[string]bool{}}
	params := map[string]string{}
	for _, v := range s.d.Variants {
		if !s.empty && (done && !s.trouble(t, 12) || odds(t, 4)) {
			i := s.image(t, v, region, record.StageRelease)
			images = append(images, i)
			public.Snapshots[i.Snapshots[0]] = i.Public && !s.trouble(t, 5) || v.Public && odds(t, 4)
			if !s.trouble(t, 5) {
				granted.Images[i.ID], granted.Snapshots[i.Snapshots[0]] = true, true
			}
			if v.Image == "ce" && odds(t, 2) || s.trouble(t, 12) { // or another user has set it
				params["/p/ce"] = i.ID
			}
		}
		if region == homeRegion && !s.empty && (!done || odds(t, 2)) && odds(t, 2) {
			images = append(images, s.image(t, v, region, record.StageCandidate))
		}
		if s.trouble(t, 12) {
			i := s.image(t, v, region, record.StageRelease)
			i.ID, i.Tags = "ami-strange-"+v.Image, nil
			images = append(images, i)
		}
	}
	for n := range t.IntN(6) {
		images = append(images, s.older(t, region, n))
	}
	limits := world.Limits{Public: world.Quota{Limit: s.limit(t)}, AMIs: world.Quota{Limit: 50000}, Binned: t.IntN(2)}
	limits.Encrypted = s.trouble(t, 8)
	if s.trouble(t, 8) {
		limits.AMIs.Limit = len(images) + t.IntN(3)
	}
	if s.trouble(t, 4) {
		limits.BlockPublic = pick(t, world.BlockedByAccount, world.BlockedByPolicy)
	}
	if s.trouble(t, 12) {
		limits.BlockSnapshots = pick(t, world.BlockedByAccount, world.BlockedByPolicy)
	}
	if odds(t, 4) {
		status := pick(t, "PENDING", "CASE_OPENED", "DENIED", "CASE_CLOSED", "APPROVED")
		limits.Public.Requests = []world.QuotaRequest{{Status: status, Desired: 30, Created: s.w.Now, Updated: s.w.Now}}
	}
	s.w.Regions[region] = world.Region{
		Images: fact(t, s, images), Params: fact(t, s, params),
		Claims: fact(t, s, s.claims(t, region)), Limits: fact(t, s, limits),
		Grants:  map[string]world.Fact[world.Grants]{"111111111111": fact(t, s, granted), record.Everybody: fact(t, s, public)},
		Network: fact(t, s, s.network(t)), Types: fact(t, s, s.types(t)), Denied: fact(t, s, s.denied(t)),
	}
}

func (s *drawn) network(t *rand.Rand) map[string]world.Subnet {
	if s.trouble(t, 4) {
		return map[string]world.Subnet{"": {Missing: "there is no default VPC"}}
	}
	return nil
}

func (s *drawn) types(t *rand.Rand) map[string]world.InstanceType {
	if s.trouble(t, 12) {
		return nil
	}
	return map[string]world.InstanceType{"m7i.large": {Archs: []string{"amd64"}, Zones: []string{"a"}}}
}

func (s *drawn) denied(t *rand.Rand) map[string]string {
	if s.trouble(t, 2) {
		return map[string]string{pick(t, "ec2:CopyImage", "ec2:CreateTags", "ec2:ModifyImageAttribute", "ec2:DeregisterImage", "ec2:DeleteSnapshot"): "UnauthorizedOperation"}
	}
	return nil
}

func (s *drawn) limit(t *rand.Rand) int {
	if s.calm {
		return 5 + t.IntN(16)
	}
	return 2 + t.IntN(7)
}

func (s *drawn) image(t *rand.Rand, v release.Variant, region, stage string) world.Image {
	tags := s.d.OwnTags(v, stage)
	tags[record.TagInputs], tags[record.TagPackage], tags[record.TagBase] = "1:0123456789abcdef", "1:aa", "1:ami-base"
	name := v.Name
	if stage == record.StageCandidate {
		name = s.d.Owner(v).CandidateName("0123456789abcdef")
	}
	switch {
	case odds(t, 10):
	case s.trouble(t, 4):
		tags[record.TagTested] = record.TagValue(record.Verdict{Checks: v.ChecksDigest(), Why: "no"}.String())
	default:
		tags[record.TagTested] = record.TagValue(record.Verdict{OK: true, Checks: v.ChecksDigest()}.String())
	}
	if s.trouble(t, 25) {
		tags[record.TagImage] = "2:" + v.Image
	}
	state := world.Available
	if s.trouble(t, 4) {
		state = pick(t, world.Pending, world.Failed)
	}
	imds := "v2.0"
	if s.trouble(t, 4) {
		imds = ""
	}
	id := "ami-" + v.Image + "-" + region + "-" + stage
	return world.Image{
		ID: id, Name: name, Tags: tags, Arch: v.Arch, Snapshots: []string{"snap-" + v.Image + "-" + region}, Created: s.w.Now.Add(-time.Hour),
		State: state, IMDSSupport: imds,
		Public: stage == record.StageRelease && v.Public && odds(t, 2), Encrypted: odds(t, 12),
	}
}

// older is a public AMI of an earlier version, or the candidate of another release.
func (s *drawn) older(t *rand.Rand, region string, n int) world.Image {
	d := s.d
	d.Tag, d.Version = fmt.Sprintf("v1.%d.0", n), release.Version{Text: fmt.Sprintf("1.%d.0", n)}
	v := d.Variants[0]
	i := s.image(t, v, region, record.StageRelease)
	i.Tags, i.Name, i.State, i.Public = d.OwnTags(v, record.StageRelease), "ce "+d.Version.Text, world.Available, !odds(t, 4)
	i.ID, i.Created = fmt.Sprintf("ami-old-%d", n), s.w.Now.AddDate(0, -n-1, 0)
	if region == homeRegion && odds(t, 5) {
		i.Tags[record.TagStage], i.Public = record.TagValue(record.StageCandidate), false
	}
	return i
}

func (s *drawn) claims(t *rand.Rand, region string) []world.Claim {
	var out []world.Claim
	if region != homeRegion {
		return nil
	}
	for _, v := range s.d.Variants {
		for _, name := range []string{s.d.Owner(v).Name(), record.TestClaimName(s.d.Owner(v).Name())} {
			if !odds(t, 4) {
				continue
			}
			age := pick(t, time.Second, time.Hour)
			run := pick(t, "mine", "other", "other")
			watched := pick(t, 0, world.Renewal+time.Second)
			out = append(out, world.Claim{
				Group: "sg-" + name, Name: name, Run: run, Alive: s.w.Now.Add(-age), Tags: map[string]string{}, Read: s.w.Now, Since: s.w.Now.Add(-watched),
			})
		}
	}
	return out
}

func (s *drawn) product(t *rand.Rand) {
	l := s.d.Listings[0]
	shop := shop{d: s.d, w: s.w}
	s.w.Listings["premium"] = world.Listing{
		Entity: known(s.w.Now, world.Entity{Revision: "prod-aaaaaaaaaaaaa@7", Title: "Product", Visibility: "Public"}), Sets: known(s.w.Now, []world.ChangeSet(nil)),
	}
	for range t.IntN(3) {
		title := pick(t, "P 1.0.0", "P 1.1.0", "P 1.1.1", "P 1.2.0", "P 1.2.1", "P 1.2.2", "P 1.2.3", "P 1.3.0")
		ami := pick(t, "ami-premium-us-east-1-release", "ami-9")
		shop.version(title, ami, pick(t, "Public", "Public", "Restricted", "Limited"))
	}
	for n := range 1 + t.IntN(2) {
		id := fmt.Sprintf("cs%d", n)
		name := pick(t, "somebody's", listingStem+" add "+s.digest(l), listingStem+" add "+s.digest(l), listingStem+" validate "+s.digest(l))
		status := pick(t, world.Preparing, world.Applying, world.Succeeded, world.SetFailed, world.SetFailed, world.Cancelled, world.Cancelled)
		code := ""
		if status == world.SetFailed {
			code = pick(t, world.ClientError, world.ClientError, world.ServerFault)
		}
		shop.set(id, name, status, code)
		details := stranger
		details.Status = status
		if status == world.SetFailed {
			details = refusal("SCAN_ERROR", "no")
		}
		s.w.Sets[id] = fact(t, s, details)
		if odds(t, 3) {
			s.r.Approved = map[plan.ID]string{plan.ID("cancel/premium/" + id): plan.SeenSet(id, details)}
		}
	}
	if odds(t, 3) {
		s.d.Listings[0].Limit = 1
	}
	facts := s.w.Listings["premium"]
	facts.Entity, facts.Sets = fact(t, s, facts.Entity.Val), fact(t, s, facts.Sets.Val)
	facts.Notes = pick(t, []world.Fact[string]{{}, {At: s.w.Now, Err: "exit status 1"}, {At: s.w.Now, Val: "new"}}...)
	s.w.Listings["premium"] = facts
}

// digest is that of the version with the AMI that most draws have.
func (s *drawn) digest(l release.Listing) string {
	v := l.Version
	v.AMI = "ami-premium-us-east-1-release"
	return v.Digest()
}

func (s *drawn) materials(t *rand.Rand) {
	for _, v := range s.d.Variants {
		name := v.Image + "/" + v.Arch
		s.w.Packages[name] = fact(t, &drawn{w: s.w}, world.Package{Path: "p.deb", SHA256: "aa", Inputs: "0123456789abcdef"})
		s.w.Bases[name] = fact(t, &drawn{w: s.w}, world.Base{ID: "ami-base"})
	}
}

// TestDraws looks at many worlds once, and holds each plan against what AWS would
// say to it. It also counts: a promise about what never occurs is kept by accident.
func TestDraws(t *testing.T) {
	const draws = 5000
	seen := map[string]int{}
	for n := range draws {
		s := drawWorld(t, rand.New(rand.NewPCG(1, uint64(n))))
		p := reconcile.Reconcile(s.d, s.w, s.r)
		for _, wrong := range s.wrong(p) {
			t.Fatalf("draw %d: %s", n, wrong)
		}
		kinds := map[string]bool{}
		for _, b := range p.Blockers {
			kind, _, _ := strings.Cut(b.ID, "/")
			kinds["blocker "+kind] = true
		}
		for _, w := range p.Waits {
			kind, _, _ := strings.Cut(string(w.On), "/")
			kinds["wait "+kind] = true
		}
		for _, step := range p.Steps {
			kinds["state "+string(step.State)], kinds["kind "+string(step.Kind())] = true, true
		}
		for kind := range kinds {
			seen[kind]++
		}
	}
	for _, kind := range strings.Fields("name parameter package base region schema test quota amis network permission public-block snapshot-block encryption listing title versions pending cancelled changeset notes encrypted untested") {
		rare(t, seen, "blocker "+kind, draws)
	}
	for _, kind := range strings.Fields("build copy claim validate changeset unclaim") {
		rare(t, seen, "wait "+kind, draws)
	}
	for _, state := range []plan.State{plan.Done, plan.Ready, plan.Queued, plan.Waiting, plan.Blocked, plan.Skipped} {
		rare(t, seen, "state "+string(state), draws)
	}
	if t.Failed() {
		for _, kind := range slices.Sorted(maps.Keys(seen)) {
			t.Logf("%5d %s", seen[kind], kind)
		}
	}
}

func rare(t *testing.T, seen map[string]int, what string, draws int) {
	t.Helper()
	if seen[what] < draws/100 {
		t.Errorf("%s occurs in %d of %d draws, want 1 %%", what, seen[what], draws)
	}
}

// wrong holds the steps that would be done now against the world, by rules that
// share nothing with the plan.
func (s drawn) wrong(p plan.Plan) []string {
	var out []string
	public, copies := map[string]int{}, map[string]int{}
	for _, step := range p.Steps {
		if step.State != plan.Ready {
			continue
		}
		region := step.Target.Region
		facts := s.w.Regions[region]
		bad := func(why string) { out = append(out, fmt.Sprintf("%s is ready, and %s", step.ID, why)) }
		if region != "" && !facts.Images.Known() && step.Kind() != plan.Raise && step.Kind() != plan.Unclaim {
			bad("the region was not read")
		}
		switch step.Kind() {
		case plan.Copy:
			copies[region]++
		case plan.Claim:
			if why := s.notAllowed(); why != "" && !strings.HasSuffix(string(step.ID), "/test") && !s.d.Policy.BuildAnyway {
				bad(why)
			}
			if facts.Network.Known() && facts.Network.Val[""].Missing != "" && !strings.HasSuffix(string(step.ID), "/test") {
				bad("it has no network")
			}
		case plan.PublishSnapshot:
			if why := s.notPrepared(); why != "" {
				bad(why)
			}
			if facts.Limits.Known() && facts.Limits.Val.BlockSnapshots != "" {
				bad("snapshots can't be public there")
			}
		case plan.Publish:
			public[region]++
			if why := s.notPrepared(); why != "" {
				bad(why)
			}
			if i := s.find(region, step.Image().AMI); !facts.Grants[record.Everybody].Val.Snapshots[i.Snapshots[0]] {
				bad("its snapshot is private")
			}
		case plan.Unclaim:
			if c := s.claim(plan.As[plan.EndClaim](step.Action).Group); c.Run == "other" && (s.w.Now.Sub(c.Alive) < 2*time.Minute || c.Since.Equal(c.Read)) {
				bad("its run is alive, or was read once only")
			}
		case plan.Remove, plan.Demote:
			if i := s.find(region, step.Image().AMI); i.Public && step.Kind() == plan.Remove || i.Tags[record.TagProject] != "1:p" {
				bad(fmt.Sprintf("%+v is public, or not ours", i))
			}
		case plan.Cancel:
			if set := s.set(plan.As[plan.CancelChangeSet](step.Action).ChangeSet); set.Status != world.Preparing || s.r.Approved[step.ID] == "" {
				bad("the set is " + set.Status + ", or nobody approved")
			}
		case plan.Validate, plan.ChangeSet:
			s.submits(step, bad)
		}
	}
	for region, n := range copies {
		facts := s.w.Regions[region]
		n += len(facts.Images.Val) + facts.Limits.Val.Binned
		if limit := facts.Limits; limit.Known() && n > limit.Val.AMIs.Limit {
			out = append(out, fmt.Sprintf("there would be %d AMIs in %s, where %d may be", n, region, limit.Val.AMIs.Limit))
		}
	}
	for region, n := range public {
		facts := s.w.Regions[region]
		for _, i := range facts.Images.Val {
			if i.Public {
				n++
			}
		}
		if limit := facts.Limits; limit.Known() && n > limit.Val.Public.Limit {
			out = append(out, fmt.Sprintf("%d AMIs would be public in %s, where %d may be", n, region, limit.Val.Public.Limit))
		}
	}
	return out
}

// notAllowed says what a required region denies that every release does there, as far
// as regions were read: before anything is done, all are.
func (s drawn) notAllowed() string {
	for _, target := range s.d.Targets {
		for _, action := range []string{"ec2:CopyImage", "ec2:CreateTags"} {
			if text, denied := s.w.Regions[target.Region].Denied.Val[action]; denied && target.Required && s.empty && s.w.Regions[target.Region].Images.Known() {
				return action + " in " + target.Region + ": " + text
			}
		}
	}
	return ""
}

func (s drawn) submits(step plan.Step, bad func(string)) {
	facts := s.w.Listings["premium"]
	i := s.find(homeRegion, step.Image().AMI)
	switch {
	case !facts.Entity.Known() || !facts.Sets.Known():
		bad("the product was not read")
	case slices.ContainsFunc(facts.Sets.Val, func(c world.ChangeSet) bool { return c.Status == world.Preparing || c.Status == world.Applying }):
		bad("the product is locked")
	case slices.ContainsFunc(facts.Entity.Val.Versions, func(v world.Version) bool { return v.Title == "P 1.2.3" }):
		bad("there is a version of the title")
	case i.Encrypted || i.State != world.Available:
		bad("its AMI is encrypted, or not available")
	case s.notPrepared() != "":
		bad(s.notPrepared())
	}
	if _, _, ok := marketplace.ReadName(listingStem, plan.As[plan.SubmitChangeSet](step.Action).SetName); !ok {
		bad("its change set has the name " + plan.As[plan.SubmitChangeSet](step.Action).SetName)
	}
}

// notPrepared says what a required region lacks.
func (s drawn) notPrepared() string {
	for _, target := range s.d.Targets {
		if !target.Required {
			continue
		}
		facts := s.w.Regions[target.Region]
		for _, v := range s.d.Variants {
			ready := slices.ContainsFunc(facts.Images.Val, func(i world.Image) bool {
				return i.Tags[record.TagTag] == "1:v1.2.3" && i.Tag(record.TagImage) == v.Image && i.Tags[record.TagStage] == "1:release" &&
					i.State == world.Available && facts.Grants["111111111111"].Val.Images[i.ID]
			})
			if !ready {
				return target.Region + " is not prepared"
			}
		}
	}
	return ""
}

func (s drawn) find(region, id string) world.Image {
	for _, i := range s.w.Regions[region].Images.Val {
		if i.ID == id {
			return i
		}
	}
	return world.Image{}
}

func (s drawn) set(id string) world.ChangeSet {
	for _, c := range s.w.Listings["premium"].Sets.Val {
		if c.ID == id {
			return c
		}
	}
	return world.ChangeSet{}
}

func (s drawn) claim(group string) world.Claim {
	for _, c := range s.w.Regions[homeRegion].Claims.Val {
		if c.Group == group {
			return c
		}
	}
	return world.Claim{}
}
