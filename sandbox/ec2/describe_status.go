package ec2

import (
	"strconv"

	"amiship/sandbox/wire"
)

type describeStatusIn struct {
	describeInstancesIn
	IncludeAllInstances bool
}

type xmlStatusDetail struct {
	Name   string `xml:"name"`
	Status string `xml:"status"`
}

type xmlStatusSummary struct {
	Details wire.List[xmlStatusDetail] `xml:"details"`
	Status  string                     `xml:"status"`
}

type xmlNoEvent struct{}

type xmlInstanceStatus struct {
	Zone           string                `xml:"availabilityZone"`
	ZoneID         string                `xml:"availabilityZoneId"`
	Operator       xmlOperator           `xml:"operator"`
	Events         wire.List[xmlNoEvent] `xml:"eventsSet"`
	InstanceID     string                `xml:"instanceId"`
	State          xmlState              `xml:"instanceState"`
	InstanceStatus xmlStatusSummary      `xml:"instanceStatus"`
	SystemStatus   xmlStatusSummary      `xml:"systemStatus"`
	EBSStatus      xmlStatusSummary      `xml:"attachedEbsStatus"`
}

type describeStatusOut struct {
	Statuses  wire.List[xmlInstanceStatus] `xml:"instanceStatusSet"`
	NextToken string                       `xml:"nextToken,omitempty"`
}

var statusFilters = filters[xmlInstanceStatus]{
	by: map[string]func(xmlInstanceStatus) []string{
		"availability-zone":            func(s xmlInstanceStatus) []string { return one(s.Zone) },
		"availability-zone-id":         func(s xmlInstanceStatus) []string { return one(s.ZoneID) },
		"instance-state-code":          func(s xmlInstanceStatus) []string { return one(strconv.Itoa(s.State.Code)) },
		"instance-state-name":          func(s xmlInstanceStatus) []string { return one(s.State.Name) },
		"instance-status.status":       func(s xmlInstanceStatus) []string { return one(s.InstanceStatus.Status) },
		"instance-status.reachability": func(s xmlInstanceStatus) []string { return s.InstanceStatus.reachability() },
		"system-status.status":         func(s xmlInstanceStatus) []string { return one(s.SystemStatus.Status) },
		"system-status.reachability":   func(s xmlInstanceStatus) []string { return s.SystemStatus.reachability() },
		"attached-ebs-status.status":   func(s xmlInstanceStatus) []string { return one(s.EBSStatus.Status) },
		"operator.managed":             func(xmlInstanceStatus) []string { return flag(false) },
	},
	never: []string{
		"event.code", "event.description", "event.instance-event-id", "event.not-after", "event.not-before",
		"event.not-before-deadline", "operator.principal",
	},
}

func (s xmlStatusSummary) reachability() []string {
	var out []string
	for _, d := range s.Details {
		out = append(out, d.Status)
	}
	return out
}

func (o instanceOps) describeInstanceStatus(c *wire.Call, in *describeStatusIn) (*describeStatusOut, error) {
	if in.MaxResults != nil && len(in.InstanceIDs) > 0 {
		return nil, invalidCombination("The parameter instancesSet cannot be used with the parameter maxResults")
	}
	found, err := o.askedInstances(c, in.InstanceIDs)
	if err != nil {
		return nil, err
	}
	var all []xmlInstanceStatus
	for _, i := range found {
		if i.State == stateRunning || in.IncludeAllInstances {
			all = append(all, o.statusXML(i))
		}
	}
	if all, err = statusFilters.keep(all, in.Filters); err != nil {
		return nil, err
	}
	all, next, err := page(c, in.paging, 5, all, func(s xmlInstanceStatus) string { return s.InstanceID })
	return &describeStatusOut{Statuses: all, NextToken: next}, err
}

func (o instanceOps) statusXML(i Instance) xmlInstanceStatus {
	x := xmlInstanceStatus{Zone: i.Zone, ZoneID: i.ZoneID, InstanceID: i.ID, State: stateXML(i.State), Events: wire.List[xmlNoEvent]{}}
	check := "not-applicable"
	if i.State == stateRunning {
		check = "ok"
	}
	x.SystemStatus, x.EBSStatus = summary(check), summary(check)
	if check == "ok" && !o.driver.Status(i.ID).SSH {
		check = "initializing"
	}
	x.InstanceStatus = summary(check)
	return x
}

func summary(status string) xmlStatusSummary {
	detail := map[string]string{"ok": "passed", "initializing": "initializing"}[status]
	if detail == "" {
		return xmlStatusSummary{Details: wire.List[xmlStatusDetail]{}, Status: status}
	}
	return xmlStatusSummary{Details: wire.List[xmlStatusDetail]{{"reachability", detail}}, Status: status}
}
