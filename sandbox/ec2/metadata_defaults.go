package ec2

import (
	"slices"

	"amiship/sandbox/wire"
)

// metadataDefaults are what an account has set for the metadata service of new instances in
// a region. What is empty, or 0, is no preference.
type metadataDefaults struct {
	Tokens   string `json:",omitempty"`
	Endpoint string `json:",omitempty"`
	Tags     string `json:",omitempty"`
	HopLimit int    `json:",omitempty"`
	Enforced bool   `json:",omitempty"` // launches whose tokens are optional are refused
}

// allow refuses a launch with optional tokens where the account enforces IMDSv2, in AWS's words.
func (d metadataDefaults) allow(m MetadataOptions) error {
	if !d.Enforced || m.Tokens == "required" {
		return nil
	}
	return wire.Errorf("UnsupportedOperation", "You can't launch instances with IMDSv1 because httpTokensEnforced is enabled for this account. Either launch the instance with httpTokens=required or contact your account owner to disable httpTokensEnforced using the ModifyInstanceMetadataDefaults API or the account settings in the EC2 console.")
}

type xmlMetadataDefaults struct {
	Tokens    string `xml:"httpTokens,omitempty"`
	HopLimit  int    `xml:"httpPutResponseHopLimit,omitempty"`
	Endpoint  string `xml:"httpEndpoint,omitempty"`
	Tags      string `xml:"instanceMetadataTags,omitempty"`
	ManagedBy string `xml:"managedBy"`
	Enforced  string `xml:"httpTokensEnforced,omitempty"`
}

type metadataDefaultsOut struct {
	AccountLevel xmlMetadataDefaults `xml:"accountLevel"`
}

func (o accountOps) getMetadataDefaults(c *wire.Call, _ *nothingIn) (*metadataDefaultsOut, error) {
	d := stateOf(c).Metadata
	out := xmlMetadataDefaults{Tokens: d.Tokens, HopLimit: d.HopLimit, Endpoint: d.Endpoint, Tags: d.Tags, ManagedBy: "account"}
	if d.Enforced {
		out.Enforced = "enabled"
	}
	return &metadataDefaultsOut{out}, nil
}

type modifyMetadataDefaultsIn struct {
	dry
	Tokens   string `wire:"HttpTokens"`
	HopLimit int    `wire:"HttpPutResponseHopLimit"`
	Endpoint string `wire:"HttpEndpoint"`
	Tags     string `wire:"InstanceMetadataTags"`
	Enforced string `wire:"HttpTokensEnforced"`
}

// noPreference clears a default.
const noPreference = "no-preference"

// over puts what was asked over what is.
func (in modifyMetadataDefaultsIn) over(d metadataDefaults) (metadataDefaults, error) {
	var enforced string
	for _, s := range []struct {
		name, value string
		into        *string
		allowed     []string
	}{
		{"HttpTokens", in.Tokens, &d.Tokens, []string{"optional", "required"}},
		{"HttpEndpoint", in.Endpoint, &d.Endpoint, []string{"enabled", "disabled"}},
		{"InstanceMetadataTags", in.Tags, &d.Tags, []string{"enabled", "disabled"}},
		{"HttpTokensEnforced", in.Enforced, &enforced, []string{"enabled", "disabled"}},
	} {
		switch {
		case s.value == "":
		case s.value == noPreference:
			*s.into = ""
		case slices.Contains(s.allowed, s.value):
			*s.into = s.value
		default:
			return d, invalidValue(s.name, s.value, "Unknown value.")
		}
	}
	if in.Enforced != "" {
		d.Enforced = enforced == "enabled"
	}
	switch {
	case in.HopLimit == -1:
		d.HopLimit = 0
	case in.HopLimit < 0 || in.HopLimit > 64:
		return d, wire.Errorf("InvalidParameterValue", "Value (%d) for parameter HttpPutResponseHopLimit is invalid. Expected 1 to 64, or -1.", in.HopLimit)
	case in.HopLimit > 0:
		d.HopLimit = in.HopLimit
	}
	return d, nil
}

func (o accountOps) modifyMetadataDefaults(c *wire.Call, in *modifyMetadataDefaultsIn) (*done, error) {
	d, err := in.over(stateOf(c).Metadata)
	if err != nil {
		return nil, err
	}
	setState(c, func(s *regionState) { s.Metadata = d })
	return ok()
}
