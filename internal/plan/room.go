package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// Room is how many AMIs may become public in a region, and who wants to.
type Room struct {
	Region   string
	Limit    int
	Default  bool      // the limit is AWS's own
	Used     int       // own public AMIs, deprecated ones and those in the Recycle Bin included
	Reserved int       // for releases that were begun before this one
	Needed   int       // by this one, now
	Each     int       // by a release like this one
	Short    time.Time `json:",omitzero"` // since when there is too little: when the AMI was made that took the room
}

// Free is what is left for this release.
func (r Room) Free() int { return r.Limit - r.Used - r.Reserved }

// Missing is how many AMIs find no room.
func (r Room) Missing() int { return max(0, r.Needed-r.Free()) }

// Releases is how many more like this one a region has room for after it.
func (r Room) Releases() int {
	if r.Each == 0 {
		return 0
	}
	return max(0, r.Free()-r.Needed) / r.Each
}

// room counts, once a region's limits and images are known.
func (b *builder) room(t release.Target) Room {
	limits, images := b.w.Regions[t.Region].Limits.Val, b.images(t.Region)
	r := Room{Region: t.Region, Limit: limits.Public.Limit, Default: limits.Public.Default, Used: limits.Binned, Reserved: b.reserved(t.Region)}
	public := slices.DeleteFunc(images, func(i world.Image) bool { return !i.Public })
	r.Used += len(public)
	for _, v := range b.variants {
		for _, p := range v.places {
			if !v.Public || p.Region != t.Region {
				continue
			}
			r.Each++
			if p.image == nil || !p.image.Public {
				r.Needed++
			}
		}
	}
	r.Needed += r.Each * b.r.Ahead
	r.Short = filled(made(public), r.Limit-r.Needed-r.Reserved-limits.Binned)
	return r
}

// filled is when things became more than so many; zero if they are not, or none may
// be there.
func filled(made []time.Time, most int) time.Time {
	if most < 0 || len(made) <= most {
		return time.Time{}
	}
	slices.SortFunc(made, time.Time.Compare)
	return made[most]
}

func made(images []world.Image) []time.Time {
	out := make([]time.Time, len(images))
	for n, i := range images {
		out[n] = i.Created
	}
	return out
}

// reserved is how many AMIs of releases that were begun before this one are still
// to become public in a region: the oldest comes first, and in every region.
func (b *builder) reserved(region string) int {
	n := 0
	for tag, r := range b.rivals {
		if !b.before(tag) {
			continue
		}
		for variant := range r.wants {
			if !b.isPublic(region, tag, variant) {
				n++
			}
		}
	}
	return n
}

// rival is a release that AWS has AMIs of.
type rival struct {
	born time.Time // when the first of them was made
	// wants are its public variants, if it is under way: those of which there are
	// candidates that have not failed their test.
	wants map[string]bool
}

// findRivals looks through the images of all regions, once for all.
func (b *builder) findRivals() {
	b.rivals = map[string]rival{}
	for region := range b.w.Regions {
		for _, i := range b.images(region) {
			tag := i.Tag(release.TagTag)
			r := b.rivals[tag]
			if r.born.IsZero() || i.Created.Before(r.born) {
				r.born = i.Created
			}
			if b.wantsRoom(i) {
				if r.wants == nil {
					r.wants = map[string]bool{}
				}
				r.wants[i.Tag(release.TagImage)+"/"+i.Tag(release.TagArch)] = true
			}
			b.rivals[tag] = r
		}
	}
}

// wantsRoom reports whether an AMI is the candidate of one that another release is
// to make public.
func (b *builder) wantsRoom(i world.Image) bool {
	verdict, tested := release.ReadVerdict(i.Tag(release.TagTested))
	return i.Tag(release.TagStage) == release.StageCandidate && i.Tag(release.TagPublic) != "" && i.Tag(release.TagTag) != b.d.Tag &&
		i.Tag(release.TagProject) == b.d.Project && i.State != world.Failed && (!tested || verdict.OK)
}

func (b *builder) isPublic(region, tag, variant string) bool {
	return slices.ContainsFunc(b.images(region), func(i world.Image) bool {
		return i.Public && i.Tag(release.TagTag) == tag && i.Tag(release.TagImage)+"/"+i.Tag(release.TagArch) == variant
	})
}

// before reports whether another release was begun before this one.
func (b *builder) before(tag string) bool {
	theirs, ours := b.rivals[tag].born, b.rivals[b.d.Tag].born
	switch {
	case theirs.IsZero():
		return false
	case ours.IsZero():
		return true
	}
	return cmp.Or(theirs.Compare(ours), cmp.Compare(tag, b.d.Tag)) < 0
}

// rooms finds the regions in which the release can't become public, before it is
// built. They are read only while something is to be published or copied there.
func (b *builder) rooms() {
	b.shut = map[string]Blocker{}
	b.findRivals()
	for _, t := range b.d.Targets {
		reg := b.w.Regions[t.Region]
		if reg.Off {
			b.shutRegion(t, b.unreadable(t.Region, reg.Images.Err))
		}
		if !reg.Images.Known() || !b.unfinished(t.Region) && b.r.Ahead == 0 {
			continue
		}
		limits := world.Query{Kind: world.LookLimits, Region: t.Region}
		need(b, limits, reg.Limits)
		if b.allPrepared() && b.w.Now.Sub(reg.Images.At) > freshFor {
			b.ask(world.Query{Kind: world.LookImages, Region: t.Region}) // somebody else may have published since
		}
		if err := cmp.Or(reg.Limits.Err, reg.Limits.Val.Public.Err); err != "" {
			b.plan.Notes = append(b.plan.Notes, "what may be public in "+t.Region+" is not known until it is tried: "+err)
		}
		if reg.Limits.Known() {
			r := b.room(t)
			if reg.Limits.Val.Public.Known() {
				b.plan.Rooms = append(b.plan.Rooms, r)
			}
			b.shutBy(t, r, reg.Limits.Val)
		}
	}
}

// unfinished reports whether something of the release is still to be copied or
// published in a region.
func (b *builder) unfinished(region string) bool {
	return slices.ContainsFunc(b.variants, func(v *variant) bool {
		return slices.ContainsFunc(v.places, func(p *place) bool {
			return p.Region == region && (p.image == nil || v.Public && !p.image.Public)
		})
	})
}

// shutBy notes what keeps a region from taking the release.
func (b *builder) shutBy(t release.Target, r Room, l world.Limits) {
	all, copies := b.allAMIs(t), b.copiesLeft(t.Region)
	switch {
	case l.Encrypted && copies > 0:
		b.keepOut(t, Blocker{
			ID: "encryption/" + t.Region, Why: "new snapshots in " + t.Region + " are encrypted by default: copies made there can be neither shared nor public, nor listed",
			Remedies: []Remedy{{
				Name: "off", Command: "aws ec2 disable-ebs-encryption-by-default --region " + t.Region, IAM: []string{"ec2:DisableEbsEncryptionByDefault"},
				Cost: "volumes and snapshots made there from then on are not encrypted unless somebody asks for it",
			}},
		})
	case l.AMIs.Known() && copies > 0 && all+copies > l.AMIs.Limit:
		b.keepOut(t, b.fullRegion(t, all, copies))
	case r.Needed == 0:
	case l.BlockPublic == world.BlockedByPolicy:
		b.shutRegion(t, Blocker{
			ID: "public-block/" + t.Region, Why: "a declarative policy of the organization keeps AMIs in " + t.Region + " from becoming public; the account has no switch for it",
			Remedies: []Remedy{{Name: "policy", Command: "ask who manages the organization's declarative policies for EC2", Cost: "AMIs of the account can be public there"}},
		})
	case l.BlockPublic != "":
		b.shutRegion(t, Blocker{
			ID: "public-block/" + t.Region, Why: "block public access for AMIs is on in " + t.Region,
			Remedies: []Remedy{{
				Name: "allow", Command: b.unblocking("public-block/"+t.Region, "allow"), IAM: []string{"ec2:DisableImageBlockPublicAccess"},
				Cost: "AMIs of the account can be public there; takes up to ten minutes",
				Do:   []Action{{ID: ID("allow/" + t.Region), Kind: Allow, Target: release.Key{Place: release.Place{Region: t.Region}}}},
			}},
		})
	case l.Public.Known() && r.Missing() > 0:
		b.shutRegion(t, b.quotaBlocker(r))
	}
}

// shutRegion: a required region that is shut holds the release; a best-effort one
// is left out.
func (b *builder) shutRegion(t release.Target, bl Blocker) {
	b.shut[t.Region] = bl
	if t.Required {
		b.closed = append(b.closed, bl.ID)
	}
	for _, r := range bl.Remedies {
		if r.Auto {
			for _, act := range r.Do {
				b.add(Step{State: Ready, Action: act})
			}
		}
	}
}

func (b *builder) quotaBlocker(r Room) Blocker {
	source := "quota"
	if r.Default {
		source = "AWS's default quota"
	}
	bl := Blocker{
		ID: "quota/" + r.Region, Have: max(0, r.Free()), Need: r.Needed, Since: r.Short,
		Why: fmt.Sprintf("%s: %d public AMIs needed, room for %d: %s %d, used %d", r.Region, r.Needed, max(0, r.Free()), source, r.Limit, r.Used),
	}
	if r.Reserved > 0 {
		bl.Why += fmt.Sprintf(", reserved for earlier releases %d", r.Reserved)
	}
	if n := b.adoptable(r.Region); n > 0 {
		bl.Remedies = append(bl.Remedies, Remedy{
			Name: "adopt", Command: "amiship adopt", IAM: []string{"ec2:CreateTags"},
			Cost: fmt.Sprintf("tags AMIs as the project's that look like it, %d public ones in %s; then they can be demoted", n, r.Region),
		})
	}
	want := r.Used + r.Reserved + r.Needed + r.Each*max(0, b.d.Policy.Horizon-1)
	bl.Remedies = append(bl.Remedies, b.raising(bl.ID, r.Region, publicAMIs, want), b.demoting(r))
	if r.Used > b.oursPublic(r.Region) {
		bl.Remedies = append(bl.Remedies, Remedy{
			Name: "look", Command: "aws ec2 describe-images --region " + r.Region + " --owners self --filters Name=is-public,Values=true",
			Cost: fmt.Sprintf("shows the %d that Amiship has not made, and does not touch", r.Used-b.oursPublic(r.Region)),
		})
	}
	return bl
}

// unblocking is the command that carries a remedy out; what a forecast found is
// there only as far ahead.
func (b *builder) unblocking(blocker, remedy string) string {
	command := "amiship unblock " + blocker + " " + remedy
	if b.r.Ahead > 0 {
		command += fmt.Sprintf(" --forecast %d", b.r.Ahead+1)
	}
	return command
}

// quiet is for how long nobody may have launched an AMI that is made private.
const quiet = 30 * 24 * time.Hour

// demoting makes room: the oldest public AMIs of the project become private, but
// for those that it keeps.
func (b *builder) demoting(r Room) Remedy {
	rem := Remedy{
		Name: "demote", Command: b.unblocking("quota/"+r.Region, "demote"),
		IAM: []string{"ec2:CreateTags", "ec2:DescribeImageAttribute", "ec2:ModifyImageAttribute"},
	}
	old := b.dispensable(r.Region)
	if len(old) < r.Missing() {
		rem.Command = ""
		rem.Cost = fmt.Sprintf("not enough: %d could be made private, %d are missing", len(old), r.Missing())
		return rem
	}
	for _, i := range old[:r.Missing()] {
		key := release.Key{Image: i.Tag(release.TagImage), Arch: i.Tag(release.TagArch), Place: release.Place{Region: r.Region}}
		act := replacing(Demote, key, i)
		act.Tags, act.Launched = staged(i, Demote, b.w.Now), Launched(i)
		rem.Do = append(rem.Do, act)
		rem.Cost += fmt.Sprintf("makes %s (%s, %s) private; ", i.Name, i.ID, launched(i, b.w.Now))
	}
	rem.Cost += "who has not launched them yet can't any more"
	return rem
}

func launched(i world.Image, now time.Time) string {
	if i.LastLaunched.IsZero() {
		return "never launched"
	}
	return fmt.Sprintf("last launched %d days ago", int(now.Sub(i.LastLaunched).Hours()/24))
}

// dispensable are the public AMIs of the project that could be made private, the
// oldest first: by the catalog's policy, if it has one.
func (b *builder) dispensable(region string) []world.Image {
	params := b.w.Regions[region].Params
	if b.hasParameters() && !params.Known() {
		return nil
	}
	goes := b.overdue(region)
	pointed := map[string]bool{}
	for _, ami := range params.Val {
		pointed[ami] = true
	}
	var out []world.Image
	for _, i := range b.images(region) {
		if i.Public && i.Tag(release.TagProject) == b.d.Project && i.Tag(release.TagTag) != b.d.Tag && i.Schema() <= release.Schema &&
			!pointed[i.ID] && goes(i) && !b.newestOf(region, i) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(x, y world.Image) int { return cmp.Or(x.Created.Compare(y.Created), cmp.Compare(x.ID, y.ID)) })
	return out
}

// overdue tells what the retention policy of the catalog does not keep. Without a
// policy it is what nobody has launched lately.
func (b *builder) overdue(region string) func(world.Image) bool {
	if b.d.Policy.Retention == nil {
		return func(i world.Image) bool { return b.w.Now.Sub(i.LastLaunched) >= quiet }
	}
	t := Retire{
		Project: b.d.Project, Regions: []string{region}, Listings: b.d.Listings, Parameters: b.hasParameters(), Policy: *b.d.Policy.Retention,
	}
	goes := map[string]bool{}
	for _, f := range t.fates(b) {
		goes[f.AMI] = !f.Kept
	}
	return func(i world.Image) bool { return goes[i.ID] }
}

// newestOf reports whether no public AMI of the same image is of a newer version.
func (b *builder) newestOf(region string, i world.Image) bool {
	mine, err := release.ParseVersion(i.Tag(release.TagVersion))
	if err != nil {
		return true // not to be told: it stays
	}
	return !slices.ContainsFunc(b.images(region), func(o world.Image) bool {
		if !o.Public || o.Tag(release.TagImage) != i.Tag(release.TagImage) || o.Tag(release.TagArch) != i.Tag(release.TagArch) || o.Tag(release.TagProject) != b.d.Project {
			return false
		}
		other, err := release.ParseVersion(o.Tag(release.TagVersion))
		return err == nil && other.Compare(mine) > 0
	})
}

func (b *builder) oursPublic(region string) int {
	n := 0
	for _, i := range b.images(region) {
		if i.Public && i.Tag(release.TagProject) == b.d.Project {
			n++
		}
	}
	return n
}
