package world

// Verified is what was seen of a finished release: by its owner, and by a
// customer in another account.
type Verified struct {
	Project   string       `json:"project"`
	Tag       string       `json:"tag"`
	Owner     string       `json:"owner"`               // account id
	Customer  string       `json:"customer"`            // account id
	Withdrawn string       `json:"withdrawn,omitempty"` // why, of a release that was; it is to be out of everybody's reach
	AMIs      []Sight      `json:"amis"`                // each variant in each region, sorted by region
	Listings  []string     `json:"listings,omitempty"`  // that show the release, with the version's title
	Findings  []Difference `json:"findings"`
	Notes     []string     `json:"notes,omitempty"` // what is not wrong, but worth knowing
	Calls     int          `json:"calls"`
}

// Sight is one variant in one region.
type Sight struct {
	Region string `json:"region"`
	Image  string `json:"image"`
	Arch   string `json:"arch"`
	AMI    string `json:"ami,omitempty"` // empty: its owner has none, or could not be asked
	Unread bool   `json:"unread,omitempty"`
}

// Difference is something that is not as the release asks for it.
type Difference struct {
	Region string `json:"region,omitempty"`
	Image  string `json:"image,omitempty"` // empty: not of one variant
	Arch   string `json:"arch,omitempty"`
	What   string `json:"what"` // in a few words that fit into a table
	Want   string `json:"want"`
	Got    string `json:"got"`
}
