package ssm

import (
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

type filter struct {
	Key    string
	Option string
	Values []string
}

// options that a filter key takes; the first is the default.
func options(key string) []string {
	switch {
	case key == "Name":
		return []string{"Equals", "BeginsWith", "Contains"}
	case key == "Path":
		return []string{"OneLevel", "Recursive"}
	case key == "KeyId":
		return []string{"Equals", "BeginsWith"}
	case key == "Type", key == "Tier", key == "DataType", strings.HasPrefix(key, "tag:"):
		return []string{"Equals"}
	}
	return nil
}

func checkFilters(filters []filter, keys ...string) error {
	seen := map[string]bool{}
	for _, f := range filters {
		kind, _, _ := strings.Cut(f.Key, ":")
		opts := options(f.Key)
		switch {
		case opts == nil || !slices.Contains(keys, kind):
			return wire.Errorf("InvalidFilterKey", "The following filter key is not valid: %s. Valid filter keys include: [%s].", f.Key, strings.Join(keys, ", "))
		case f.Option != "" && !slices.Contains(opts, f.Option):
			return wire.Errorf("InvalidFilterOption", "The following filter option is not valid: %s. Valid options include: [%s].", f.Option, strings.Join(opts, ", "))
		case len(f.Values) == 0 && kind != "tag":
			return wire.Errorf("InvalidFilterValue", "The following filter values are missing : null for filter key %s", f.Key)
		case seen[f.Key]:
			return wire.Errorf("ValidationException", "The following filter is duplicated in the request: %s. A request can contain only one occurrence of a specific filter.", f.Key)
		}
		if err := checkPaths(f); err != nil {
			return err
		}
		seen[f.Key] = true
	}
	return nil
}

func checkPaths(f filter) error {
	if f.Key != "Path" {
		return nil
	}
	for _, v := range f.Values {
		if !strings.HasPrefix(v, "/") || (v != "/" && !nameChars.MatchString(v)) {
			return wire.Errorf("ValidationException", textPath)
		}
	}
	return nil
}

func (p Parameter) matches(f filter) bool {
	if tagKey, ok := strings.CutPrefix(f.Key, "tag:"); ok {
		have, ok := p.Tags[tagKey]
		return ok && (len(f.Values) == 0 || slices.Contains(f.Values, have))
	}
	return slices.ContainsFunc(f.Values, func(v string) bool { return p.matchesOne(f, v) })
}

func (p Parameter) matchesOne(f filter, v string) bool {
	have := p.field(f.Key)
	switch f.Option {
	case "BeginsWith":
		return strings.HasPrefix(have, v) || strings.HasPrefix(strings.TrimPrefix(have, "/"), v)
	case "Contains":
		return strings.Contains(have, v)
	case "Recursive":
		return under(p.Name, v, true)
	}
	if f.Key == "Path" {
		return under(p.Name, v, false)
	}
	return have == v
}

func (p Parameter) field(key string) string {
	switch key {
	case "Name":
		return p.Name
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
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/")
	return ok && (recursive || !strings.Contains(rest, "/"))
}
