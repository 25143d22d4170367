package outside

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// withdrawn says why a release was: one AMI of it that is marked is enough. Else "".
func withdrawn(looks []*look) string {
	for _, l := range looks {
		for _, i := range l.own {
			tags := tagsOf(i.Tags)
			if l.ours(tags) && tags[record.TagStage] == record.TagValue(record.StageWithdrawn) {
				why, _ := record.ReadTag(tags[record.TagWhy])
				return cmp.Or(why, "no reason is given")
			}
		}
	}
	return ""
}

// recalled checks that no other account can use a withdrawn release.
func (a Audit) recalled(ctx context.Context, seen *audit.Verified, looks []*look) error {
	if err := each(ctx, looks, (*look).recall); err != nil {
		return err
	}
	for _, l := range looks {
		seen.AMIs = append(seen.AMIs, l.sights...)
		seen.Findings, seen.Notes = append(seen.Findings, l.found...), append(seen.Notes, l.notes...)
	}
	byPlace(seen.Findings)
	for _, l := range a.Desired.Listings {
		s := shelf{Audit: a, Listing: l}
		s.recall(ctx)
		seen.Findings, seen.Notes = append(seen.Findings, s.found...), append(seen.Notes, s.notes...)
	}
	return ctx.Err()
}

// recall checks every AMI of the release in a region, as its owner and as a
// customer, and the parameters that point at it.
func (l *look) recall(ctx context.Context) {
	if l.silent != nil {
		l.unread("the owner's AMIs", l.silent)
		l.sightless()
		return
	}
	var mine []types.Image
	for _, i := range l.own {
		if (l.ours(tagsOf(i.Tags)) || l.isCandidate(i)) && i.State != types.ImageStateFailed {
			mine = append(mine, i)
		}
	}
	for _, i := range mine {
		l.marked(i)
		l.closed(ctx, i)
	}
	l.outOfSight(ctx, mine)
	l.notLatest(ctx, mine)
}

// of is the variant that an AMI says it is.
func of(i types.Image) release.Variant {
	tags := tagsOf(i.Tags)
	image, _ := record.ReadTag(tags[record.TagImage])
	arch, _ := record.ReadTag(tags[record.TagArch])
	return release.Variant{Image: image, Arch: arch}
}

// marked: without the mark a run would publish it again.
func (l *look) marked(i types.Image) {
	v := of(i)
	l.sights = append(l.sights, audit.Sight{Region: l.Region, Image: v.Image, Arch: v.Arch, AMI: aws.ToString(i.ImageId)})
	if got, want := tagsOf(i.Tags)[record.TagStage], record.TagValue(record.StageWithdrawn); got != want {
		l.differs(v, "tag "+record.TagStage, strconv.Quote(want), strconv.Quote(got)+" of "+aws.ToString(i.ImageId))
	}
}

// closed: no other account may launch the AMI, or restore its snapshots. Which
// accounts may in a release is compared with one that is shared with none.
func (l *look) closed(ctx context.Context, i types.Image) {
	v := of(i)
	l.permissions(ctx, v, i)
	for _, id := range snapshotIDs(i) {
		l.restorers(ctx, v, id)
	}
}

// outOfSight: a customer, who knows the ids, sees none of them.
func (l *look) outOfSight(ctx context.Context, mine []types.Image) {
	byID := map[string]types.Image{}
	var ids []string
	for _, i := range mine {
		byID[aws.ToString(i.ImageId)] = i
		ids = append(ids, aws.ToString(i.ImageId))
	}
	for some := range slices.Chunk(ids, values) {
		found, err := images(ctx, l.Customer.EC2(l.Region), &ec2.DescribeImagesInput{
			Owners: []string{l.owner}, IncludeDeprecated: aws.Bool(true), Filters: []types.Filter{filter("image-id", some...)},
		})
		if err != nil {
			l.unread("what a customer finds", err)
			return
		}
		for _, i := range found {
			l.differs(of(byID[aws.ToString(i.ImageId)]), "public view", nothing, aws.ToString(i.ImageId))
		}
	}
}

// notLatest: what points at the latest version points at another, where there is
// one.
func (l *look) notLatest(ctx context.Context, mine []types.Image) {
	got, err := l.readParameters(ctx)
	if err != nil {
		l.unread("parameters", err)
		return
	}
	for _, v := range l.Desired.Variants {
		for _, p := range v.Parameters {
			ours := slices.ContainsFunc(mine, func(i types.Image) bool { return aws.ToString(i.ImageId) == got[p.Name] })
			switch {
			case !ours || !p.Latest:
			case l.another(v):
				l.differs(v, "parameter", p.Name+" = an AMI of another release", got[p.Name])
			default:
				l.notes = append(l.notes, fmt.Sprintf("%s in %s still names %s: no other release is there for customers", p.Name, l.Region, got[p.Name]))
			}
		}
	}
}

// another reports whether customers have another release of the variant.
func (l *look) another(v release.Variant) bool {
	return slices.ContainsFunc(l.own, func(i types.Image) bool {
		tags := tagsOf(i.Tags)
		project, _ := record.ReadTag(tags[record.TagProject])
		text, _ := record.ReadTag(tags[record.TagVersion])
		stage, _ := record.ReadTag(tags[record.TagStage])
		version, err := release.ParseVersion(text)
		same := of(i)
		return err == nil && project == l.Desired.Project && !l.ours(tags) && same.Image == v.Image && same.Arch == v.Arch &&
			record.Released(stage) && i.State == types.ImageStateAvailable && aws.ToBool(i.Public) == v.Public &&
			(!version.Prerelease() || l.Desired.Version.Prerelease())
	})
}

// recall says what buyers can still get: a withdrawal leaves that to an operator
// who passes --restrict.
func (s *shelf) recall(ctx context.Context) {
	p, err := productOf(ctx, s.Owner, s.Listing)
	if err != nil {
		s.differs(notRead, s.Product, awsapi.Text(err))
		return
	}
	if _, _, seen := p.of(s.Version.Title); slices.ContainsFunc(seen, func(how string) bool { return how != world.VisibleRestricted }) {
		s.notes = append(s.notes, fmt.Sprintf("listing %s still offers %q: amiship withdraw --restrict restricts it to existing buyers", s.Name, s.Version.Title))
	}
}
