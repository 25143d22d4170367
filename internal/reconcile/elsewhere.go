package reconcile

import (
	"cmp"

	"amiship/internal/record"
	"amiship/internal/world"
)

// Elsewhere is what a project has in a region that its catalog does not name: one that was
// taken out of it, mostly.
type Elsewhere struct {
	Region     string `json:"region"`
	AMIs       int    `json:"amis"`
	Public     int    `json:"public"`
	Snapshots  int    `json:"snapshots"`
	GiB        int    `json:"gib"`
	Parameters int    `json:"parameters"`
	Err        string `json:"error,omitempty"` // why it could not be read, or a part of it
}

// Nothing reports whether nothing was found, where a part could not be read.
func (e Elsewhere) Nothing() bool { return e.AMIs+e.Snapshots+e.Parameters == 0 }

// InRegions says what a project has in some regions: those in which there is something, or
// that could not be read.
func InRegions(project string, regions []string, w world.World) (out []Elsewhere) {
	for _, region := range regions {
		has := w.Regions[region]
		e := Elsewhere{Region: region, Err: cmp.Or(has.Images.Err, has.Snapshots.Err, has.Named.Err)}
		for _, i := range has.Images.Val {
			if i.Tag(record.TagProject) == project {
				e.AMIs++
				if i.Public {
					e.Public++
				}
			}
		}
		for _, s := range has.Snapshots.Val {
			e.Snapshots++
			e.GiB += s.Size
		}
		for _, p := range has.Named.Val.All {
			if p.Project == project {
				e.Parameters++
			}
		}
		if !e.Nothing() || e.Err != "" {
			out = append(out, e)
		}
	}
	return out
}
