package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// model is an AWS just large enough for plans: it shares no code with apply.
type model struct {
	now    time.Time
	next   int
	images map[string]map[string]*world.Image // region, id
	grants map[string]map[string]bool         // "account/id"
	claims map[string]*world.Claim            // by group
	params map[string]map[string]string
	tokens map[string]string // client token -> id
	down   map[string]bool
	fails  string          // why boot tests fail
	pkg    string          // digest of the package where it comes from
	mute   string          // why that can't be read
	quota  map[string]int  // of public AMIs, by region; none: plenty
	err    error           // the first rule that was broken
	d      release.Desired // whose AMIs are asked for; none: all are shown
}

func newModel() *model {
	return &model{
		now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), images: map[string]map[string]*world.Image{},
		grants: map[string]map[string]bool{}, claims: map[string]*world.Claim{}, params: map[string]map[string]string{},
		tokens: map[string]string{}, down: map[string]bool{}, quota: map[string]int{}, pkg: "aa",
	}
}

func (m *model) broken(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, args...)
	}
}

func (m *model) id(kind string) string {
	m.next++
	return fmt.Sprintf("%s-%04d", kind, m.next)
}

// add makes an image in a region.
func (m *model) add(region string, i world.Image) *world.Image {
	if m.images[region] == nil {
		m.images[region] = map[string]*world.Image{}
	}
	i.ID, i.Created = m.id("ami"), m.now
	i.Snapshots = []string{strings.Replace(i.ID, "ami", "snap", 1)}
	if i.Tags == nil {
		i.Tags = map[string]string{}
	}
	m.images[region][i.ID] = &i
	return &i
}

// answer fills in what the queries ask for.
func (m *model) answer(w *world.World, queries []world.Query) {
	for _, q := range queries {
		r := w.Regions[q.Region]
		at, err := m.now, ""
		if m.down[q.Region] {
			err = "InternalError: down"
		}
		switch q.Kind {
		case world.LookImages:
			r.Images = world.Fact[[]world.Image]{At: at, Err: err, Val: m.list(q.Region)}
		case world.LookRelease:
			r.Release = world.Fact[[]world.Image]{At: at, Err: err, Val: m.find(q.Region, func(i world.Image) bool { return m.d.Tagged(i.Tags) })}
		case world.LookNamesakes:
			r.Namesakes = world.Fact[[]world.Image]{At: at, Err: err, Val: m.find(q.Region, func(i world.Image) bool { return release.Named(m.d.Names(), i.Name) })}
		case world.LookPending:
			r.Pending = world.Fact[[]string]{At: at, Err: err}
			for _, i := range m.list(q.Region) {
				if i.State == world.Pending {
					r.Pending.Val = append(r.Pending.Val, i.ID)
				}
			}
		case world.LookGrants:
			if r.Grants == nil {
				r.Grants = map[string]world.Fact[world.Grants]{}
			}
			r.Grants = maps.Clone(r.Grants)
			r.Grants[q.Account] = world.Fact[world.Grants]{At: at, Err: err, Val: m.granted(q.Account)}
		case world.LookClaims:
			claims := world.Fact[[]world.Claim]{At: at, Err: err}
			for _, k := range slices.Sorted(maps.Keys(m.claims)) {
				claims.Val = append(claims.Val, *m.claims[k])
			}
			r.SawClaims(claims)
		case world.LookParams:
			r.Params = world.Fact[map[string]string]{At: at, Err: err, Val: maps.Clone(m.params[q.Region])}
		case world.LookLimits:
			r.Limits = world.Fact[world.Limits]{At: at, Err: err, Val: world.Limits{Public: world.Quota{Limit: m.limit(q.Region)}}}
		case world.LookNetwork:
			r.Network = world.Fact[map[string]world.Subnet]{At: at, Err: err}
		case world.LookTypes:
			r.Types = world.Fact[map[string]world.InstanceType]{At: at, Err: err, Val: map[string]world.InstanceType{"m7i.large": {Archs: []string{"amd64"}, Zones: []string{q.Region + "a"}}}}
		case world.LookMetadata:
			r.Metadata = world.Fact[world.MetadataDefaults]{At: at, Err: err}
		case world.LookDenied:
			r.Denied = world.Fact[map[string]string]{At: at, Err: err}
		case world.LookPackage:
			w.Packages[q.Variant] = world.Fact[world.Package]{At: at, Val: world.Package{Path: "p.deb", SHA256: m.pkg, Inputs: m.pkg + "23456789abcdef"}}
		case world.LookDigest:
			w.Digests[q.Variant] = world.Fact[string]{At: at, Err: m.mute, Val: m.pkg}
		case world.LookBase:
			w.Bases[q.Variant] = world.Fact[world.Base]{At: at, Val: world.Base{ID: "ami-base", Name: "base"}}
		}
		w.Regions[q.Region] = r
	}
	w.Now = m.now
}

// find are the images of a region that a filter finds.
func (m *model) find(region string, finds func(world.Image) bool) []world.Image {
	return slices.DeleteFunc(m.list(region), func(i world.Image) bool { return m.d.Tag != "" && !finds(i) })
}

func (m *model) list(region string) []world.Image {
	var out []world.Image
	for _, k := range slices.Sorted(maps.Keys(m.images[region])) {
		i := *m.images[region][k]
		i.Tags = maps.Clone(i.Tags)
		out = append(out, i)
	}
	return out
}

func (m *model) granted(account string) world.Grants {
	g := world.Grants{Images: map[string]bool{}, Snapshots: map[string]bool{}}
	for id := range m.grants[account] {
		if strings.HasPrefix(id, "ami") {
			g.Images[id] = true
		} else {
			g.Snapshots[id] = true
		}
	}
	return g
}

// do carries out an action as AWS would; the result is what it returns.
func (m *model) do(act plan.Action, run string) string {
	region := act.Target.Region
	switch act.Kind() {
	case plan.Claim:
		name := plan.As[plan.TakeClaim](act).Claim
		for _, c := range m.claims {
			if c.Name == name {
				m.broken("a second claim %s", name)
			}
		}
		g := m.id("sg")
		m.claims[g] = &world.Claim{Group: g, Name: name, KeyPair: name, Run: run, Alive: m.now, Tags: maps.Clone(act.Tags())}
		return g
	case plan.Build:
		return m.add(region, world.Image{Name: act.Image().Name, State: world.Available}).ID
	case plan.Adopt:
		maps.Copy(m.images[region][act.Image().AMI].Tags, act.Tags())
	case plan.Unclaim:
		delete(m.claims, plan.As[plan.EndClaim](act).Group)
	case plan.Copy:
		return m.copied(act)
	case plan.Share:
		for _, a := range plan.As[plan.ShareImage](act).Accounts {
			if m.grants[a] == nil {
				m.grants[a] = map[string]bool{}
			}
			m.grants[a][act.Image().AMI] = true
			for _, s := range act.Image().Snapshots {
				m.grants[a][s] = true
			}
		}
	case plan.PublishSnapshot:
		if m.grants[record.Everybody] == nil {
			m.grants[record.Everybody] = map[string]bool{}
		}
		for _, s := range act.Image().Snapshots {
			m.grants[record.Everybody][s] = true
		}
	case plan.Publish:
		if s := m.images[region][act.Image().AMI].Snapshots[0]; !m.grants[record.Everybody][s] {
			m.broken("%s makes an AMI public before its snapshot", act.ID)
		}
		m.images[region][act.Image().AMI].Public = true
		if n := m.public(region); n > m.limit(region) {
			m.broken("%s makes %d AMIs public in %s, where %d may be", act.ID, n, region, m.limit(region))
		}
	case plan.Parameter:
		p := plan.As[plan.PutParameter](act)
		if m.params[region] == nil {
			m.params[region] = map[string]string{}
		}
		m.params[region][p.Name] = p.Value
		if i := m.images[region][p.Value]; i == nil || !i.Public {
			m.broken("parameter %s points at %s, which is not public", p.Name, p.Value)
		}
	case plan.IMDS:
		m.images[region][act.Image().AMI].IMDSSupport = plan.As[plan.RequireIMDS](act).Support
	case plan.Test:
		m.test(act, run)
	case plan.Demote:
		m.images[region][act.Image().AMI].Public = false
	case plan.Remove, plan.Discard:
		if m.images[region][act.Image().AMI].Public {
			m.broken("%s removes %s, which is public", act.ID, act.Image().AMI)
		}
		delete(m.images[region], act.Image().AMI)
	}
	return ""
}

// plenty is the quota where a test has none.
const plenty = 1000

func (m *model) limit(region string) int {
	if n, ok := m.quota[region]; ok {
		return n
	}
	return plenty
}

func (m *model) public(region string) int {
	n := 0
	for _, i := range m.images[region] {
		if i.Public {
			n++
		}
	}
	return n
}

// test writes the verdict of the model: ok, unless it is told otherwise.
func (m *model) test(act plan.Action, run string) {
	held := slices.ContainsFunc(slices.Collect(maps.Values(m.claims)), func(c *world.Claim) bool { return c.Name == plan.As[plan.BootTest](act).Claim && c.Run == run })
	if !held {
		m.broken("%s tests without a claim", act.ID)
	}
	v := record.Verdict{OK: m.fails == "", Checks: release.Variant{}.ChecksDigest(), Why: m.fails}
	m.images[act.Target.Region][act.Image().AMI].Tags[record.TagTested] = record.TagValue(v.String())
}

func (m *model) copied(act plan.Action) string {
	c := plan.As[plan.CopyImage](act)
	src := m.images[c.From.Region][c.From.AMI]
	if src == nil || src.State != world.Available {
		m.broken("copy of %s, which is not there", c.From.AMI)
	}
	if v, _ := record.ReadVerdict(src.Tag(record.TagTested)); src != nil && !v.OK {
		m.broken("copy of %s, which was not tested", c.From.AMI)
	}
	if id, ok := m.tokens[c.Token]; ok {
		return id
	}
	i := m.add(act.Target.Region, world.Image{Name: c.Name, State: world.Pending, Tags: maps.Clone(act.Tags())})
	m.tokens[c.Token] = i.ID
	return i.ID
}

// settle ends the copies that are pending.
func (m *model) settle(state string) {
	for _, byID := range m.images {
		for _, i := range byID {
			if i.State == world.Pending {
				i.State = state
			}
		}
	}
}

// released are the images of a release in a region that can be launched.
func (m *model) released(region string) []world.Image {
	return slices.DeleteFunc(m.list(region), func(i world.Image) bool {
		return i.Tag(record.TagStage) != record.StageRelease || i.State != world.Available
	})
}
