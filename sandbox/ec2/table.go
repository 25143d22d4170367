package ec2

import "amiship/sandbox/wire"

// Service is the table of operations.
func (e *EC2) Service() wire.Service {
	var ops []wire.Operation
	ops = append(ops, e.imageOperations()...)
	ops = append(ops, e.accountOperations()...)
	ops = append(ops, e.machineOperations()...)
	return wire.Service{Name: "ec2", Protocol: wire.EC2Query{}, Operations: ops}
}

func (e *EC2) imageOperations() []wire.Operation {
	return []wire.Operation{
		look("DescribeImages", describing, e.describeImages),
		look("DescribeImageAttribute", describing, e.describeImageAttribute),
		change("CopyImage", copying, e.copyImage),
		change("CreateImage", mutating, e.createImage),
		change("RegisterImage", mutating, e.registerImage),
		change("DeregisterImage", permitting, e.deregisterImage),
		change("ModifyImageAttribute", permitting, e.modifyImageAttribute),
		change("ResetImageAttribute", mutating, e.resetImageAttribute),
		change("EnableImageDeprecation", mutating, e.enableDeprecation),
		change("DisableImageDeprecation", mutating, e.disableDeprecation),
		change("EnableImage", mutating, e.enableImage),
		change("DisableImage", mutating, e.disableImage),
		change("EnableImageDeregistrationProtection", mutating, e.enableProtection),
		change("DisableImageDeregistrationProtection", mutating, e.disableProtection),
		look("ListImagesInRecycleBin", describing, e.listBin),
		change("RestoreImageFromRecycleBin", mutating, e.restoreImage),

		look("DescribeSnapshots", describing, e.describeSnapshots),
		look("DescribeSnapshotAttribute", describing, e.describeSnapshotAttribute),
		change("CreateSnapshot", permitting, e.createSnapshot),
		change("CopySnapshot", mutating, e.copySnapshot),
		change("ModifySnapshotAttribute", permitting, e.modifySnapshotAttribute),
		change("DeleteSnapshot", permitting, e.deleteSnapshot),

		change("CreateTags", tagging, e.createTags),
		change("DeleteTags", tagging, e.deleteTags),
		look("DescribeTags", describing, e.describeTags),
	}
}

func (e *EC2) accountOperations() []wire.Operation {
	return []wire.Operation{
		look("DescribeRegions", describing, e.describeRegions),
		look("DescribeAvailabilityZones", describing, e.describeZones),
		look("DescribeAccountAttributes", describing, e.describeAccountAttributes),
		look("DescribeVpcs", describing, e.describeVpcs),
		look("DescribeSubnets", describing, e.describeSubnets),
		look("DescribeInstanceTypes", describing, e.describeTypes),
		look("DescribeInstanceTypeOfferings", describing, e.describeOfferings),
		look("GetImageBlockPublicAccessState", describing, e.getPublicBlock),
		change("EnableImageBlockPublicAccess", blocking, e.enablePublicBlock),
		change("DisableImageBlockPublicAccess", blocking, e.disablePublicBlock),
		look("GetEbsEncryptionByDefault", describing, e.getEncryption),
		change("EnableEbsEncryptionByDefault", mutating, e.enableEncryption),
		change("DisableEbsEncryptionByDefault", mutating, e.disableEncryption),
	}
}

func (e *EC2) machineOperations() []wire.Operation {
	return []wire.Operation{
		change("CreateKeyPair", mutating, e.createKeyPair),
		change("ImportKeyPair", mutating, e.importKeyPair),
		look("DescribeKeyPairs", describing, e.describeKeyPairs),
		change("DeleteKeyPair", mutating, e.deleteKeyPair),

		change("CreateSecurityGroup", mutating, e.createSecurityGroup),
		look("DescribeSecurityGroups", describing, e.describeSecurityGroups),
		change("AuthorizeSecurityGroupIngress", mutating, e.authorizeIngress),
		change("RevokeSecurityGroupIngress", mutating, e.revokeIngress),
		change("DeleteSecurityGroup", mutating, e.deleteSecurityGroup),

		change("RunInstances", launching, e.runInstances),
		look("DescribeInstances", describing, e.describeInstances),
		look("DescribeInstanceStatus", describing, e.describeInstanceStatus),
		look("DescribeInstanceAttribute", describing, e.describeInstanceAttribute),
		change("ModifyInstanceAttribute", mutating, e.modifyInstanceAttribute),
		change("ModifyInstanceMetadataOptions", mutating, e.modifyMetadataOptions),
		change("StartInstances", launching, e.startInstances),
		change("StopInstances", mutating, e.stopInstances),
		change("RebootInstances", mutating, e.rebootInstances),
		change("TerminateInstances", permitting, e.terminateInstances),
		look("GetConsoleOutput", describing, e.getConsoleOutput),

		look("DescribeVolumes", describing, e.describeVolumes),
		change("DeleteVolume", mutating, e.deleteVolume),
	}
}
