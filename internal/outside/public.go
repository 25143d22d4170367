package outside

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/release"
)

// search is a customer's, by owner and name: of all variants in one call.
// Candidates have names of their own, which a search must not find either.
func (l *look) search(ctx context.Context) ([]types.Image, error) {
	var names []string
	for _, v := range l.Desired.Variants {
		names = append(append(names, v.Name), l.Desired.Owner(v).CandidatesPatterns()...)
	}
	var out []types.Image
	for some := range slices.Chunk(names, values) {
		found, err := images(ctx, l.Customer.EC2(l.Region), &ec2.DescribeImagesInput{Owners: []string{l.owner}, Filters: []types.Filter{filter("name", some...)}})
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// asCustomer compares what another account sees of a variant.
func (l *look) asCustomer(ctx context.Context, v release.Variant, id string) {
	var found []string
	for _, i := range l.public {
		if aws.ToString(i.Name) == v.Name {
			found = append(found, aws.ToString(i.ImageId))
			l.publicly(v, i)
		}
	}
	slices.Sort(found)
	switch {
	case v.Public:
		if want := one(id); !slices.Equal(found, want) && (id != "" || len(found) > 0) {
			l.differs(v, "public view", what(want), what(found))
		}
	case len(v.Organizations) > 0 && !slices.Contains(v.SharedIn(l.Region), l.customer): // it may be of one
	case len(found) > 0 && !slices.Contains(v.SharedIn(l.Region), l.customer):
		l.differs(v, "public view", nothing, what(found))
	case !slices.Contains(v.SharedIn(l.Region), l.customer):
		l.hidden(ctx, v, id)
	case !slices.Equal(found, one(id)):
		l.differs(v, "shared view", what(one(id)), what(found))
	}
}

// publicly compares what the customer's own description says.
func (l *look) publicly(v release.Variant, i types.Image) {
	var m marks
	m.same("public view", string(types.ImageStateAvailable), stateOf(i))
	m.same("public view", machine(v.Arch), string(i.Architecture))
	if v.Public && !aws.ToBool(i.Public) {
		m.same("public view", "public", "only shared with account "+l.customer)
	}
	for _, x := range m {
		l.differs(v, x.what, x.want, fmt.Sprintf("%s of %s", x.got, aws.ToString(i.ImageId)))
	}
}

// hidden requests a private AMI by its id, which a search by name might miss.
func (l *look) hidden(ctx context.Context, v release.Variant, id string) {
	if id == "" {
		return
	}
	out, err := l.Customer.EC2(l.Region).DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{id}})
	switch {
	case awsapi.IsNotFound(err), err == nil && len(out.Images) == 0:
	case err != nil:
		l.differs(v, notRead, "whether a customer sees "+id, awsapi.Text(err))
	default:
		l.differs(v, "public view", nothing, id+" by its id")
	}
}

func one(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// what a search found.
func what(ids []string) string {
	if len(ids) == 0 {
		return nothing
	}
	return list(ids)
}

// visibleCandidates are not for customers, who do not see the owner's tags.
func (l *look) visibleCandidates() {
	for _, i := range l.public {
		n := slices.IndexFunc(l.own, func(own types.Image) bool { return aws.ToString(own.ImageId) == aws.ToString(i.ImageId) })
		if n >= 0 && l.isCandidate(l.own[n]) {
			l.extra("public view", fmt.Sprintf("candidate %s %q", aws.ToString(i.ImageId), aws.ToString(i.Name)))
		}
	}
}

// copyable asks as the customer for the snapshots that are public. Their permissions do not
// say it: where the owner blocks all public sharing, no other account sees what they share.
func (l *look) copyable(ctx context.Context) {
	public := map[string]types.Image{}
	for _, v := range l.Desired.Variants {
		if i, there := l.released[v.Key("").Variant()]; there && v.PublicSnapshot {
			public[v.Key("").Variant()] = i
		}
	}
	if len(public) == 0 {
		return
	}
	seen, err := snapshots(ctx, l.Customer.EC2(l.Region), l.owner, public)
	if err != nil {
		l.unread("which snapshots a customer sees", err)
		return
	}
	for _, v := range l.Desired.Variants {
		for _, id := range snapshotIDs(public[v.Key("").Variant()]) {
			if _, there := seen[id]; !there {
				l.differs(v, "snapshot's public view", id, nothing+l.snapshotBlock(ctx))
			}
		}
	}
}

// snapshotBlock says what hides public snapshots of a region, if that can be read.
func (l *look) snapshotBlock(ctx context.Context) string {
	out, err := l.Owner.EC2(l.Region).GetSnapshotBlockPublicAccessState(ctx, &ec2.GetSnapshotBlockPublicAccessStateInput{})
	if err != nil || out.State != types.SnapshotBlockPublicAccessStateBlockAllSharing {
		return ""
	}
	return fmt.Sprintf(": block public access for snapshots is %s there; aws ec2 disable-snapshot-block-public-access --region %s ends that", out.State, l.Region)
}
