package ec2

import (
	"cmp"
	"encoding/json"

	"amiship/sandbox/wire"
)

type templateIn struct {
	ID      string `wire:"LaunchTemplateId"`
	Name    string `wire:"LaunchTemplateName"`
	Version string
}

type overrideIn struct {
	InstanceType     string
	MaxPrice         string
	SubnetID         string `wire:"SubnetId"`
	AvailabilityZone string
	ImageID          string `wire:"ImageId"`
	Priority         *float64
	Placement        struct{ AvailabilityZone string }
}

type fleetConfigIn struct {
	Template  templateIn   `wire:"LaunchTemplateSpecification"`
	Overrides []overrideIn `wire:"Overrides"`
}

type fleetIn struct {
	dry
	ClientToken string
	Configs     []fleetConfigIn `wire:"LaunchTemplateConfigs"`
	Target      struct {
		Total    int    `wire:"TotalTargetCapacity"`
		OnDemand int    `wire:"OnDemandTargetCapacity"`
		Spot     int    `wire:"SpotTargetCapacity"`
		Default  string `wire:"DefaultTargetCapacityType"`
	} `wire:"TargetCapacitySpecification"`
	Spot struct {
		AllocationStrategy           string
		InstanceInterruptionBehavior string
	} `wire:"SpotOptions"`
	OnDemand struct{ AllocationStrategy string } `wire:"OnDemandOptions"`
	Type     string
	Replace  bool      `wire:"ReplaceUnhealthyInstances"`
	TagSpecs []tagSpec `wire:"TagSpecification"`
}

type xmlTemplateAndOverrides struct {
	Template  xmlFleetTemplate  `xml:"launchTemplateSpecification"`
	Overrides xmlFleetOverrides `xml:"overrides"`
}

type xmlFleetTemplate struct {
	ID      string `xml:"launchTemplateId"`
	Version string `xml:"version"`
}

type xmlFleetOverrides struct {
	ImageID      string   `xml:"imageId,omitempty"`
	InstanceType string   `xml:"instanceType,omitempty"`
	MaxPrice     string   `xml:"maxPrice,omitempty"`
	Priority     *float64 `xml:"priority,omitempty"`
	SubnetID     string   `xml:"subnetId,omitempty"`
	Zone         string   `xml:"availabilityZone,omitempty"`
}

type xmlFleetError struct {
	Launched  xmlTemplateAndOverrides `xml:"launchTemplateAndOverrides"`
	Lifecycle string                  `xml:"lifecycle"`
	Code      string                  `xml:"errorCode"`
	Message   string                  `xml:"errorMessage"`
}

type xmlFleetInstances struct {
	Launched     xmlTemplateAndOverrides `xml:"launchTemplateAndOverrides"`
	Lifecycle    string                  `xml:"lifecycle"`
	InstanceIDs  wire.List[string]       `xml:"instanceIds"`
	InstanceType string                  `xml:"instanceType"`
}

type fleetOut struct {
	FleetID   string                       `xml:"fleetId"`
	Errors    wire.List[xmlFleetError]     `xml:"errorSet,omitempty"`
	Instances wire.List[xmlFleetInstances] `xml:"fleetInstanceSet,omitempty"`
}

// createFleet makes an instant fleet, once for each client token.
func (o instanceOps) createFleet(c *wire.Call, in *fleetIn) (*fleetOut, error) {
	made, err := replay(c, in.ClientToken, in)
	if err != nil {
		return nil, err
	}
	if len(made) > 0 {
		out := &fleetOut{}
		return out, json.Unmarshal([]byte(made[0]), out)
	}
	out, err := o.launchFleet(c, in)
	if err != nil {
		return nil, err
	}
	answer, err := json.Marshal(out)
	o.remember(c, in.ClientToken, in, string(answer))
	return out, err
}

// launchFleet launches the instances of the first configuration and override that can be.
// What kept it from others is in the answer.
func (o instanceOps) launchFleet(c *wire.Call, in *fleetIn) (*fleetOut, error) {
	switch {
	case in.Type != "instant":
		return nil, wire.Errorf("Unsupported", "Fleets of the sandbox are of the type instant, not %s.", cmp.Or(in.Type, "maintain"))
	case in.Replace:
		return nil, invalidCombination("ReplaceUnhealthyInstances is for fleets of the type maintain only.")
	case len(in.Configs) == 0:
		return nil, missingParameter("LaunchTemplateConfigs")
	case in.Target.Total < 1:
		return nil, invalidValue("TotalTargetCapacity", "0", "The target capacity is at least 1.")
	case in.Target.OnDemand > 0 && in.Target.Spot > 0:
		return nil, wire.Errorf("Unsupported", "Fleets of the sandbox are of Spot Instances or of On-Demand Instances.")
	}
	if err := c.May(wire.Asked{Action: "ec2:RunInstances", Resource: "*"}); err != nil {
		return nil, err
	}
	if _, err := specTags(in.TagSpecs, "fleet", "instance"); err != nil {
		return nil, err
	}
	out := &fleetOut{FleetID: newID("fleet")}
	for _, config := range in.Configs {
		t, err := ownTemplate(c, config.Template.ID, config.Template.Name)
		if err != nil {
			return nil, err
		}
		if v := config.Template.Version; v != "1" && v != "$Latest" && v != "$Default" {
			return nil, wire.Errorf("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template with ID %s.", v, t.ID)
		}
		overrides := config.Overrides
		if len(overrides) == 0 {
			overrides = []overrideIn{{}}
		}
		for _, override := range overrides {
			if o.launchOverride(c, in, t, override, out) {
				return out, nil
			}
		}
	}
	return out, nil
}

// launchOverride notes what came of one override, and reports whether it was launched.
func (o instanceOps) launchOverride(c *wire.Call, in *fleetIn, t launchTemplate, with overrideIn, out *fleetOut) bool {
	run := runIn{launchIn: with.over(t.Data), SubnetID: with.SubnetID, MinCount: in.Target.Total, MaxCount: in.Target.Total}
	run.TagSpecs = append(run.TagSpecs, instanceTags(in.TagSpecs)...)
	lifecycle := "on-demand"
	if in.Target.Spot > 0 || in.Target.OnDemand == 0 && in.Target.Default == "spot" {
		lifecycle, run.Market.MarketType = "spot", marketSpot
	}
	launched := xmlTemplateAndOverrides{
		Template: xmlFleetTemplate{t.ID, "1"},
		Overrides: xmlFleetOverrides{
			ImageID: with.ImageID, InstanceType: with.InstanceType, MaxPrice: with.MaxPrice, Priority: with.Priority, SubnetID: with.SubnetID,
			Zone: cmp.Or(with.AvailabilityZone, with.Placement.AvailabilityZone),
		},
	}
	err := c.Part("RunInstances")
	var made *reservationOut
	if err == nil {
		made, err = o.runInstances(c, &run)
	}
	if err != nil {
		e := wire.AsError(err)
		out.Errors = append(out.Errors, xmlFleetError{launched, lifecycle, e.Code, e.Message})
		return false
	}
	group := xmlFleetInstances{Launched: launched, Lifecycle: lifecycle, InstanceType: made.Instances[0].InstanceType}
	for _, i := range made.Instances {
		group.InstanceIDs = append(group.InstanceIDs, i.InstanceID)
	}
	out.Instances = append(out.Instances, group)
	return true
}

// over is the template's data with what an override replaces of it.
func (w overrideIn) over(data launchIn) launchIn {
	data.InstanceType = cmp.Or(w.InstanceType, data.InstanceType)
	data.ImageID = cmp.Or(w.ImageID, data.ImageID)
	data.Placement.AvailabilityZone = cmp.Or(w.AvailabilityZone, w.Placement.AvailabilityZone, data.Placement.AvailabilityZone)
	data.Market.Spot.MaxPrice = cmp.Or(w.MaxPrice, data.Market.Spot.MaxPrice)
	return data
}

func instanceTags(specs []tagSpec) []tagSpec {
	var out []tagSpec
	for _, s := range specs {
		if s.ResourceType == "instance" {
			out = append(out, s)
		}
	}
	return out
}
