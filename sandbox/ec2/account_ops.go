package ec2

import "amiship/sandbox/wire"

// accountOps are the operations of what an account has in a region: its zones and instance types, its settings.
type accountOps struct{ *core }

func (o accountOps) table() []wire.Operation {
	return []wire.Operation{
		look("DescribeRegions", describing, o.describeRegions),
		look("DescribeAvailabilityZones", describing, o.describeZones),
		look("DescribeAccountAttributes", describing, o.describeAccountAttributes),
		look("DescribeInstanceTypes", describing, o.describeTypes),
		look("DescribeInstanceTypeOfferings", describing, o.describeOfferings),
		look("GetImageBlockPublicAccessState", describing, o.getPublicBlock),
		change("EnableImageBlockPublicAccess", blocking, o.enablePublicBlock),
		change("DisableImageBlockPublicAccess", blocking, o.disablePublicBlock),
		look("GetSnapshotBlockPublicAccessState", describing, o.getSnapshotBlock),
		change("EnableSnapshotBlockPublicAccess", mutating, o.enableSnapshotBlock),
		change("DisableSnapshotBlockPublicAccess", mutating, o.disableSnapshotBlock),
		look("GetAllowedImagesSettings", describing, o.getAllowedImages),
		change("EnableAllowedImagesSettings", mutating, o.enableAllowedImages),
		change("DisableAllowedImagesSettings", mutating, o.disableAllowedImages),
		change("ReplaceImageCriteriaInAllowedImagesSettings", mutating, o.replaceCriteria),
		look("GetEbsEncryptionByDefault", describing, o.getEncryption),
		change("EnableEbsEncryptionByDefault", mutating, o.enableEncryption),
		change("DisableEbsEncryptionByDefault", mutating, o.disableEncryption),
		look("GetInstanceMetadataDefaults", describing, o.getMetadataDefaults),
		change("ModifyInstanceMetadataDefaults", mutating, o.modifyMetadataDefaults),
	}
}
