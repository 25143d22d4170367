package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// copyStep brings the variant to a region under its public name. The build
// region gets a copy too: a candidate never becomes public itself.
func (b *builder) copyStep(v *variant, p *place) {
	key := p.key(v)
	s := Step{Required: p.Required, Action: Action{ID: stepID(Copy, key), Kind: Copy, Target: key, Name: v.Name}}
	images := b.own(p)
	made, haveMade := b.r.Made[s.ID]
	switch {
	case p.image != nil:
		b.haveImage(v, p, &s)
	case !images.Known():
		b.unread(&s, p, images.Err)
	case haveMade && p.inVain(made):
		b.copyAgain(v, p, &s, made)
	case haveMade && !made.Lost:
		s.State, s.AMI, s.Why = Waiting, made.AMI, "AWS does not show "+made.AMI+" yet"
		b.waitUnshown(s.ID, s.Why, p.query())
	case b.nameTaken(v, p, &s):
	case v.source == nil:
		s.State, s.After = After, v.prior
	default:
		b.beginCopy(v, p, &s, made)
	}
	p.copied = b.add(s)
	state := After
	if p.copied.State == Done {
		state = Ready
	}
	b.discard(key, p.failed, state)
}

func (b *builder) beginCopy(v *variant, p *place, s *Step, made Made) {
	s.State, s.From = Ready, *v.source
	s.Tags = b.madeNow(v, release.StageRelease, v.origin.Tags)
	s.Token = token(append([]string{"copy", v.source.AMI, s.Target.String()}, b.spent(p, made)...)...)
}

// A copy that ended failed is made again: so often, the first time so much later,
// which doubles.
const (
	mostCopies = 5
	vainCopy   = time.Minute
)

// inVain reports whether a copy of this run has ended failed.
func (p *place) inVain(made Made) bool {
	return slices.ContainsFunc(p.failed, func(i world.Image) bool { return i.ID == made.AMI })
}

// copyAgain: AWS may let one copy too many in a region fail [?]. Those under way
// end meanwhile.
func (b *builder) copyAgain(v *variant, p *place, s *Step, made Made) {
	n := len(p.failed)
	at := made.At.Add(vainCopy << (n - 1))
	switch {
	case n >= mostCopies:
		s.State, s.AMI, s.Why = Failed, made.AMI, fmt.Sprintf("%s ended failed, after %d others", made.AMI, n-1)
	case v.source == nil:
		s.State, s.After = After, v.prior
	case b.w.Now.Before(at):
		s.State, s.Why, s.Retry = Waiting, made.AMI+" ended failed; it is copied again", at
	default:
		b.beginCopy(v, p, s, made)
	}
}

// spent are the results of earlier tries that came to nothing.
func (b *builder) spent(p *place, made Made) []string {
	var ids []string
	for _, i := range p.failed {
		ids = append(ids, i.ID)
	}
	if made.Lost {
		ids = append(ids, made.AMI)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (b *builder) haveImage(v *variant, p *place, s *Step) {
	s.AMI = p.image.ID
	switch {
	case p.image.Schema() > release.Schema:
		s.State, s.Why = Blocked, p.image.ID+" was made by a newer Amiship than this one"
		b.block(Blocker{ID: "schema/" + s.Target.String(), Why: s.Why, Since: p.image.Created, Remedies: []Remedy{{
			Name: "update", Command: "amiship version", Cost: "use the version that made it, or a newer one",
		}}}, s.ID)
	case b.otherPackage(v, p.image) != "":
		s.State, s.Why = Blocked, b.otherPackage(v, p.image)
		b.block(packageDiffers(b.d.Tag, v.Variant, s.Why), s.ID)
	case p.image.State == world.Available:
		s.State = Done
	default:
		s.State, s.Why = Waiting, "AWS is copying "+p.image.ID
		b.wait(s.ID, s.Why, p.query())
	}
}

// unread: nothing is created in a region that could not be read. A required
// one blocks, a best-effort one is skipped.
func (b *builder) unread(s *Step, p *place, err string) {
	switch {
	case err == "":
		s.State, s.Why = Waiting, "not read yet"
	case p.Required:
		s.State, s.Why = Blocked, p.Region+" could not be read"
		b.block(b.unreadable(p.Region, err), s.ID)
	default:
		s.State, s.Why = Skipped, p.Region+" could not be read: "+err
	}
}

// nameTaken: an own AMI has the public name and is not ours. Two of a name
// would confuse every customer who searches by it.
func (b *builder) nameTaken(v *variant, p *place, s *Step) bool {
	for _, i := range b.imagesAt(p) {
		if i.Name != v.Name || i.State == world.Failed || b.isRelease(v, i) || b.rival(v.Variant, i) < 0 {
			continue
		}
		s.State, s.AMI = Blocked, i.ID
		s.Why = i.ID + " has the name " + v.Name + " and was not made by this release"
		if p.Required && p.account == "" {
			b.closed = append(b.closed, "name/"+s.Target.String())
		}
		b.block(Blocker{ID: "name/" + s.Target.String(), Why: s.Why + " (" + p.Region + ")", Since: i.Created, Remedies: []Remedy{{
			Name: "deregister", Command: "aws ec2 deregister-image --region " + p.Region + " --image-id " + i.ID,
			Cost: "whoever launches that AMI can't any more",
		}}}, s.ID)
		return true
	}
	return false
}

// shareStep gives the accounts of the variant what they may use: the AMI and
// its snapshots.
func (b *builder) shareStep(v *variant, p *place) {
	key := v.Key(p.Region)
	s := Step{Required: p.Required, State: Done, Action: Action{ID: stepID(Share, key), Kind: Share, Target: key, AMI: p.copied.AMI}}
	if len(v.SharedIn(p.Region)) == 0 {
		p.share = s
		return
	}
	switch {
	case p.copied.State == Skipped:
		s.State, s.Why = Skipped, p.copied.Why
	case p.copied.State != Done:
		s.State, s.After = After, []ID{p.copied.ID}
	default:
		b.missingGrants(v, p, &s)
	}
	p.share = b.add(s)
}

func (b *builder) missingGrants(v *variant, p *place, s *Step) {
	var unread []string
	for _, account := range v.SharedIn(p.Region) {
		switch g := b.w.Regions[p.Region].Grants[account]; {
		case g.Missed():
			unread = append(unread, account+": "+g.Err)
		case !g.Val.Covers(*p.image):
			s.Accounts = append(s.Accounts, account)
		}
	}
	switch {
	case len(unread) > 0:
		b.unread(s, p, "grants of "+strings.Join(unread, "; "))
	case len(s.Accounts) > 0:
		s.State, s.Snapshots, s.Seen = Ready, p.image.Snapshots, seen(*p.image)
	}
}
