package ec2

import "amiship/sandbox/wire"

// instanceOps are the operations of instances.
type instanceOps struct{ *core }

func (o instanceOps) table() []wire.Operation {
	return []wire.Operation{
		change("RunInstances", launching, o.runInstances),
		change("CreateFleet", launching, o.createFleet),
		change("CreateLaunchTemplate", mutating, o.createLaunchTemplate),
		change("DeleteLaunchTemplate", mutating, o.deleteLaunchTemplate),
		look("DescribeInstances", describing, o.describeInstances),
		look("DescribeInstanceStatus", describing, o.describeInstanceStatus),
		look("DescribeInstanceAttribute", describing, o.describeInstanceAttribute),
		change("ModifyInstanceAttribute", mutating, o.modifyInstanceAttribute),
		change("ModifyInstanceMetadataOptions", mutating, o.modifyMetadataOptions),
		change("StartInstances", launching, o.startInstances),
		change("StopInstances", mutating, o.stopInstances),
		change("RebootInstances", mutating, o.rebootInstances),
		change("TerminateInstances", permitting, o.terminateInstances),
		look("GetConsoleOutput", describing, o.getConsoleOutput),
	}
}
