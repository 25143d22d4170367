package marketplace

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is something in a version that Marketplace would refuse. Field is its
// name in a catalog: "security_groups[0].from_port".
type Fault struct{ Field, Text string }

// What the API takes: docs/reference/aws.md#startchangeset and
// docs/reference/aws.md#adddeliveryoptions. Texts are counted in code points.
const (
	maxDetails        = 16384
	maxTitle          = 64
	maxReleaseNotes   = 30000
	maxUsage          = 4000
	maxOS             = 100
	maxPath           = 2000
	maxSecurityGroups = 25
	maxRanges         = 5
)

// anyAMI is as long as the id of a future AMI.
const anyAMI = "ami-00000000000000000"

// checker collects faults.
type checker struct{ faults []Fault }

func (c *checker) add(field, format string, args ...any) {
	c.faults = append(c.faults, Fault{field, fmt.Sprintf(format, args...)})
}

func (c *checker) note(field string, err error) {
	if err != nil {
		c.add(field, "%v", err)
	}
}

// Check returns everything in a version that Marketplace would refuse. An
// empty AMI or empty release notes are not known yet, and not checked.
func (v Version) Check() []Fault {
	c := &checker{}
	c.note("title", checkText(v.Title, maxTitle))
	if v.ReleaseNotes != "" {
		c.note("release_notes", CheckReleaseNotes(v.ReleaseNotes))
	}
	c.note("usage_instructions", checkText(v.Usage, maxUsage))
	c.source(v)
	c.note("recommended_instance_type", form(v.InstanceType, instanceType, "instance type that Marketplace takes, as m7i.large is one"))
	if v.Endpoint != (Endpoint{}) {
		c.endpoint(v.Endpoint)
	}
	c.securityGroups(v.SecurityGroups)
	c.size(v)
	return c.faults
}

func (c *checker) source(v Version) {
	if v.AMI != "" {
		c.note("ami", form(v.AMI, amiID, "id of an AMI"))
	}
	c.note("access_role_arn", CheckRole(v.AccessRole))
	c.note("user_name", form(v.User, userName, "user name of 1 to 32 letters, digits, _ and -"))
	if v.ScanningPort != 0 {
		c.note("scanning_port", checkPort(v.ScanningPort))
	}
	c.note("operating_system.name", checkText(v.OSName, maxOS))
	c.note("operating_system.version", checkText(v.OSVersion, maxOS))
}

func (c *checker) endpoint(e Endpoint) {
	c.note("access_endpoint.port", checkPort(e.Port))
	if e.Protocol != "http" && e.Protocol != "https" {
		c.add("access_endpoint.protocol", "%q; Marketplace has http and https", e.Protocol)
	}
	if strings.HasPrefix(e.Path, "/") {
		c.add("access_endpoint.relative_path", "%q begins with /, which Marketplace puts there itself", e.Path)
	}
	if e.Path != "" {
		c.note("access_endpoint.relative_path", checkText(e.Path, maxPath))
	}
}

func (c *checker) securityGroups(groups []SecurityGroup) {
	if n := len(groups); n < 1 || n > maxSecurityGroups {
		c.add("security_groups", "has %d rules, Marketplace accepts 1 to %d", n, maxSecurityGroups)
	}
	for i, g := range groups {
		at := fmt.Sprintf("security_groups[%d]", i)
		if g.Protocol != "tcp" && g.Protocol != "udp" {
			c.add(at+".protocol", "%q; Marketplace has tcp and udp", g.Protocol)
		}
		c.note(at+".from_port", checkPort(g.From))
		c.note(at+".to_port", checkPort(g.To))
		if g.To < g.From {
			c.add(at+".to_port", "%d comes before from_port, %d", g.To, g.From)
		}
		c.ranges(at+".ip_ranges", g.Ranges)
	}
}

func (c *checker) ranges(field string, ranges []string) {
	if n := len(ranges); n < 1 || n > maxRanges {
		c.add(field, "has %d ranges, Marketplace accepts 1 to %d", n, maxRanges)
	}
	for i, text := range ranges {
		if prefix, err := netip.ParsePrefix(text); err != nil || !prefix.Addr().Is4() {
			c.add(fmt.Sprintf("%s[%d]", field, i), "%q is no range of IPv4 addresses, as 0.0.0.0/0 is one", text)
		}
	}
}

// size checks the details as a whole: their limit is below that of the release
// notes alone. What is said of it is said of the longest text.
func (c *checker) size(v Version) {
	if v.AMI == "" {
		v.AMI = anyAMI
	}
	n := utf8.RuneCountInString(v.Details())
	if n <= maxDetails {
		return
	}
	field := "release_notes"
	if len(v.Usage) > len(v.ReleaseNotes) {
		field = "usage_instructions"
	}
	c.add(field, "makes the details of the change %d characters of JSON, AWS accepts %d", n, maxDetails)
}

// CheckReleaseNotes says what Marketplace would refuse in release notes by
// themselves.
func CheckReleaseNotes(text string) error { return checkText(text, maxReleaseNotes) }

func checkPort(port int) error {
	if port < 1 || port > 65535 {
		return fmt.Errorf("%d is no TCP or UDP port", port)
	}
	return nil
}

// checkText checks a text that must be there. A space before a trademark sign
// is one of the things that Marketplace refuses hours later.
func checkText(text string, limit int) error {
	first, _ := utf8.DecodeRuneInString(text)
	switch n := utf8.RuneCountInString(text); {
	case text == "":
		return errors.New("is empty")
	case !utf8.ValidString(text):
		return errors.New("is no UTF-8")
	case unicode.IsSpace(first):
		return errors.New("begins with a space")
	case n > limit:
		return fmt.Errorf("has %d characters, Marketplace accepts %d", n, limit)
	case slices.ContainsFunc([]string{" ™", " ®"}, func(sign string) bool { return strings.Contains(text, sign) }):
		return errors.New("has a space before a trademark sign")
	}
	return nil
}
