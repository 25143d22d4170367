package marketplace

import "amiship/sandbox/wire"

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

func notFound(format string, args ...any) error {
	return wire.Errorf("ResourceNotFoundException", format, args...)
}

// catalogName is the only catalog there is.
const catalogName = "AWSMarketplace"

func checkCatalog(name string) error {
	if name != catalogName {
		return invalid("The catalog '%s' is not supported. Use '%s'.", name, catalogName)
	}
	return nil
}

// Codes of problems that a change set ends with
// (docs/reference/aws.md#change-set-error-codes).
const (
	codeInput               = "INVALID_INPUT"
	codeProduct             = "INVALID_PRODUCT"
	codeAMIName             = "INVALID_AMI_NAME"
	codeAMI                 = "INVALID_AMI_ID"
	codeDuplicateTitle      = "DUPLICATE_VERSION_TITLE"
	codeTypeNotAvailable    = "RECOMMENDED_INSTANCE_TYPE_NOT_AVAILABLE"
	codeSystem              = "INCOMPATIBLE_OPERATING_SYSTEM"
	codeSystemName          = "INCOMPATIBLE_OPERATING_SYSTEM_NAME"
	codeSystemVersion       = "INCOMPATIBLE_OPERATING_SYSTEM_VERSION"
	codeProductCode         = "EXISTING_AMI_PRODUCT_CODE"
	codeArchitecture        = "INVALID_AMI_ARCHITECTURE"
	codeVirtualization      = "INVALID_AMI_VIRTUALIZATION_TYPE"
	codeIncompatible        = "INCOMPATIBLE_AMI"
	codeAssetMissing        = "ASSET_NOT_FOUND"
	codeAssetAccess         = "ASSET_ACCESS_EXCEPTION"
	codeScan                = "SCAN_ERROR"
	codeFPGA                = "MISSING_FPGA_INSTANCE_TYPE"
	codeMissingIDs          = "MISSING_DELIVERY_OPTION_IDS"
	codeInvalidIDs          = "INVALID_DELIVERY_OPTION_IDS"
	codeSeveralVersions     = "INVALID_DELIVERY_OPTIONS"
	codeNotPublic           = "INVALID_DELIVERY_OPTION"
	codeAllRestricted       = "ALL_DELIVERY_OPTIONS_RESTRICTED"
	codeSecurityGroup       = "INVALID_SECURITY_GROUP"
	codeVersionLimitReached = "VERSION_LIMIT_EXCEEDED" // ours: AWS's code for it is not known [?]
)

// Problem is why a change cannot be made: an ErrorDetail.
type Problem struct {
	Code, Message string
	Report        string `json:",omitempty"` // id of a findings file, whose URL is the message
	Control       string `json:",omitempty"` // that has failed in the assessment, if the world names one
}
