package outside

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
	"amiship/internal/release"
)

// product is what Marketplace says of one, as far as buyers see it.
type product struct {
	Description struct{ ProductTitle, ProductCode, Visibility string }
	Versions    []struct {
		VersionTitle    string
		Sources         []struct{ Image, Architecture string }
		DeliveryOptions []struct {
			ID         string `json:"Id"`
			Visibility string
		}
	}
}

// productOf reads one as its owner.
func productOf(ctx context.Context, owner *awsapi.Clients, l release.Listing) (product, error) {
	out, err := owner.As(l.Role, l.ExternalID).Marketplace().DescribeEntity(ctx, &marketplacecatalog.DescribeEntityInput{
		Catalog: aws.String(marketplace.Catalog), EntityId: aws.String(l.Product),
	})
	if err != nil {
		return product{}, fmt.Errorf("describe the product %s: %w", l.Product, err)
	}
	var p product
	err = json.Unmarshal([]byte(aws.ToString(out.Details)), &p)
	return p, err
}

// ProductCode is the code that the AMIs of a product carry, and by which buyers
// find them.
func ProductCode(ctx context.Context, owner *awsapi.Clients, l release.Listing) (string, error) {
	p, err := productOf(ctx, owner, l)
	return p.Description.ProductCode, err
}

// shelf is one listing as its owner sees it.
type shelf struct {
	Audit
	release.Listing
	found []audit.Difference
	notes []string
	shown bool // it has the version
}

func (s *shelf) differs(what, want, got string) {
	s.found = append(s.found, audit.Difference{Image: s.Image, Arch: s.Arch, What: "listing " + s.Name + ": " + what, Want: want, Got: got})
}

// run compares what buyers see of a listing with the catalog: one version of the
// title, of the release's AMI, and public.
func (s *shelf) run(ctx context.Context) {
	p, err := productOf(ctx, s.Owner, s.Listing)
	if err != nil {
		s.differs(notRead, s.Product, awsapi.Text(err))
		return
	}
	amis, options, seen := p.of(s.Version.Title)
	switch {
	case len(amis) == 0 && s.notWanted(p) != "":
		s.notes = append(s.notes, fmt.Sprintf("listing %s has no version %q: %s", s.Name, s.Version.Title, s.notWanted(p)))
		return
	case len(amis) != 1 || len(seen) != 1:
		s.differs("version", fmt.Sprintf("one version %q", s.Version.Title), what(amis))
		return
	}
	if seen[0] != p.Description.Visibility && seen[0] != "Public" {
		s.differs("visibility", "Public", seen[0])
	}
	s.shown = true
	s.backedBy(ctx, amis[0])
	if seen[0] != "Restricted" {
		s.assessed(ctx, options[0])
	}
}

// of returns the AMIs of the versions of a title, and each delivery option with its visibility.
func (p product) of(title string) (amis, options, visibilities []string) {
	for _, v := range p.Versions {
		if v.VersionTitle != title {
			continue
		}
		for _, source := range v.Sources {
			amis = append(amis, source.Image)
		}
		for _, option := range v.DeliveryOptions {
			options, visibilities = append(options, option.ID), append(visibilities, option.Visibility)
		}
	}
	return amis, options, visibilities
}

// notWanted says why a listing that shows the latest skips the release.
func (s *shelf) notWanted(p product) string {
	if s.Only != release.OnlyLatestStable {
		return ""
	}
	if s.Desired.Version.Prerelease() {
		return "it is a pre-release"
	}
	read := s.ReadsTitle()
	for _, v := range p.Versions {
		if other, err := read(v.VersionTitle); err == nil && other.Compare(s.Desired.Version) > 0 {
			return "it has the newer " + other.Text
		}
	}
	return ""
}

// backedBy checks whether the version's AMI is the release's.
func (s *shelf) backedBy(ctx context.Context, ami string) {
	own, err := ownImages(ctx, s.Owner.As(s.Role, s.ExternalID).EC2(marketplace.Region), filter("image-id", ami))
	if err != nil {
		s.differs(notRead, "the AMI behind it", awsapi.Text(err))
		return
	}
	l := look{Audit: s.Audit}
	v := release.Variant{Image: s.Image, Arch: s.Arch}
	if !slices.ContainsFunc(own, func(i types.Image) bool { return l.isReleased(v, i) }) {
		s.differs("AMI", "the release's", ami)
	}
}

// listings checks all listings, and adds the findings.
func (a Audit) listings(ctx context.Context, seen *audit.Verified) error {
	for _, l := range a.Desired.Listings {
		s := shelf{Audit: a, Listing: l}
		s.run(ctx)
		seen.Findings, seen.Notes = append(seen.Findings, s.found...), append(seen.Notes, s.notes...)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(s.found) == 0 && s.shown {
			seen.Listings = append(seen.Listings, l.Name+": "+l.Version.Title)
		}
	}
	return nil
}
