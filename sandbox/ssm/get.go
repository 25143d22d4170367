package ssm

import (
	"encoding/base64"
	"strings"

	"amiship/sandbox/wire"
)

type parameterOut struct {
	Name, Type, Value string
	Version           int
	Selector          string `json:",omitempty"`
	LastModifiedDate  wire.Epoch
	ARN               string
	DataType          string
}

func (p Parameter) show(c *wire.Call, v Version, selector string, decrypt bool) parameterOut {
	return parameterOut{
		Name: p.Name, Type: p.Type, Value: p.value(v, decrypt), Version: v.N, Selector: selector,
		LastModifiedDate: wire.Epoch(v.At), ARN: p.arn(c.Region), DataType: v.DataType,
	}
}

// value is the clear text, or something that a secret cannot be told from.
func (p Parameter) value(v Version, decrypt bool) string {
	if p.Type != secure || decrypt {
		return v.Value
	}
	return base64.StdEncoding.EncodeToString([]byte("encrypted with " + p.KeyID))
}

type getIn struct {
	Name           string `check:"required"`
	WithDecryption bool
}

type getOut struct{ Parameter parameterOut }

func (s *SSM) get(c *wire.Call, in *getIn) (*getOut, error) {
	out, err := s.find(c, in.Name, in.WithDecryption)
	if err != nil {
		return nil, err
	}
	return &getOut{*out}, nil
}

// notFound has no text on AWS.
func notFound() error { return &wire.Error{Code: "ParameterNotFound"} }

// find takes a name, a name with a version or a label ("name:3", "name:prod"), or an ARN.
func (s *SSM) find(c *wire.Call, ref string, decrypt bool) (*parameterOut, error) {
	name, selector := split(c, ref)
	p, ok := s.lookup(c, name)
	if !ok {
		p, ok = s.public(c, name)
	}
	if !ok {
		return nil, notFound()
	}
	v := p.newest()
	if selector != "" {
		var err error
		if v, err = p.selected(selector[1:]); err != nil {
			return nil, err
		}
	}
	out := p.show(c, v, selector, decrypt)
	return &out, nil
}

func (p Parameter) version(n int) (Version, bool) {
	for _, v := range p.Versions {
		if v.N == n {
			return v, true
		}
	}
	return Version{}, false
}

// split takes an ARN of the caller's account and region for its name. Another
// account's ARN is left as it is, and found nowhere.
func split(c *wire.Call, ref string) (name, selector string) {
	prefix := c.Account.Partition.ARN("ssm", c.Region, c.Account.ID, "parameter")
	for _, arn := range []string{prefix, c.Account.Partition.ARN("ssm", c.Region, "", "parameter")} { // a public one has no account
		ref = strings.TrimPrefix(ref, arn)
	}
	if i := strings.LastIndex(ref, ":"); i > 0 && !strings.HasPrefix(ref, "arn:") {
		return ref[:i], ref[i:]
	}
	return ref, ""
}

type getManyIn struct {
	Names          []string `check:"required"`
	WithDecryption bool
}

type getManyOut struct {
	Parameters        []parameterOut
	InvalidParameters []string
}

func (s *SSM) getMany(c *wire.Call, in *getManyIn) (*getManyOut, error) {
	if err := upToTen(in.Names); err != nil {
		return nil, err
	}
	out := &getManyOut{Parameters: []parameterOut{}, InvalidParameters: []string{}}
	seen := map[string]bool{}
	for _, ref := range in.Names {
		if seen[ref] {
			continue
		}
		seen[ref] = true
		p, err := s.find(c, ref, in.WithDecryption)
		if err != nil {
			out.InvalidParameters = append(out.InvalidParameters, ref)
			continue
		}
		out.Parameters = append(out.Parameters, *p)
	}
	return out, nil
}

func upToTen(names []string) error {
	if len(names) <= 10 {
		return nil
	}
	return wire.Errorf("ValidationException", "1 validation error detected: Value '[%s]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 10", strings.Join(names, ", "))
}

type historyIn struct {
	Name           string `check:"required"`
	WithDecryption bool
	MaxResults     *int
	NextToken      string
}

type historyItem struct {
	Name, Type, Value, DataType string
	Version                     int
	KeyID                       string `json:"KeyId,omitempty"`
	Description                 string `json:",omitempty"`
	AllowedPattern              string `json:",omitempty"`
	Tier                        string `json:",omitempty"`
	Labels                      []string
	Policies                    []string
	LastModifiedDate            wire.Epoch
	LastModifiedUser            string
}

type historyOut struct {
	Parameters []historyItem
	NextToken  *string `json:",omitempty"`
}

func (s *SSM) history(c *wire.Call, in *historyIn) (*historyOut, error) {
	name, _ := split(c, in.Name)
	p, ok := s.lookup(c, name)
	if !ok {
		return nil, notFound()
	}
	var all []historyItem
	for _, v := range p.Versions {
		all = append(all, historyItem{
			Name: p.Name, Type: p.Type, Value: p.value(v, in.WithDecryption), DataType: v.DataType, Version: v.N,
			KeyID: p.KeyID, Description: v.Description, AllowedPattern: v.AllowedPattern, Tier: p.Tier,
			Labels: append([]string{}, v.Labels...), Policies: []string{}, LastModifiedDate: wire.Epoch(v.At), LastModifiedUser: v.By,
		})
	}
	page, next, err := wire.Page(fifty, all, in.MaxResults, in.NextToken)
	return &historyOut{page, next}, err
}

var (
	fifty = wire.Paging{Max: 50, BadToken: "InvalidNextToken"}
	ten   = wire.Paging{Max: 10, BadToken: "InvalidNextToken"}
	// short is the page of DescribeParameters, which is shorter than it may be.
	short = wire.Paging{Max: 50, Size: 10, BadToken: "InvalidNextToken"}
)
