package reconcile

import (
	"slices"

	"amiship/internal/record"
	"amiship/internal/world"
)

// inventory are the AMIs of a place that this run has not removed, as one read shows them,
// indexed once for all decisions of a plan. It is never changed.
type inventory struct {
	all       []world.Image
	project   []*world.Image            // those that the project's tags name
	byID      map[string]int            // of all
	byName    map[string][]*world.Image // of all
	byTag     map[string][]*world.Image // of the project
	byVariant map[string][]*world.Image // of the project: "ce/amd64"
}

func newInventory(images []world.Image, project string, removed map[string]bool) *inventory {
	if len(removed) > 0 {
		images = slices.DeleteFunc(slices.Clone(images), func(i world.Image) bool { return removed[i.ID] })
	}
	inv := &inventory{all: images, byID: make(map[string]int, len(images)), byName: make(map[string][]*world.Image, len(images))}
	inv.byTag, inv.byVariant = map[string][]*world.Image{}, map[string][]*world.Image{}
	for n := range images {
		i := &images[n]
		inv.byID[i.ID] = n
		inv.byName[i.Name] = append(inv.byName[i.Name], i)
		if i.Tag(record.TagProject) != project {
			continue
		}
		inv.project = append(inv.project, i)
		tag, variant := i.Tag(record.TagTag), variantOf(i)
		inv.byTag[tag] = append(inv.byTag[tag], i)
		inv.byVariant[variant] = append(inv.byVariant[variant], i)
	}
	return inv
}

// variantOf is the variant that an AMI's tags name: "ce/amd64".
func variantOf(i *world.Image) string { return i.Tag(record.TagImage) + "/" + i.Tag(record.TagArch) }

// image returns the AMI of an id.
func (inv *inventory) image(id string) (world.Image, bool) {
	n, ok := inv.byID[id]
	if !ok {
		return world.Image{}, false
	}
	return inv.all[n], true
}
