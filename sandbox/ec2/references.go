package ec2

import (
	"cmp"
	"slices"
	"strconv"

	"amiship/sandbox/wire"
)

// Resource types that may refer to an image.
const (
	refInstance = "ec2:Instance"
	refTemplate = "ec2:LaunchTemplate"
	refParam    = "ssm:Parameter"
	refRecipe   = "imagebuilder:ImageRecipe"
	refDocker   = "imagebuilder:ContainerRecipe"
)

// resourceTypeIn is a ResourceType.N of a request, with its options.
type resourceTypeIn struct {
	ResourceType string
	Options      []struct {
		Name   string   `wire:"OptionName"`
		Values []string `wire:"OptionValue"`
	} `wire:"ResourceTypeOption"`
}

// checkResourceTypes refuses types and options that there are not. An option has a name, and belongs to one type.
func checkResourceTypes(all []resourceTypeIn, types []string, options map[string]string) error {
	for _, r := range all {
		if !slices.Contains(types, r.ResourceType) {
			return invalidValue("ResourceType", r.ResourceType, "Unknown resource type.")
		}
		for _, o := range r.Options {
			if of, known := options[o.Name]; !known || of != r.ResourceType {
				return invalidValue("OptionName", o.Name, "Not an option of "+r.ResourceType+".")
			}
			if err := checkOption(o.Name, o.Values); err != nil {
				return err
			}
		}
	}
	return nil
}

const maxVersionDepth = 10000

func checkOption(name string, values []string) error {
	for _, v := range values {
		n, err := strconv.Atoi(v)
		switch {
		case name == "state-name" && !slices.Contains(instanceStates, v):
			return invalidValue("OptionValue", v, "Not a state of an instance.")
		case name == "version-depth" && (err != nil || n < 1 || n > maxVersionDepth):
			return invalidValue("OptionValue", v, "Expected 1 to 10000.")
		}
	}
	return nil
}

var instanceStates = []string{statePending, stateRunning, stateShutting, stateTerminated, stateStopping, stateStopped}

type referencesIn struct {
	dry
	paging
	ImageIDs      []string         `wire:"ImageId"`
	All           bool             `wire:"IncludeAllResourceTypes"`
	ResourceTypes []resourceTypeIn `wire:"ResourceType"`
}

type xmlReference struct {
	ImageID string `xml:"imageId"`
	Type    string `xml:"resourceType"`
	ARN     string `xml:"arn"`
}

type referencesOut struct {
	NextToken  string                  `xml:"nextToken,omitempty"`
	References wire.List[xmlReference] `xml:"imageReferenceSet"`
}

// maxReferenced is how many images one call asks about.
const maxReferenced = 10

// describeReferences names what of the caller's refers to images, of whomever they are: instances,
// launch templates by the image's id, and parameters of the data type for images. The sandbox
// has no recipes of Image Builder.
func (o imageOps) describeReferences(c *wire.Call, in *referencesIn) (*referencesOut, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	var all []xmlReference
	for _, id := range in.ImageIDs {
		if states, asked := in.wants(refInstance); asked {
			all = append(all, o.instancesOf(c, id, states)...)
		}
		if _, asked := in.wants(refTemplate); asked {
			all = append(all, o.templatesOf(c, id)...)
		}
		if _, asked := in.wants(refParam); asked && o.parameters != nil {
			for _, arn := range o.parameters(c.Tx, c.Account.ID, c.Region, id) {
				all = append(all, xmlReference{id, refParam, arn})
			}
		}
	}
	key := func(r xmlReference) string { return r.ImageID + r.Type + r.ARN }
	slices.SortFunc(all, func(a, b xmlReference) int { return cmp.Compare(key(a), key(b)) })
	all, next, err := page(c, in.paging, 1, all, key)
	return &referencesOut{next, all}, err
}

func (in *referencesIn) check() error {
	switch {
	case len(in.ImageIDs) == 0:
		return missingParameter("ImageId")
	case len(in.ImageIDs) > maxReferenced:
		return wire.Errorf("InvalidParameterValue", "The request names %d images. The maximum is %d.", len(in.ImageIDs), maxReferenced)
	case !in.All && len(in.ResourceTypes) == 0:
		return invalidCombination("Either IncludeAllResourceTypes or ResourceTypes must be specified.")
	}
	for _, id := range in.ImageIDs {
		if err := checkID("ami", id, "InvalidAMIID.Malformed"); err != nil {
			return err
		}
	}
	types := []string{refInstance, refTemplate, refParam, refRecipe, refDocker}
	return checkResourceTypes(in.ResourceTypes, types, map[string]string{"state-name": refInstance, "version-depth": refTemplate})
}

// wants reports whether a type is to be looked for, and the values of its option.
func (in *referencesIn) wants(kind string) (values []string, asked bool) {
	i := slices.IndexFunc(in.ResourceTypes, func(r resourceTypeIn) bool { return r.ResourceType == kind })
	if i < 0 {
		return nil, in.All
	}
	for _, o := range in.ResourceTypes[i].Options {
		values = append(values, o.Values...)
	}
	return values, true
}

// instancesOf are the caller's instances of an image, in some states or in all.
func (o imageOps) instancesOf(c *wire.Call, image string, states []string) []xmlReference {
	var out []xmlReference
	for _, in := range instanceIndex.All(c.Tx, c.Region, wordImage+image) {
		if in.Account != c.Account.ID || !o.shown(in, c.Now) {
			continue
		}
		if state := o.seen(c, in).State; len(states) == 0 || slices.Contains(states, state) {
			out = append(out, xmlReference{image, refInstance, c.Account.Partition.ARN("ec2", c.Region, in.Account, "instance/"+in.ID)})
		}
	}
	return out
}

// templatesOf are the caller's launch templates that name an image.
func (o imageOps) templatesOf(c *wire.Call, image string) []xmlReference {
	var out []xmlReference
	for _, t := range launchTemplates.All(c.Tx, c.Region) {
		if t.Account == c.Account.ID && t.Data.ImageID == image {
			out = append(out, xmlReference{image, refTemplate, c.Account.Partition.ARN("ec2", c.Region, t.Account, "launch-template/"+t.ID)})
		}
	}
	return out
}
