package ssm

import (
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
		p, ok := s.readable(c, p)
		for _, f := range filters {
			ok = ok && p.matches(f)
		}
		if ok {
			out = append(out, p)
		}
	}
	return out
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
	if !strings.HasPrefix(in.Path, "/") || (in.Path != "/" && !nameChars.MatchString(in.Path)) {
		return nil, wire.Errorf("ValidationException", textPath)
	}
	if err := checkFilters(in.ParameterFilters, "Type", "KeyId", "DataType"); err != nil {
		return nil, err
	}
	all := []parameterOut{}
	for _, p := range s.mine(c, in.ParameterFilters) {
		if under(p.Name, in.Path, in.Recursive) {
			all = append(all, p.show(c, p.newest(), "", in.WithDecryption))
		}
	}
	page, next, err := wire.Page(ten, all, in.MaxResults, in.NextToken)
	return &byPathOut{page, next}, err
}

type describeIn struct {
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
	if err := checkFilters(in.ParameterFilters, "Name", "Path", "Type", "Tier", "DataType", "KeyId", "tag"); err != nil {
		return nil, err
	}
	all := []metadata{}
	for _, p := range s.mine(c, in.ParameterFilters) {
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
	page, next, err := wire.Page(fifty, all, in.MaxResults, in.NextToken)
	return &describeOut{page, next}, err
}
