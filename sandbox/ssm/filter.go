package ssm

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

type filter struct {
	Key    string
	Option string
	Values []string
}

// rule is what a filter key takes. Shown are the options that the error names, which leaves
// one out that works.
type rule struct {
	options, shown []string // the first option is the default
	values         []string // if it takes only these
}

func ruleOf(key string) rule {
	r := rule{options: []string{"Equals", "BeginsWith"}, shown: []string{"BeginsWith", "Equals"}}
	switch key {
	case "Name":
		return rule{options: []string{"Equals", "BeginsWith", "Contains"}, shown: []string{"BeginsWith", "Equals"}}
	case "Path":
		return rule{options: []string{"OneLevel", "Recursive"}, shown: []string{"Recursive", "OneLevel"}}
	case "Label":
		return rule{options: []string{"Equals"}}
	case "Type":
		r.values = []string{"String", "StringList", secure}
	case "Tier":
		r.values = []string{tierStandard, tierAdvanced, "Intelligent-Tiering"}
	}
	return r
}

const filterKeys = "tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType"

var filterKey = regexp.MustCompile(`^(` + filterKeys + `)$`)

// constraints finds what is wrong with the form of filters, as AWS does before it asks what
// they mean: all of it at once.
func constraints(filters []filter) error {
	var wrong []string
	add := func(n int, field, value, format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("Value '%s' at 'parameterFilters.%d.member.%s' failed to satisfy constraint: ", value, n+1, field)+fmt.Sprintf(format, args...))
	}
	const atMost = "Member must have length less than or equal to %d"
	for n, f := range filters {
		if !filterKey.MatchString(f.Key) {
			add(n, "key", f.Key, "Member must satisfy regular expression pattern: %s", filterKeys)
		}
		if len(f.Key) > 132 {
			add(n, "key", f.Key, atMost, 132)
		}
		if len(f.Option) > 10 {
			add(n, "option", f.Option, atMost, 10)
		}
		if len(f.Values) > 50 {
			add(n, "values", "["+strings.Join(f.Values, ", ")+"]", atMost, 50)
		}
		if slices.ContainsFunc(f.Values, func(v string) bool { return v == "" || len(v) > 1024 }) {
			add(n, "values", "["+strings.Join(f.Values, ", ")+"]", "Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1]")
		}
	}
	switch len(wrong) {
	case 0:
		return nil
	case 1:
		return wire.Errorf("ValidationException", "1 validation error detected: %s", wrong[0])
	}
	return wire.Errorf("ValidationException", "%d validation errors detected: %s", len(wrong), strings.Join(wrong, "; "))
}

// checkFilters refuses filters whose key is not one of keys; the error names those that are shown.
func checkFilters(filters []filter, shown string, keys ...string) error {
	if err := constraints(filters); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, f := range filters {
		kind, _, _ := strings.Cut(f.Key, ":")
		r := ruleOf(f.Key)
		switch {
		case !slices.Contains(keys, kind):
			return wire.Errorf("InvalidFilterKey", "The following filter key is not valid: %s. Valid filter keys include: [%s].", f.Key, shown)
		case len(f.Values) == 0 && kind != "tag":
			return wire.Errorf("InvalidFilterValue", "The following filter values are missing : null for filter key %s", f.Key)
		case seen[f.Key]:
			return wire.Errorf("ValidationException", "The following filter is duplicated in the request: %s. A request can contain only one occurrence of a specific filter.", f.Key)
		}
		seen[f.Key] = true
		if err := r.check(f); err != nil {
			return err
		}
	}
	return nil
}

// check is about the option and the values.
func (r rule) check(f filter) error {
	if f.Key == "Path" {
		for _, v := range f.Values {
			if first, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(v), "/"), "/"); strings.HasPrefix(first, "aws") || strings.HasPrefix(first, "ssm") {
				return wire.Errorf("ValidationException", `Filters for common parameters can't be prefixed with "aws" or "ssm" (case-insensitive).`)
			}
		}
	}
	if f.Option != "" && !slices.Contains(r.options, f.Option) {
		shown := r.shown
		if shown == nil {
			shown = r.options
		}
		return wire.Errorf("InvalidFilterOption", "The following filter option is not valid: %s. Valid options include: [%s].", f.Option, strings.Join(shown, ", "))
	}
	for _, v := range f.Values {
		switch {
		case f.Key == "Path" && !isPath(v):
			return wire.Errorf("ValidationException", textPath)
		case r.values != nil && !slices.Contains(r.values, v):
			return wire.Errorf("InvalidFilterValue", "The following filter value is not valid: %s. Valid values include: [%s]", v, strings.Join(r.values, ", "))
		}
	}
	return nil
}

func isPath(v string) bool {
	return strings.HasPrefix(v, "/") && (v == "/" || nameChars.MatchString(v) && !strings.Contains(v, "//"))
}

func (p Parameter) matches(f filter) bool {
	if tagKey, ok := strings.CutPrefix(f.Key, "tag:"); ok {
		have, ok := p.Tags[tagKey]
		return ok && (len(f.Values) == 0 || slices.ContainsFunc(f.Values, func(v string) bool { return matches(f.Option, have, v) }))
	}
	return slices.ContainsFunc(f.Values, func(v string) bool { return p.matchesOne(f, v) })
}

func (p Parameter) matchesOne(f filter, v string) bool {
	switch f.Key {
	case "Path":
		return under(p.Name, v, f.Option == "Recursive")
	case "Label":
		_, labeled := p.labeled(v)
		return labeled
	case "Name":
		if f.Option != "Contains" {
			v = rooted(v)
		}
		return matches(f.Option, rooted(p.Name), v)
	}
	return matches(f.Option, p.field(f.Key), v)
}

// matches compares by an option; without one, they must be equal.
func matches(option, have, v string) bool {
	switch option {
	case "BeginsWith":
		return strings.HasPrefix(have, v)
	case "Contains":
		return strings.Contains(have, v)
	}
	return have == v
}

func (p Parameter) field(key string) string {
	switch key {
	case "Type":
		return p.Type
	case "Tier":
		return p.Tier
	case "DataType":
		return p.newest().DataType
	case "KeyId":
		return p.KeyID
	}
	return ""
}

// under: a name without a slash is right under the root.
func under(name, path string, recursive bool) bool {
	rest, ok := strings.CutPrefix(rooted(name), strings.TrimSuffix(path, "/")+"/")
	return ok && (recursive || !strings.Contains(rest, "/"))
}
