package catalog

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

var refusedInName = regexp.MustCompile(`[^a-zA-Z0-9()\[\] ./'@_-]`)

var amiName = regexp.MustCompile(`^[a-zA-Z0-9()\[\] ./'@_-]{3,128}$`)

// checkAMIName says why AWS would refuse a name
// (docs/reference/aws.md#ec2-protocol).
func checkAMIName(name string) error {
	if amiName.MatchString(name) {
		return nil
	}
	if bad := refusedInName.FindString(name); bad != "" {
		return fmt.Errorf("AMI name %q: AWS refuses %q; letters, digits and ()[] ./-'@_ are allowed", name, bad)
	}
	return fmt.Errorf("AMI name %q: has %d characters, AWS accepts 3 to 128", name, len(name))
}

// checkTag says why AWS would refuse a tag: keys of 1 to 128 characters, values
// of up to 256, no key that begins with "aws:".
func checkTag(key, value string) error {
	switch {
	case key == "" || len([]rune(key)) > 128:
		return fmt.Errorf("tag key %q: has %d characters, AWS accepts 1 to 128", key, len([]rune(key)))
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return fmt.Errorf("tag key %q: AWS keeps keys that begin with aws: to itself", key)
	case strings.HasPrefix(key, "amiship:"):
		return fmt.Errorf("tag key %q: Amiship writes the amiship: tags itself", key)
	case len([]rune(value)) > 256:
		return fmt.Errorf("tag %q: its value has %d characters, AWS accepts 256", key, len([]rune(value)))
	}
	return nil
}

// checkDescription says why AWS would refuse an AMI's description.
func checkDescription(text string) error {
	for _, r := range text {
		if r > unicode.MaxASCII || r < ' ' {
			return fmt.Errorf("description %q: AWS refuses %q, it takes ASCII", text, r)
		}
	}
	if len(text) > 255 {
		return fmt.Errorf("description %q: has %d characters, AWS accepts 255", text, len(text))
	}
	return nil
}

var parameterName = regexp.MustCompile(`^/?[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+){0,14}$`)

// checkParameterName says why SSM would refuse a parameter's name.
func checkParameterName(name string) error {
	switch {
	case !parameterName.MatchString(name) || len(name) > 1011:
		return fmt.Errorf("parameter name %q: SSM accepts letters, digits and _.- in at most 15 levels separated by /", name)
	case regexp.MustCompile(`(?i)^/?(aws|ssm)`).MatchString(name):
		return fmt.Errorf("parameter name %q: SSM keeps names that begin with aws or ssm to itself", name)
	}
	return nil
}
