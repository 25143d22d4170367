package quotas

import (
	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Service is the table of operations.
func Service() wire.Service {
	return wire.Service{
		Name:     "servicequotas",
		Protocol: wire.JSON11{TargetPrefix: "ServiceQuotasV20190624"},
		Asks: func(c *wire.Call, in any) []wire.Asked {
			request, ok := in.(*requestIn)
			if !ok {
				return nil // the others take no resource
			}
			return []wire.Asked{{
				Resource: c.Account.Partition.ARN("servicequotas", c.Region, c.Account.ID, request.ServiceCode+"/"+request.QuotaCode),
				Context:  map[string][]string{"servicequotas:service": {request.ServiceCode}},
			}}
		},
		Operations: []wire.Operation{
			wire.Read("ListServices", reading, listServices),
			wire.Read("GetServiceQuota", reading, getQuota),
			wire.Read("ListServiceQuotas", reading, listQuotas),
			wire.Read("GetAWSDefaultServiceQuota", reading, getDefault),
			wire.Read("ListAWSDefaultServiceQuotas", reading, listDefaults),
			wire.Op("RequestServiceQuotaIncrease", requesting, requestIncrease),
			wire.Read("GetRequestedServiceQuotaChange", reading, getRequest),
			wire.Read("ListRequestedServiceQuotaChangeHistory", reading, listRequests),
			wire.Read("ListRequestedServiceQuotaChangeHistoryByQuota", reading, listRequestsByQuota),
		},
	}
}

// Service Quotas does not publish its rates; these are small on purpose [?].
var (
	reading    = wire.Bucket{Name: "read", Max: 20, Refill: 10}
	requesting = wire.Bucket{Name: "request", Max: 5, Refill: 1}
	paging     = wire.Paging{Max: 100, BadToken: "InvalidPaginationTokenException"}
)

// ServiceQuota is a quota in an answer.
type ServiceQuota struct {
	ServiceCode, ServiceName, QuotaArn, QuotaCode, QuotaName string
	Value                                                    float64
	Unit                                                     string
	Adjustable, GlobalQuota                                  bool
	QuotaAppliedAtLevel                                      string
	Description                                              string
}

// show writes the quota with a value; a default has no account in its ARN.
func show(c *wire.Call, account string, q Quota, v float64) ServiceQuota {
	return ServiceQuota{
		ServiceCode: q.Service, ServiceName: serviceName(q.Service),
		QuotaArn: arn(c.Region, account, q), QuotaCode: q.Code, QuotaName: q.Name,
		Value: v, Unit: "None", Adjustable: q.Adjustable,
		QuotaAppliedAtLevel: accountLevel, Description: q.Description,
	}
}

const accountLevel = "ACCOUNT"

func arn(region, account string, q Quota) string {
	return cloud.PartitionOf(region).ARN("servicequotas", region, account, q.Service+"/"+q.Code)
}

type quotaIn struct {
	ServiceCode string `check:"required"`
	QuotaCode   string `check:"required"`
	ContextID   string `json:"ContextId"`
}

// refuseContext answers those who ask for a quota of one resource: the sandbox
// has none of that kind.
func refuseContext(id string) error {
	if id == "" {
		return nil
	}
	return wire.Errorf("IllegalArgumentException", "The quota does not support resource-level context.")
}

type quotaOut struct{ Quota ServiceQuota }

func getQuota(c *wire.Call, in *quotaIn) (*quotaOut, error) {
	q, err := find(in.ServiceCode, in.QuotaCode)
	if err != nil {
		return nil, err
	}
	if err := refuseContext(in.ContextID); err != nil {
		return nil, err
	}
	v, _ := value(c.Tx, c.Account.ID, c.Region, q)
	return &quotaOut{show(c, c.Account.ID, q, v)}, nil
}

type defaultIn struct {
	ServiceCode string `check:"required"`
	QuotaCode   string `check:"required"`
}

func getDefault(c *wire.Call, in *defaultIn) (*quotaOut, error) {
	q, err := find(in.ServiceCode, in.QuotaCode)
	if err != nil {
		return nil, err
	}
	return &quotaOut{show(c, "", q, q.Default)}, nil
}

type quotasOut struct {
	NextToken *string `json:",omitempty"`
	Quotas    []ServiceQuota
}

type listIn struct {
	ServiceCode string `check:"required"`
	NextToken   string
	MaxResults  *int
}

type quotasIn struct {
	listIn
	QuotaCode           string
	QuotaAppliedAtLevel string
}

func listQuotas(c *wire.Call, in *quotasIn) (*quotasOut, error) {
	if l := in.QuotaAppliedAtLevel; l != "" && l != accountLevel && l != "ALL" {
		return &quotasOut{Quotas: []ServiceQuota{}}, nil
	}
	return list(in.listIn, in.QuotaCode, func(q Quota) ServiceQuota {
		v, _ := value(c.Tx, c.Account.ID, c.Region, q)
		return show(c, c.Account.ID, q, v)
	})
}

func listDefaults(c *wire.Call, in *listIn) (*quotasOut, error) {
	return list(*in, "", func(q Quota) ServiceQuota { return show(c, "", q, q.Default) })
}

func list(in listIn, code string, show func(Quota) ServiceQuota) (*quotasOut, error) {
	if serviceName(in.ServiceCode) == "" {
		return nil, wire.Errorf("NoSuchResourceException", "The request failed because the specified service does not exist.")
	}
	var all []ServiceQuota
	for _, q := range byService(in.ServiceCode) {
		if code == "" || code == q.Code {
			all = append(all, show(q))
		}
	}
	page, next, err := wire.Page(paging, all, in.MaxResults, in.NextToken)
	return &quotasOut{NextToken: next, Quotas: page}, err
}

type serviceInfo struct{ ServiceCode, ServiceName string }

type servicesOut struct {
	NextToken *string `json:",omitempty"`
	Services  []serviceInfo
}

type servicesIn struct {
	NextToken  string
	MaxResults *int
}

func listServices(_ *wire.Call, in *servicesIn) (*servicesOut, error) {
	all := []serviceInfo{{"ebs", serviceName("ebs")}, {"ec2", serviceName("ec2")}}
	page, next, err := wire.Page(paging, all, in.MaxResults, in.NextToken)
	return &servicesOut{NextToken: next, Services: page}, err
}
