package awsapi

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Code returns the AWS error code in err, or "".
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Message is AWS's text of an error, without its code, or "".
func Message(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

// Text is err as a person reads it: what was tried, and AWS's code and text,
// without what the SDK puts between them.
func Text(err error) string {
	var api smithy.APIError
	var gone *CredentialsError
	switch {
	case errors.As(err, &gone):
		return gone.Error()
	case IsFullDisk(err):
		return "a disk of this machine is full: " + err.Error()
	case !errors.As(err, &api):
		return err.Error()
	}
	tried, _, _ := strings.Cut(err.Error(), "operation error ")
	tried, _, _ = strings.Cut(tried, "api error ")
	tried, _, _ = strings.Cut(tried, "https response error ")
	return tried + api.ErrorCode() + ": " + api.ErrorMessage()
}

// IsFullDisk reports whether a disk of this machine is full, or a user's quota of it.
func IsFullDisk(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func is(err error, codes ...string) bool { return slices.Contains(codes, Code(err)) }

// IsNotFound reports whether the thing that was named is not there.
func IsNotFound(err error) bool {
	return is(err, "InvalidAMIID.NotFound", "InvalidAMIID.Unavailable", "InvalidSnapshot.NotFound", "InvalidVolume.NotFound", "InvalidGroup.NotFound",
		"InvalidSecurityGroupID.NotFound", "InvalidGroupId.Malformed", "InvalidKeyPair.NotFound", "InvalidInstanceID.NotFound", "InvalidImageUsageReportId.NotFound", "ParameterNotFound")
}

// IsUnavailable reports whether an AMI is gone, or in a state in which AWS does not do this to
// it: the code alone does not tell which.
func IsUnavailable(err error) bool { return is(err, "InvalidAMIID.Unavailable") }

// IsDuplicateGroup reports whether a security group of that name exists.
func IsDuplicateGroup(err error) bool { return is(err, "InvalidGroup.Duplicate") }

// IsDuplicateKey reports whether a key pair of that name exists.
func IsDuplicateKey(err error) bool { return is(err, "InvalidKeyPair.Duplicate") }

// IsDuplicateRule reports whether a security group has such a rule already.
func IsDuplicateRule(err error) bool { return is(err, "InvalidPermission.Duplicate") }

// IsParameterThere reports whether a parameter that was to be new exists.
func IsParameterThere(err error) bool { return is(err, "ParameterAlreadyExists") }

// IsInUse reports whether something still hangs on what should be deleted.
func IsInUse(err error) bool {
	return is(err, "DependencyViolation", "InvalidGroup.InUse", "InvalidSnapshot.InUse")
}

// IsNoQuota reports whether Service Quotas has no value of a quota but its
// default.
func IsNoQuota(err error) bool { return is(err, "NoSuchResourceException") }

// IsQuotaAsked reports whether a request for the same quota is open.
func IsQuotaAsked(err error) bool { return is(err, "ResourceAlreadyExistsException") }

// IsEntityLocked reports whether a change set that is under way locks a product.
func IsEntityLocked(err error) bool { return EntityLocked(Code(err)) }

// EntityLocked is IsEntityLocked of an error code.
func EntityLocked(code string) bool { return code == "ResourceInUseException" }

// IsOverLimit reports whether an account has as much of something as it may have.
func IsOverLimit(err error) bool { return is(err, "ResourceLimitExceeded") }

// IsInvalid reports whether the Catalog API refuses a request as it is; so it
// does with one that rests on an older revision of a product.
func IsInvalid(err error) bool { return is(err, "ValidationException") }

// IsBadCredentials reports whether AWS rejects the credentials: unknown or
// expired.
func IsBadCredentials(err error) bool { return BadCredentials(Code(err)) }

// BadCredentials is IsBadCredentials of an error code.
func BadCredentials(code string) bool {
	return slices.Contains([]string{
		"AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException",
		"ExpiredToken", "ExpiredTokenException", "RequestExpired",
	}, code)
}

// isBadSignature reports whether AWS does not take a signature: for the key, or for
// when it was made.
func isBadSignature(err error) bool {
	return is(err, "AuthFailure", "SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed")
}

// IsRegionOff reports whether AWS answers as a region does that the account has not
// enabled: it knows no caller. Wrong keys get the same answer; a clock that is wrong
// does so only until the SDK has corrected it.
func IsRegionOff(err error) bool { return is(err, "AuthFailure") }

// Denied reports whether an error code says that the caller may not do this.
func Denied(code string) bool {
	return slices.Contains([]string{"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"}, code)
}

// IsNoCredentials reports whether the SDK found no credentials to sign with. If it was
// interrupted, or the service that issues them did not answer, that is not known; an
// instance's metadata is where it asks last, and does not answer where there is none.
func IsNoCredentials(err error) bool {
	var source *sourceError
	if !errors.As(err, &source) || Code(err) != "" || errors.Is(err, context.Canceled) {
		return false
	}
	return source.isMetadata() || Unreachable(err) == "" && !errors.Is(err, context.DeadlineExceeded)
}

// IsNoProfile reports whether the SDK's files lack the profile that was named.
func IsNoProfile(err error) bool {
	var missing config.SharedConfigProfileNotExistError
	return errors.As(err, &missing)
}

// IsNoSubnet reports whether there is no subnet of an id.
func IsNoSubnet(err error) bool {
	return is(err, "InvalidSubnetID.NotFound", "InvalidSubnetID.Malformed")
}

// NoCapacity is the code with which EC2 refuses to launch an instance of a type for which
// a zone has no capacity at the moment.
const NoCapacity = "InsufficientInstanceCapacity"

// NotInZone is the code with which EC2 refuses to launch an instance of a type that a zone does
// not offer.
const NotInZone = "Unsupported"

// IsNoCapacity reports whether EC2 has nothing in a zone on which an instance would run, so
// that another type, or another zone, may do.
func IsNoCapacity(err error) bool { return is(err, NoCapacity, NotInZone) }

// IsUnsupported reports whether EC2 does not do this, as an account has set it: launch an
// instance whose tokens are optional, if it enforces IMDSv2.
func IsUnsupported(err error) bool { return is(err, "UnsupportedOperation") }

// IsDryRun reports whether a dry run was allowed.
func IsDryRun(err error) bool { return is(err, "DryRunOperation") }

// IsThrottled reports whether AWS refused a call for its rate alone: the same call works
// later. The SDK has repeated it by then.
func IsThrottled(err error) bool {
	return is(err, "RequestLimitExceeded", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
		"RequestThrottledException", "TooManyRequestsException")
}

// IsTransient reports whether the same call may work later: throttling, AWS's
// own faults, connections that break, and answers that do not come whole.
func IsTransient(err error) bool {
	if IsThrottled(err) || is(err, "InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "InvalidAMIID.Unavailable") {
		return true
	}
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.HTTPStatusCode() >= 500 {
		return true
	}
	return Unreachable(err) != "" || garbled(err) == aws.TrueTernary
}

// garbled says of an answer that has no form, as what a proxy has cut short, that the
// call may be repeated.
func garbled(err error) aws.Ternary {
	var form *smithy.DeserializationError
	if errors.As(err, &form) && Code(err) == "" {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// Unreachable returns the address that did not answer, or "".
func Unreachable(err error) string {
	var silent *SilentError
	var sent *smithyhttp.RequestSendError
	var op *net.OpError
	var u *url.Error
	switch {
	case errors.As(err, &silent):
		return silent.Address
	case errors.Is(err, errSlow):
		return "AWS"
	case !errors.As(err, &sent) && !errors.As(err, &op) && !isTimeout(err):
		return ""
	}
	if errors.As(err, &u) {
		if parsed, perr := url.Parse(u.URL); perr == nil {
			return parsed.Scheme + "://" + parsed.Host
		}
	}
	return "AWS"
}

func isTimeout(err error) bool {
	var u *url.Error
	return errors.As(err, &u) && u.Timeout()
}
