package sandbox

import _ "embed"

//go:embed world.yaml
var exampleWorld string

// ExampleWorld is a world file that has everything, with comments.
func ExampleWorld() string { return exampleWorld }
