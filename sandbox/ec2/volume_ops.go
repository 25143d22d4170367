package ec2

import "amiship/sandbox/wire"

// volumeOps are the operations of volumes.
type volumeOps struct{ *core }

func (o volumeOps) table() []wire.Operation {
	return []wire.Operation{
		look("DescribeVolumes", describing, o.describeVolumes),
		change("CreateVolume", mutating, o.createVolume),
		change("DeleteVolume", mutating, o.deleteVolume),
	}
}
