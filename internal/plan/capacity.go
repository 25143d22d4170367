package plan

import "time"

// Capacity is how many AMIs may become public in a region, and who wants to.
type Capacity struct {
	Region   string    `json:"region"`
	Limit    int       `json:"limit"`
	Default  bool      `json:"default"`        // the limit is AWS's own
	Used     int       `json:"used"`           // own public AMIs, deprecated ones and those in the Recycle Bin included
	Reserved int       `json:"reserved"`       // for releases that were begun before this one
	Needed   int       `json:"needed"`         // by this one, now
	Each     int       `json:"each"`           // by a release like this one
	Short    time.Time `json:"short,omitzero"` // since when there is too little: when the AMI was made that took the last of it
}

// Free is what is left for this release.
func (r Capacity) Free() int { return r.Limit - r.Used - r.Reserved }

// Missing is how many AMIs find no capacity.
func (r Capacity) Missing() int { return max(0, r.Needed-r.Free()) }

// Releases is how many more like this one a region has capacity for after it.
func (r Capacity) Releases() int {
	if r.Each == 0 {
		return 0
	}
	return max(0, r.Free()-r.Needed) / r.Each
}
