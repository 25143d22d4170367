package world

// References are what of an account refers to its AMIs in a region
// (docs/reference/aws.md#image-references-and-usage).
type References struct {
	ByAMI  map[string][]string // ARNs
	Denied string              // what AWS said, if the caller may not ask
}
