package ec2

import (
	"slices"

	"amiship/sandbox/wire"
)

// Service has the operations of all subjects: each has its table in its own file.
func (e *EC2) Service() wire.Service {
	return wire.Service{Name: "ec2", Protocol: wire.EC2Query{}, Asks: asks, Operations: slices.Concat(
		imageOps{e.core}.table(), snapshotOps{e.core}.table(), tagOps{e.core}.table(),
		accountOps{e.core}.table(), networkOps{e.core}.table(), keyOps{}.table(),
		instanceOps{e.core}.table(), volumeOps{e.core}.table(),
	)}
}
