package ec2

import "amiship/sandbox/wire"

// snapshotOps are the operations of snapshots.
type snapshotOps struct{ *core }

func (o snapshotOps) table() []wire.Operation {
	return []wire.Operation{
		look("DescribeSnapshots", describing, o.describeSnapshots),
		look("DescribeSnapshotAttribute", describing, o.describeSnapshotAttribute),
		change("CreateSnapshot", permitting, o.createSnapshot),
		change("CopySnapshot", mutating, o.copySnapshot),
		change("ModifySnapshotAttribute", permitting, o.modifySnapshotAttribute),
		change("DeleteSnapshot", permitting, o.deleteSnapshot),
	}
}
