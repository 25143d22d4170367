package ec2

import "amiship/sandbox/wire"

// limit is the size of an operation's token bucket
// (docs/reference/aws.md#ec2-throttling): tokens it holds, tokens a
// second. Each operation has a bucket of its own.
type limit struct{ max, refill float64 }

var (
	describing = limit{100, 20}
	mutating   = limit{50, 5}
	copying    = limit{100, 1}
	permitting = limit{100, 5} // ModifyImageAttribute, DeregisterImage, snapshots, TerminateInstances
	tagging    = limit{100, 10}
	launching  = limit{5, 2}
	blocking   = limit{1, 0.1} // Enable- and DisableImageBlockPublicAccess
)

func (l limit) bucket(name string) wire.Bucket {
	return wire.Bucket{Name: name, Max: l.max, Refill: l.refill}
}
