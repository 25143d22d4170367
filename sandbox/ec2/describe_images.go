package ec2

import (
	"cmp"
	"iter"
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

func (o imageOps) describeImages(c *wire.Call, in *describeImagesIn) (*describeImagesOut, error) {
	matches, err := imageFilters.matcher(in.Filters)
	if err := cmp.Or(err, checkOwners(c, in.Owners, "self"), checkOwners(c, in.ExecutableBy, "self", "all")); err != nil {
		return nil, err
	}
	ids, err := imageIDs(c, in)
	if err != nil {
		return nil, err
	}
	views, next, err := pageFrom(c, in.paging, 1, func(last string) iter.Seq[imageView] {
		return func(yield func(imageView) bool) {
			for id := range ids(last) {
				im, found := FindImage(c.Tx, c.Region, c.Account.ID, id)
				if !found || !asked(c, in, im) {
					continue
				}
				if v := o.imageView(c, im); matches(v) && !yield(v) {
					return
				}
			}
		}
	}, func(v imageView) string { return v.ID })
	out := &describeImagesOut{NextToken: next, Images: wire.List[xmlImage]{}}
	for _, v := range views {
		out.Images = append(out.Images, v.xml())
	}
	return out, err
}

// asked reports whether a request means an image, filters aside.
func asked(c *wire.Call, in *describeImagesIn, im Image) bool {
	switch {
	case !ownedBy(c, im.Owner, in.Owners), !executableBy(c, im, in.ExecutableBy):
		return false
	case im.State(c.Now) == imageDisabled && !in.IncludeDisabled:
		return false
	}
	return !im.deprecatedAt(c.Now) || im.Owner == c.Account.ID || in.IncludeDeprecated || len(in.ImageIDs) > 0
}

// imageIDs are those of the images that the request names, or of those that it may mean, from
// one on. None of these is kept here: there may be many of which few are wanted.
func imageIDs(c *wire.Call, in *describeImagesIn) (func(first string) iter.Seq[string], error) {
	if len(in.ImageIDs) > 0 {
		found, err := imagesOf(c, in.ImageIDs)
		return func(string) iter.Seq[string] {
			return func(yield func(string) bool) {
				for _, im := range found {
					if !yield(im.ID) {
						return
					}
				}
			}
		}, err
	}
	ways := waysOf(c, imageIndex, imageWords, "image", in.Filters)
	if len(in.Owners) > 0 {
		ways = append(ways, saying(c, imageIndex, ownerWords(c, in.Owners)...))
	}
	if len(in.ExecutableBy) > 0 {
		ways = append(ways, saying(c, imageIndex, userWords(c, in.ExecutableBy, wordUser+c.Account.ID)...))
	}
	return narrowest(saying(c, imageIndex, seenBy(c)...), ways...).ids, nil
}

// imagesOf returns the images with these ids, by id.
func imagesOf(c *wire.Call, ids []string) ([]Image, error) {
	return named(ids, imageNotFound, func(id string) (Image, bool, error) {
		im, found := FindImage(c.Tx, c.Region, c.Account.ID, id)
		return im, found, checkID("ami", id, "InvalidAMIID.Malformed")
	})
}

func compareIDs(a, b string) int { return strings.Compare(a, b) }

// executableBy: self means an explicit permission for the caller; another
// account means the caller's own images shared with exactly that account
// (docs/reference/aws.md#permissions-of-many-images-in-one-call).
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
	call     *wire.Call
	state    string
	own      bool
	launched time.Time
}

func (o imageOps) imageView(c *wire.Call, im Image) imageView {
	return imageView{
		Image: im, call: c, state: im.State(c.Now), own: im.Owner == c.Account.ID, launched: o.shownLaunch(im, c.Now),
	}
}

// What is in other tables is looked up for those that get so far.
func (v imageView) alias() string { return aliasOf(v.call.Tx, v.Owner) }

// allowed reports whether the account may use the image by its Allowed AMIs, or might if
// they were enabled.
func (v imageView) allowed() bool {
	a := stateOf(v.call).Allowed
	return a.State == "" || a.allows(v.call.Tx, v.call.Account.ID, v.Image)
}

func (v imageView) tags() map[string]string {
	return TagsOf(v.call.Tx, v.call.Region, v.call.Account.ID, v.ID)
}

// shownLaunch is the newest launch that is old enough to be shown.
func (k core) shownLaunch(im Image, now time.Time) time.Time {
	if !im.Launched.IsZero() && !now.Before(im.Launched.Add(k.set.LaunchDelay)) {
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
		"image-allowed":        func(v imageView) []string { return flag(v.allowed()) },
		"image-id":             func(v imageView) []string { return one(v.ID) },
		"image-type":           func(imageView) []string { return one("machine") },
		"is-public":            func(v imageView) []string { return flag(v.Public) },
		"manifest-location":    func(v imageView) []string { return one(v.Owner + "/" + v.Name) },
		"name":                 func(v imageView) []string { return one(v.Name) },
		"owner-alias":          func(v imageView) []string { return one(v.alias()) },
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
	tags:  imageView.tags,
	never: []string{"kernel-id", "platform", "ramdisk-id"},
}

func productType(code string) []string {
	if code == "" {
		return nil
	}
	return []string{"marketplace"}
}
