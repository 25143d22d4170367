// Package quotas is the sandbox's Service Quotas: what an account may have in a
// region, and its requests for more.
//
// A request stores, when it is made, how and when it will end. Its status, and
// the value it leads to, are computed from the clock at each read; nothing is
// ever written to settle it. And every quota is per region: nineteen regions
// need nineteen requests.
package quotas

import (
	"cmp"
	"slices"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Quota is a quota as AWS publishes it.
type Quota struct {
	Service, Code, Name, Description string
	Default                          float64
	Adjustable                       bool
}

// Codes of the quotas that the sandbox enforces or its clients ask for.
const (
	PublicAMIs = "L-0E3CBAB9" // ec2
	AMIs       = "L-B665C33B" // ec2
	AMISharing = "L-70015FFA" // ec2
	// SnapshotCopies is ebs's limit of running copies into a region. AWS lists
	// the quota (20, not adjustable); its code is not known [?], this is ours.
	SnapshotCopies = "L-SNAPCOPY"
)

// Catalog lists the quotas there are, by service and code.
func Catalog() []Quota {
	return []Quota{
		{"ebs", "L-309BACF6", "Snapshots per Region", "The maximum number of snapshots in this Region.", 100000, true},
		{"ebs", SnapshotCopies, "Concurrent snapshot copies per destination Region", "The maximum number of concurrent snapshot copies to a single destination Region.", 20, false},
		{"ec2", PublicAMIs, "Public AMIs", "The maximum number of public AMIs, including public AMIs in the Recycle Bin, allowed in this Region.", 5, true},
		{"ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", "Maximum number of vCPUs assigned to the Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances.", 5, true},
		{"ec2", AMISharing, "AMI sharing", "The maximum number of entities that an AMI can be shared with in this Region.", 1000, true},
		{"ec2", AMIs, "AMIs", "The maximum number of public and private AMIs allowed in this Region.", 50000, true},
	}
}

func serviceName(code string) string {
	switch code {
	case "ebs":
		return "Amazon Elastic Block Store (Amazon EBS)"
	case "ec2":
		return "Amazon Elastic Compute Cloud (Amazon EC2)"
	}
	return ""
}

// Known reports whether a quota matches the patterns of a service's code and a quota's.
func Known(service, code string) bool {
	return slices.ContainsFunc(Catalog(), func(q Quota) bool {
		return wire.MatchesAny(service, []string{q.Service}) && wire.MatchesAny(code, []string{q.Code})
	})
}

// find answers as AWS does for what it does not know.
func find(service, code string) (Quota, error) {
	for _, q := range Catalog() {
		if q.Service == service && q.Code == code {
			return q, nil
		}
	}
	return Quota{}, wire.Errorf("NoSuchResourceException", "The request failed because the specified quota does not exist.")
}

// Applied is a value that an account was given in a region.
type Applied struct {
	Value float64
	At    time.Time
}

var (
	applied  = cloud.NewTable[Applied]("quotas") // by region; account/service/code
	requests = cloud.NewTable[Request]("quota-requests")
	rules    = cloud.NewTable[Outcome]("quota-outcomes")
)

// Value is the quota that holds for the account in the region now: what it was
// given last, or the default. An unknown quota is 0.
func Value(tx *cloud.Tx, account, region, service, code string) float64 {
	q, err := find(service, code)
	if err != nil {
		return 0
	}
	v, _ := value(tx, account, region, q)
	return v
}

// value also reports whether it was changed from the default.
func value(tx *cloud.Tx, account, region string, q Quota) (float64, bool) {
	set, ok := applied.Get(tx, region, key(account, q))
	best := Applied{Value: q.Default}
	if ok {
		best = set
	}
	for _, r := range requests.All(tx, region) {
		if r.Account != account || r.Service != q.Service || r.Code != q.Code {
			continue
		}
		at, granted := r.granted(tx.Now)
		if granted && !at.Before(best.At) {
			best, ok = Applied{Value: r.Desired, At: at}, true
		}
	}
	return best.Value, ok
}

// Set gives the account a value in the region.
func Set(tx *cloud.Tx, account, region, service, code string, v float64) error {
	q, err := find(service, code)
	if err != nil {
		return err
	}
	applied.Put(tx, region, key(account, q), Applied{Value: v, At: tx.Now})
	return nil
}

func key(account string, q Quota) string { return account + "/" + q.Service + "/" + q.Code }

func byService(service string) []Quota {
	all := slices.DeleteFunc(Catalog(), func(q Quota) bool { return q.Service != service })
	slices.SortFunc(all, func(a, b Quota) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
