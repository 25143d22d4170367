package ssm

import (
	"maps"
	"regexp"
	"slices"
	"time"

	"amiship/sandbox/wire"
)

type tag struct{ Key, Value string }

type putIn struct {
	Name           string `check:"required"`
	Value          string `check:"required"`
	Description    string
	Type           string
	KeyID          string `json:"KeyId"`
	Overwrite      bool
	AllowedPattern string
	Tags           []tag
	Tier           string
	DataType       string
}

type putOut struct {
	Version int
	Tier    string
}

const (
	dataText  = "text"
	dataImage = "aws:ec2:image"

	secure       = "SecureString"
	tierStandard = "Standard"
	tierAdvanced = "Advanced"
)

func (s *SSM) put(c *wire.Call, in *putIn) (*putOut, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	id := key(c.Account.ID, in.Name)
	p, exists := parameters.Get(c.Tx, c.Region, id)
	if exists {
		p, _ = s.settle(c.Tx, c.Region, p)
		exists = len(p.Versions) > 0
	}
	if !exists {
		p = Parameter{Account: c.Account.ID, Name: in.Name}
	}
	if err := in.admit(exists, p); err != nil {
		return nil, err
	}
	p.amend(in)
	v := s.version(c, in, p)
	p.Versions = append(slices.Clone(p.Versions), v)
	if len(p.Versions) > maxVersions {
		if oldest := p.Versions[0]; len(oldest.Labels) > 0 {
			return nil, wire.Errorf("ParameterMaxVersionLimitExceeded", "You attempted to create a new version of %s by calling the PutParameter API with the overwrite flag. Version %d, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.", p.Name, oldest.N)
		}
		p.Versions = p.Versions[1:]
	}
	parameters.Put(c.Tx, c.Region, id, p)
	return &putOut{Version: v.N, Tier: p.Tier}, nil
}

const maxVersions = 100

// admit decides whether the request fits what there is.
func (in *putIn) admit(exists bool, p Parameter) error {
	switch {
	case exists && !in.Overwrite:
		return wire.Errorf("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case !exists && in.Type == "":
		return wire.Errorf("ValidationException", "A parameter type is required when you create a parameter.")
	case exists && in.Type != "" && in.Type != p.Type:
		return wire.Errorf("HierarchyTypeMismatchException", "Parameter Store does not support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String type to a SecureString type. You must create a new, unique parameter.")
	case exists && p.Tier == tierAdvanced && in.Tier == tierStandard:
		return wire.Errorf("ValidationException", "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.")
	}
	return in.fits(p)
}

// amend takes over what belongs to the parameter, not to a version.
func (p *Parameter) amend(in *putIn) {
	if in.Type != "" {
		p.Type = in.Type
	}
	if p.Type == secure {
		p.KeyID = in.KeyID
		if p.KeyID == "" {
			p.KeyID = "alias/aws/ssm"
		}
	}
	p.Tier = in.tier(*p)
	if len(in.Tags) > 0 {
		p.Tags = maps.Clone(p.Tags)
		if p.Tags == nil {
			p.Tags = map[string]string{}
		}
		for _, t := range in.Tags {
			p.Tags[t.Key] = t.Value
		}
	}
}

// version makes the new version. Whether an image is there is checked now, so
// that it does no harm if the image goes before the next read; one that is not
// there yet is searched for again when the check is due.
func (s *SSM) version(c *wire.Call, in *putIn, p Parameter) Version {
	v := Version{
		N: 1, Value: in.Value, Description: in.Description, AllowedPattern: in.AllowedPattern,
		DataType: in.DataType, At: c.Now.Truncate(time.Millisecond), By: c.Credential.Principal,
	}
	if len(p.Versions) > 0 {
		old := p.newest()
		v.N = old.N + 1
		if v.Description == "" {
			v.Description = old.Description
		}
		if v.AllowedPattern == "" {
			v.AllowedPattern = old.AllowedPattern
		}
		if v.DataType == "" {
			v.DataType = old.DataType
		}
	}
	if v.DataType == "" {
		v.DataType = dataText
	}
	if v.DataType == dataImage {
		v.Check = c.Due(s.cfg.ImageCheck)
		v.Found = s.cfg.ImageExists(c.Tx, c.Account.ID, c.Region, v.Value)
	}
	return v
}

// tier is the requested one, or the one that the value's size needs.
func (in *putIn) tier(p Parameter) string {
	switch {
	case in.Tier == "Intelligent-Tiering" && len(in.Value) > maxStandard:
		return tierAdvanced
	case in.Tier == tierAdvanced || p.Tier == tierAdvanced:
		return tierAdvanced
	}
	return tierStandard
}

const (
	maxStandard = 4096
	maxAdvanced = 8192
)

// nested is how documents name a parameter.
var nested = regexp.MustCompile(`(?s)\{\{.*\}\}`)

// fits checks the value's size and pattern.
func (in *putIn) fits(p Parameter) error {
	if nested.MatchString(in.Value) {
		return wire.Errorf("ValidationException", `Parameter value can't nest another parameter. Do not use "{{}}" in the value.`)
	}
	tier := in.tier(p)
	if tier == tierStandard && len(in.Value) > maxStandard {
		return wire.Errorf("ValidationException", "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html")
	}
	if len(in.Value) > maxAdvanced {
		return wire.Errorf("ValidationException", "Advanced tier parameters support a maximum parameter value of 8192 characters.")
	}
	pattern := in.AllowedPattern
	if pattern == "" && len(p.Versions) > 0 {
		pattern = p.newest().AllowedPattern
	}
	if pattern == "" {
		return nil
	}
	re, err := regexp.Compile(`^(?:` + pattern + `)$`)
	if err != nil {
		return wire.Errorf("InvalidAllowedPatternException", "The request does not meet the regular expression requirement: %s", pattern)
	}
	if !re.MatchString(in.Value) {
		return wire.Errorf("ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: %s", pattern)
	}
	return nil
}
