package ec2

import "amiship/sandbox/wire"

// imageOps are the operations of AMIs.
type imageOps struct{ *core }

func (o imageOps) table() []wire.Operation {
	return []wire.Operation{
		look("DescribeImages", describing, o.describeImages),
		look("DescribeImageAttribute", describing, o.describeImageAttribute),
		change("CopyImage", copying, o.copyImage),
		change("CreateImage", mutating, o.createImage),
		change("RegisterImage", mutating, o.registerImage),
		change("DeregisterImage", permitting, o.deregisterImage),
		change("ModifyImageAttribute", permitting, o.modifyImageAttribute),
		change("ResetImageAttribute", mutating, o.resetImageAttribute),
		change("EnableImageDeprecation", mutating, o.enableDeprecation),
		change("DisableImageDeprecation", mutating, o.disableDeprecation),
		change("EnableImage", mutating, o.enableImage),
		change("DisableImage", mutating, o.disableImage),
		change("EnableImageDeregistrationProtection", mutating, o.enableProtection),
		change("DisableImageDeregistrationProtection", mutating, o.disableProtection),
		look("ListImagesInRecycleBin", describing, o.listBin),
		change("RestoreImageFromRecycleBin", mutating, o.restoreImage),
		look("DescribeImageReferences", describing, o.describeReferences),
		change("CreateImageUsageReport", mutating, o.createReport),
		look("DescribeImageUsageReports", describing, o.describeReports),
		look("DescribeImageUsageReportEntries", describing, o.describeReportEntries),
		change("DeleteImageUsageReport", mutating, o.deleteReport),
	}
}
