package marketplace

import (
	"errors"
	"fmt"
	"regexp"
)

var (
	amiID        = regexp.MustCompile(`^ami-([a-zA-Z0-9]{8}|[a-zA-Z0-9]{17})$`)
	roleARN      = regexp.MustCompile(`^arn:aws:iam::([0-9]{12}):role/[a-zA-Z_0-9+=,.@\-/]+$`)
	userName     = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_-]{0,31}$`)
	instanceType = regexp.MustCompile(`^[a-z]+[0-9]+[a-z]*\.[0-9]*[a-z]+$`)
	productID    = regexp.MustCompile(`^(prod-([a-zA-Z0-9]{13}|[a-zA-Z0-9]{25})|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$`)
)

// CheckProduct says whether a text has the form of a product's id.
func CheckProduct(id string) error {
	return form(id, productID, "id of a product: prod- and 13 or 25 letters and digits, or a UUID")
}

// CheckRole says whether a text has the form of a role's ARN.
func CheckRole(arn string) error {
	return form(arn, roleARN, "ARN of a role, as arn:aws:iam::123456789012:role/AwsMarketplaceAmiIngestion is one")
}

// RoleAccount returns the account of a role's ARN, or "" if it is none.
func RoleAccount(arn string) string {
	if m := roleARN.FindStringSubmatch(arn); m != nil {
		return m[1]
	}
	return ""
}

func form(text string, re *regexp.Regexp, want string) error {
	switch {
	case text == "":
		return errors.New("is empty")
	case !re.MatchString(text):
		return fmt.Errorf("%q is no %s", text, want)
	}
	return nil
}
