package ssm

import (
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

// mine lists the account's readable parameters that pass all filters, by name.
func (s *SSM) mine(c *wire.Call, filters []filter) []Parameter {
	var out []Parameter
	for _, p := range parameters.All(c.Tx, c.Region) {
		if p.Account != c.Account.ID {
			continue
		}
		if p, ok := s.readable(c, p); ok && p.passes(filters) {
			out = append(out, p)
		}
	}
	return out
}

// passes reports whether the parameter passes all filters.
func (p Parameter) passes(filters []filter) bool {
	return !slices.ContainsFunc(filters, func(f filter) bool { return !p.matches(f) })
}

type byPathIn struct {
	Path             string `check:"required"`
	Recursive        bool
	ParameterFilters []filter
	WithDecryption   bool
	MaxResults       *int
	NextToken        string
}

type byPathOut struct {
	Parameters []parameterOut
	NextToken  *string `json:",omitempty"`
}

func (s *SSM) getByPath(c *wire.Call, in *byPathIn) (*byPathOut, error) {
	if !isPath(in.Path) {
		return nil, wire.Errorf("ValidationException", textPath)
	}
	if err := checkFilters(in.ParameterFilters, "Type, KeyId", "Type", "KeyId", "Label", "DataType"); err != nil {
		return nil, err
	}
	all := []parameterOut{}
	for _, p := range s.mine(c, in.ParameterFilters) {
		if under(p.Name, in.Path, in.Recursive) {
			all = append(all, p.labelShown(c, in))
		}
	}
	for _, p := range s.publics(c) {
		if strings.HasPrefix(in.Path+"/", publicPrefix) && under(p.Name, in.Path, in.Recursive) && p.passes(in.ParameterFilters) {
			all = append(all, p.show(c, p.newest(), "", false))
		}
	}
	page, next, err := wire.Page(ten, all, in.MaxResults, in.NextToken)
	return &byPathOut{page, next}, err
}

// labelShown is the version that the filters name by a label, or the newest.
func (p Parameter) labelShown(c *wire.Call, in *byPathIn) parameterOut {
	v, selector := p.newest(), ""
	for _, f := range in.ParameterFilters {
		for _, label := range f.Values {
			if labeled, ok := p.labeled(label); f.Key == "Label" && ok {
				v, selector = labeled, ":"+label
			}
		}
	}
	return p.show(c, v, selector, in.WithDecryption)
}

// olderFilter has no option.
type olderFilter struct {
	Key    string
	Values []string
}

type describeIn struct {
	Filters          []olderFilter
	ParameterFilters []filter
	MaxResults       *int
	NextToken        string
	Shared           bool
}

type metadata struct {
	Name, ARN, Type, DataType, Tier string
	Version                         int
	KeyID                           string `json:"KeyId,omitempty"`
	Description                     string `json:",omitempty"`
	AllowedPattern                  string `json:",omitempty"`
	Policies                        []string
	LastModifiedDate                wire.Epoch
	LastModifiedUser                string
}

type describeOut struct {
	Parameters []metadata
	NextToken  *string `json:",omitempty"`
}

func (s *SSM) describe(c *wire.Call, in *describeIn) (*describeOut, error) {
	if len(in.Filters) > 0 && len(in.ParameterFilters) > 0 {
		return nil, wire.Errorf("ValidationException", "You can use either Filters or ParameterFilters in a single request.")
	}
	var older []filter
	for _, f := range in.Filters {
		older = append(older, filter{Key: f.Key, Values: f.Values})
	}
	if err := checkFilters(older, "Name, Type, KeyId", "Name", "Type", "KeyId"); err != nil {
		return nil, err
	}
	if err := checkFilters(in.ParameterFilters, "Path, Name, Type, KeyId, Tier", "Name", "Path", "Type", "Tier", "DataType", "KeyId", "tag"); err != nil {
		return nil, err
	}
	all := []metadata{}
	for _, p := range s.mine(c, slices.Concat(older, in.ParameterFilters)) {
		if in.Shared { // parameters are private here: none is shared
			break
		}
		v := p.newest()
		all = append(all, metadata{
			Name: p.Name, ARN: p.arn(c.Region), Type: p.Type, DataType: v.DataType, Tier: p.Tier, Version: v.N,
			KeyID: p.KeyID, Description: v.Description, AllowedPattern: v.AllowedPattern, Policies: []string{},
			LastModifiedDate: wire.Epoch(v.At), LastModifiedUser: v.By,
		})
	}
	page, next, err := wire.Page(short, all, in.MaxResults, in.NextToken)
	return &describeOut{page, next}, err
}
