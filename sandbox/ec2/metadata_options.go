package ec2

import (
	"cmp"
	"slices"

	"amiship/sandbox/wire"
)

// defaultMetadata is what an instance gets where its launch names nothing: of each option
// what the account has set in the region, or else what the image says.
func defaultMetadata(im Image, account metadataDefaults) MetadataOptions {
	m := MetadataOptions{Tokens: "optional", HopLimit: 1, Endpoint: "enabled", IPv6: "disabled", Tags: "disabled"}
	if im.IMDS == "v2.0" {
		m.Tokens, m.HopLimit = "required", 2
	}
	m.Tokens, m.HopLimit = cmp.Or(account.Tokens, m.Tokens), cmp.Or(account.HopLimit, m.HopLimit)
	m.Endpoint, m.Tags = cmp.Or(account.Endpoint, m.Endpoint), cmp.Or(account.Tags, m.Tags)
	return m
}

// over puts what was asked over what is.
func (in metadataIn) over(m MetadataOptions) (MetadataOptions, error) {
	if in.HopLimit < 0 || in.HopLimit > 64 {
		return m, wire.Errorf("InvalidParameterValue", "Value (%d) for parameter HttpPutResponseHopLimit is invalid. Expected 1 to 64.", in.HopLimit)
	}
	for _, s := range []struct {
		name, value string
		into        *string
		allowed     []string
	}{
		{"HttpTokens", in.HTTPTokens, &m.Tokens, []string{"optional", "required"}},
		{"HttpEndpoint", in.HTTPEndpoint, &m.Endpoint, []string{"enabled", "disabled"}},
		{"HttpProtocolIpv6", in.IPv6, &m.IPv6, []string{"enabled", "disabled"}},
		{"InstanceMetadataTags", in.Tags, &m.Tags, []string{"enabled", "disabled"}},
	} {
		if s.value == "" {
			continue
		}
		if !slices.Contains(s.allowed, s.value) {
			return m, invalidValue(s.name, s.value, "Unknown value.")
		}
		*s.into = s.value
	}
	if in.HopLimit > 0 {
		m.HopLimit = in.HopLimit
	}
	return m, nil
}

type modifyMetadataIn struct {
	dry
	metadataIn
	InstanceID string `wire:"InstanceId"`
}

type modifyMetadataOut struct {
	InstanceID string      `xml:"instanceId"`
	Metadata   xmlMetadata `xml:"instanceMetadataOptions"`
}

func (o instanceOps) modifyMetadataOptions(c *wire.Call, in *modifyMetadataIn) (*modifyMetadataOut, error) {
	i, err := o.ownInstance(c, in.InstanceID)
	if err != nil {
		return nil, err
	}
	if i.State == stateTerminated {
		return nil, wrongState(&i, "modified")
	}
	if i.Metadata, err = in.over(i.Metadata); err != nil {
		return nil, err
	}
	if in.HTTPTokens == "optional" && stateOf(c).Metadata.Enforced {
		return nil, wire.Errorf("UnsupportedOperation", "You can't enable IMDSv1 on the instance because httpTokensEnforced is enabled for this account.")
	}
	putInstance(c, i)
	return &modifyMetadataOut{i.ID, metadataXML(i.Metadata)}, nil
}
