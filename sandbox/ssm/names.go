package ssm

import (
	"regexp"
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

// Texts are AWS's own.
const (
	textRule     = `If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_`
	textPrefix   = `Parameter name: can't be prefixed with "ssm" (case-insensitive). ` + textRule
	textCharset  = `Parameter name: can't contain other symbols. ` + textRule
	textFull     = "Parameter name must be a fully qualified name."
	textPath     = `The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can't be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.`
	textTooDeep  = "A hierarchy can have a maximum of 15 levels. To fix this error, use fewer levels in the parameter name."
	textTagsOver = "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource."
)

var nameChars = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

// checkName applies the rules for the name of a new parameter.
func checkName(name string) error {
	first, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(name), "/"), "/")
	switch {
	case strings.HasPrefix(first, "aws"):
		return wire.Errorf("AccessDeniedException", "No access to reserved parameter name: %s.", name)
	case strings.HasPrefix(first, "ssm"):
		return wire.Errorf("ValidationException", textPrefix)
	case !nameChars.MatchString(name) || strings.Contains(name, "//") || strings.HasSuffix(name, "/"):
		return wire.Errorf("ValidationException", textCharset)
	case strings.Contains(name, "/") && name[0] != '/':
		return wire.Errorf("ValidationException", textFull)
	case len(name) > 1011:
		return wire.Errorf("ValidationException", "Parameter name: the length of the name, with its ARN, must not exceed 1011 characters.")
	case strings.Count(name, "/") > 15:
		return wire.Errorf("HierarchyLevelLimitExceededException", textTooDeep)
	}
	return nil
}

// check validates a request by itself, without the store.
func (in *putIn) check() error {
	if err := checkName(in.Name); err != nil {
		return err
	}
	if in.Overwrite && len(in.Tags) > 0 {
		return wire.Errorf("ValidationException", textTagsOver)
	}
	if in.Type != "" && !slices.Contains([]string{"String", "StringList", secure}, in.Type) {
		return wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [SecureString, StringList, String]", in.Type)
	}
	if in.Tier != "" && !slices.Contains([]string{tierStandard, tierAdvanced, "Intelligent-Tiering"}, in.Tier) {
		return wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at 'tier' failed to satisfy constraint: Member must satisfy enum value set: [Standard, Advanced, Intelligent-Tiering]", in.Tier)
	}
	if in.DataType != "" && !slices.Contains([]string{dataText, dataImage}, in.DataType) {
		return wire.Errorf("ValidationException", "The following data type is not supported: %s (Data type names are all lowercase.)", in.DataType)
	}
	if in.DataType == dataImage && in.Type != "" && in.Type != "String" {
		return wire.Errorf("ValidationException", "The data type aws:ec2:image can be used only with parameters of type String.")
	}
	return checkTags(in.Tags, nil)
}

// checkTags applies the rules for tags that are added to those there are.
func checkTags(tags []tag, have map[string]string) error {
	keys := map[string]bool{}
	for k := range have {
		keys[k] = true
	}
	for _, t := range tags {
		if t.Key == "" || len(t.Key) > 128 || len(t.Value) > 256 || strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at 'tags' failed to satisfy constraint: a key has 1 to 128 characters and does not begin with aws:, a value has at most 256", t.Key)
		}
		keys[t.Key] = true
	}
	if len(keys) > 50 {
		return wire.Errorf("TooManyTagsError", "The number of tags exceeds the limit of 50.")
	}
	return nil
}
