package outside

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/record"
	"amiship/internal/release"
)

// look is one region, as its owner and a customer see it.
type look struct {
	Audit
	release.Target
	owner, customer string // account ids

	own       []types.Image             // all that the owner has
	silent    error                     // why that is not known
	waiver    *record.Waiver            // in force: the release may skip the region
	snapshots map[string]types.Snapshot // those of the release's AMIs
	public    []types.Image             // what the customer finds by the release's names
	released  map[string]types.Image    // by variant: the one AMI that counts
	blind     bool                      // the customer could not be asked

	sights     []audit.Sight
	found      []audit.Difference
	candidates []audit.Difference // left over, unless a waiver keeps them
	notes      []string
}

// What a table says of what could not be read, and a finding of what is not there.
const (
	notRead = "not read"
	nothing = "nothing"
)

// read reads what one call shows of all variants.
func (l *look) read(ctx context.Context) {
	l.own, l.silent = l.Own.images(ctx, l.Owner, l.Region)
}

// run checks each variant.
func (l *look) run(ctx context.Context) {
	l.released = map[string]types.Image{}
	if l.silent != nil {
		l.unread("the owner's AMIs", l.silent)
		l.sightless()
		return
	}
	var err error
	if l.public, err = l.search(ctx); err != nil {
		l.blind = true
		l.unread("what a customer finds", err)
	}
	for _, v := range l.Desired.Variants {
		l.choose(v)
	}
	if l.snapshots, err = snapshots(ctx, l.Owner.EC2(l.Region), "self", l.released); err != nil {
		l.unread("snapshots", err)
	}
	for _, v := range l.Desired.Variants {
		l.variant(ctx, v)
	}
	l.copyable(ctx)
	l.parameters(ctx)
	l.leftOver(ctx)
}

// sightless lists the variants of a region that did not answer.
func (l *look) sightless() {
	for _, v := range l.Desired.Variants {
		l.sights = append(l.sights, audit.Sight{Region: l.Region, Image: v.Image, Arch: v.Arch, Unread: true})
	}
}

// unread notes what AWS did not tell; it is never taken for "there is none".
func (l *look) unread(what string, err error) {
	if l.waiver != nil {
		l.notes = append(l.notes, fmt.Sprintf("%s: %s not read: %s; %s", l.Region, what, awsapi.Text(err), l.optional()))
		return
	}
	l.found = append(l.found, audit.Difference{Region: l.Region, What: notRead, Want: what, Got: awsapi.Text(err)})
}

// differs notes what is wrong with a variant.
func (l *look) differs(v release.Variant, what, want, got string) {
	l.found = append(l.found, audit.Difference{
		Region: l.Region, Image: v.Image, Arch: v.Arch, What: what, Want: cmp.Or(want, nothing), Got: cmp.Or(got, nothing),
	})
}

// choose finds the variant's AMI among the owner's by its tags: an available
// one, and of several the oldest.
func (l *look) choose(v release.Variant) {
	var mine []types.Image
	for _, i := range l.own {
		if l.isReleased(v, i) {
			mine = append(mine, i)
		}
	}
	if len(mine) == 0 {
		return
	}
	best := slices.MinFunc(mine, func(x, y types.Image) int {
		return cmp.Or(rank(x)-rank(y), strings.Compare(aws.ToString(x.CreationDate), aws.ToString(y.CreationDate)),
			strings.Compare(aws.ToString(x.ImageId), aws.ToString(y.ImageId)))
	})
	l.released[v.Key("").Variant()] = best
	for _, i := range mine {
		if id := aws.ToString(i.ImageId); id != aws.ToString(best.ImageId) {
			l.differs(v, "second copy", "only "+aws.ToString(best.ImageId), id+", "+string(i.State))
		}
	}
}

func rank(i types.Image) int {
	if i.State == types.ImageStateAvailable {
		return 0
	}
	return 1
}

// isReleased: the tags of the release, and not failed.
func (l *look) isReleased(v release.Variant, i types.Image) bool {
	tags := tagsOf(i.Tags)
	for key, want := range map[string]string{
		record.TagProject: l.Desired.Project, record.TagTag: l.Desired.Tag, record.TagImage: v.Image,
		record.TagArch: v.Arch,
	} {
		if got, _ := record.ReadTag(tags[key]); got != want {
			return false
		}
	}
	stage, _ := record.ReadTag(tags[record.TagStage])
	return record.Released(stage) && i.State != types.ImageStateFailed
}

func tagsOf(list []types.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range list {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}

// variant compares one variant with the catalog.
func (l *look) variant(ctx context.Context, v release.Variant) {
	image, there := l.released[v.Key("").Variant()]
	id, hidden := aws.ToString(image.ImageId), false
	l.sights = append(l.sights, audit.Sight{Region: l.Region, Image: v.Image, Arch: v.Arch, AMI: id})
	switch {
	case there:
		for _, m := range imageMarks(l.Desired, v, image, l.Owner.Now()) {
			if m.what == deprecated && l.superseded(v) {
				l.notes = append(l.notes, fmt.Sprintf("%s: %s of %s/%s is %s: searches find a newer version", l.Region, id, v.Image, v.Arch, m.got))
				hidden = true
				continue
			}
			l.differs(v, m.what, m.want, m.got)
		}
		l.permissions(ctx, v, image)
		l.snapshotsOf(ctx, v, image)
	case l.Required:
		l.differs(v, "missing", fmt.Sprintf("an AMI %q", v.Name), "none with the release's tags")
	default:
		l.notes = append(l.notes, fmt.Sprintf("%s has no %s/%s; %s", l.Region, v.Image, v.Arch, l.optional()))
	}
	l.sameName(v, id)
	if !l.blind && !hidden {
		l.asCustomer(ctx, v, id)
	}
}

// sameName finds other AMIs of the owner's that have the public name: a
// customer who searches by name could not choose.
func (l *look) sameName(v release.Variant, id string) {
	for _, i := range l.own {
		other := aws.ToString(i.ImageId)
		if aws.ToString(i.Name) == v.Name && other != id && !l.isReleased(v, i) {
			l.differs(v, "name taken", fmt.Sprintf("no other AMI %q", v.Name), other)
		}
	}
}
