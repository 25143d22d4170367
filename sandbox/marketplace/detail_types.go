package marketplace

import "encoding/json"

// parse reads a change's details. What breaks its schema is read as far as it
// can be.
func parse[T any](c Change) (d T) {
	_ = json.Unmarshal(c.Details, &d)
	return d
}

type amiSource struct {
	AmiID                  string `json:"AmiId"`
	AccessRoleArn          string
	UserName               string
	ScanningPort           int
	OperatingSystemName    string
	OperatingSystemVersion string
	AfiIDs                 []string `json:"AfiIds"`
}

// optionDetails is what a delivery option says beside its image. Members that
// are absent are nil.
type optionDetails struct {
	UsageInstructions       *string
	AccessEndpointURL       *Endpoint `json:"AccessEndpointUrl"`
	RecommendedInstanceType *string
	SecurityGroups          []SecurityGroup
}

type versionDetails struct{ VersionTitle, ReleaseNotes string }

type addDetails struct {
	Version         versionDetails
	DeliveryOptions []struct {
		Details struct {
			AMI struct {
				AmiSource amiSource
				optionDetails
			} `json:"AmiDeliveryOptionDetails"`
		}
	}
}

// source is the image's part; empty in details that break their schema.
func (d addDetails) source() amiSource {
	if len(d.DeliveryOptions) == 0 {
		return amiSource{}
	}
	return d.DeliveryOptions[0].Details.AMI.AmiSource
}

func (d addDetails) option() optionDetails { return d.DeliveryOptions[0].Details.AMI.optionDetails }

type updateDetails struct {
	Version         versionDetails
	DeliveryOptions []struct {
		ID      string `json:"Id"`
		Details struct {
			AMI optionDetails `json:"AmiDeliveryOptionDetails"`
		}
	}
}

type restrictDetails struct {
	DeliveryOptionIDs []string `json:"DeliveryOptionIds"`
}

type infoDetails struct {
	ProductTitle, ShortDescription, LongDescription, Sku, SupportDescription *string
	Highlights, SearchKeywords, Categories                                   []string
}

// amend overrides what the details give.
func (o Option) amend(d optionDetails) Option {
	if d.UsageInstructions != nil {
		o.Usage = *d.UsageInstructions
	}
	if d.RecommendedInstanceType != nil {
		o.InstanceType = *d.RecommendedInstanceType
	}
	if d.AccessEndpointURL != nil {
		o.Endpoint = d.AccessEndpointURL
	}
	if len(d.SecurityGroups) > 0 {
		o.Groups = d.SecurityGroups
	}
	return o
}
