package ec2

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"amiship/sandbox/wire"
)

type describeImagesIn struct {
	dry
	paging
	ExecutableBy      []string
	ImageIDs          []string `wire:"ImageId"`
	Owners            []string `wire:"Owner"`
	IncludeDeprecated bool
	IncludeDisabled   bool
	Filters           []filter `wire:"Filter"`
}

type describeImagesOut struct {
	NextToken string              `xml:"nextToken,omitempty"`
	Images    wire.List[xmlImage] `xml:"imagesSet"`
}

func (e *EC2) describeImages(c *wire.Call, in *describeImagesIn) (*describeImagesOut, error) {
	found, err := askedImages(c, in)
	if err != nil {
		return nil, err
	}
	views := make([]imageView, len(found))
	for i, im := range found {
		views[i] = e.imageView(c, im)
	}
	if views, err = imageFilters.keep(views, in.Filters); err != nil {
		return nil, err
	}
	views, next, err := page(c, in.paging, 1, views, func(v imageView) string { return v.ID })
	out := &describeImagesOut{NextToken: next, Images: wire.List[xmlImage]{}}
	for _, v := range views {
		out.Images = append(out.Images, v.xml())
	}
	return out, err
}

// askedImages returns the images that a request means, filters aside, by id.
func askedImages(c *wire.Call, in *describeImagesIn) ([]Image, error) {
	candidates, err := namedImages(c, in.ImageIDs)
	if err != nil {
		return nil, err
	}
	byID := len(in.ImageIDs) > 0
	return slices.DeleteFunc(candidates, func(im Image) bool {
		switch {
		case !ownedBy(c, im.Owner, in.Owners), !executableBy(c, im, in.ExecutableBy):
			return true
		case im.State(c.Now) == imageDisabled && !in.IncludeDisabled:
			return true
		}
		return im.deprecatedAt(c.Now) && im.Owner != c.Account.ID && !in.IncludeDeprecated && !byID
	}), nil
}

// namedImages returns the images with these ids, or all that the caller may see.
func namedImages(c *wire.Call, ids []string) ([]Image, error) {
	var out []Image
	if len(ids) == 0 {
		for _, im := range Images.All(c.Tx, c.Region) {
			if im.visible(c.Account.ID, c.Now) {
				out = append(out, im)
			}
		}
		return out, nil
	}
	var missing []string
	for _, id := range ids {
		if err := checkID("ami", id, "InvalidAMIID.Malformed"); err != nil {
			return nil, err
		}
		im, found := FindImage(c.Tx, c.Region, c.Account.ID, id)
		if !found {
			missing = append(missing, id)
		}
		out = append(out, im)
	}
	if len(missing) > 0 {
		return nil, imageNotFound(missing...)
	}
	slices.SortFunc(out, func(a, b Image) int { return compareIDs(a.ID, b.ID) })
	return slices.CompactFunc(out, func(a, b Image) bool { return a.ID == b.ID }), nil
}

func compareIDs(a, b string) int { return strings.Compare(a, b) }

// executableBy: self means an explicit permission for the caller; another
// account means the caller's own images shared with exactly that account
// (facts 2.6).
func executableBy(c *wire.Call, im Image, asked []string) bool {
	if len(asked) == 0 {
		return true
	}
	return slices.ContainsFunc(asked, func(a string) bool {
		switch {
		case a == "all":
			return im.Public
		case a == "self" || a == c.Account.ID:
			return slices.Contains(im.Users, c.Account.ID)
		}
		return im.Owner == c.Account.ID && slices.Contains(im.Users, a)
	})
}

// imageView is an image as one account sees it now.
type imageView struct {
	Image
	state, alias string
	own          bool
	tags         map[string]string
	launched     time.Time
	now          time.Time
}

func (e *EC2) imageView(c *wire.Call, im Image) imageView {
	return imageView{
		Image: im, state: im.State(c.Now), alias: aliasOf(c.Tx, im.Owner), own: im.Owner == c.Account.ID,
		tags: TagsOf(c.Tx, c.Region, c.Account.ID, im.ID), launched: e.shownLaunch(im, c.Now), now: c.Now,
	}
}

// shownLaunch is the newest launch that is old enough to be shown.
func (e *EC2) shownLaunch(im Image, now time.Time) time.Time {
	if !im.Launched.IsZero() && !now.Before(im.Launched.Add(e.set.LaunchDelay)) {
		return im.Launched
	}
	return im.LaunchedBefore
}

func (v imageView) eachMapping(get func(Mapping) string) []string {
	var out []string
	for _, m := range v.Mappings {
		out = append(out, one(get(m))...)
	}
	return out
}

func (v imageView) reasonCode() string {
	if v.state == imageFailed {
		return "Client.InternalError"
	}
	return ""
}

var imageFilters = filters[imageView]{
	by: map[string]func(imageView) []string{
		"architecture":  func(v imageView) []string { return one(v.Arch) },
		"creation-date": func(v imageView) []string { return one(wire.FormatTime(v.Created)) },
		"description":   func(v imageView) []string { return one(v.Description) },
		"ena-support":   func(v imageView) []string { return flag(v.ENA) },
		"block-device-mapping.delete-on-termination": func(v imageView) []string {
			return v.eachMapping(func(m Mapping) string { return strconv.FormatBool(!m.Keep) })
		},
		"block-device-mapping.device-name": func(v imageView) []string { return v.eachMapping(func(m Mapping) string { return m.Device }) },
		"block-device-mapping.snapshot-id": func(v imageView) []string {
			if v.state == imagePending {
				return nil
			}
			return v.Snapshots()
		},
		"block-device-mapping.volume-size": func(v imageView) []string {
			return v.eachMapping(func(m Mapping) string { return strconv.Itoa(m.Size) })
		},
		"block-device-mapping.volume-type": func(v imageView) []string { return v.eachMapping(func(m Mapping) string { return m.Type }) },
		"block-device-mapping.encrypted": func(v imageView) []string {
			return v.eachMapping(func(m Mapping) string { return strconv.FormatBool(m.Encrypted) })
		},
		"free-tier-eligible":   func(v imageView) []string { return flag(v.FreeTier) },
		"hypervisor":           func(imageView) []string { return one("xen") },
		"image-allowed":        func(imageView) []string { return flag(true) },
		"image-id":             func(v imageView) []string { return one(v.ID) },
		"image-type":           func(imageView) []string { return one("machine") },
		"is-public":            func(v imageView) []string { return flag(v.Public) },
		"manifest-location":    func(v imageView) []string { return one(v.Owner + "/" + v.Name) },
		"name":                 func(v imageView) []string { return one(v.Name) },
		"owner-alias":          func(v imageView) []string { return one(v.alias) },
		"owner-id":             func(v imageView) []string { return one(v.Owner) },
		"product-code":         func(v imageView) []string { return one(v.ProductCode) },
		"product-code.type":    func(v imageView) []string { return productType(v.ProductCode) },
		"root-device-name":     func(v imageView) []string { return one(v.RootDevice) },
		"root-device-type":     func(imageView) []string { return one("ebs") },
		"source-image-id":      func(v imageView) []string { return one(v.SourceImage) },
		"source-image-region":  func(v imageView) []string { return one(v.SourceRegion) },
		"source-instance-id":   func(v imageView) []string { return one(v.SourceInstance) },
		"sriov-net-support":    func(v imageView) []string { return one(v.SRIOV) },
		"state":                func(v imageView) []string { return one(v.state) },
		"state-reason-code":    func(v imageView) []string { return one(v.reasonCode()) },
		"state-reason-message": func(v imageView) []string { return one(v.Failed) },
		"virtualization-type":  func(v imageView) []string { return one(v.Virtualization()) },
	},
	tags:  func(v imageView) map[string]string { return v.tags },
	never: []string{"kernel-id", "platform", "ramdisk-id"},
}

func productType(code string) []string {
	if code == "" {
		return nil
	}
	return []string{"marketplace"}
}
