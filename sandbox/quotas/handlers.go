package quotas

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"time"

	"amiship/sandbox/wire"
)

// RequestedQuota is a request in an answer.
type RequestedQuota struct {
	ID                       string  `json:"Id"`
	CaseID                   *string `json:"CaseId,omitempty"`
	ServiceCode, ServiceName string
	QuotaCode, QuotaName     string
	DesiredValue             float64
	Status                   string
	Created, LastUpdated     wire.Epoch
	Requester                string
	QuotaArn                 string
	GlobalQuota              bool
	Unit                     string
	QuotaRequestedAtLevel    string
}

func (r Request) show(now time.Time) RequestedQuota {
	q, _ := find(r.Service, r.Code)
	cur := r.at(now)
	out := RequestedQuota{
		ID: r.ID, ServiceCode: r.Service, ServiceName: serviceName(r.Service),
		QuotaCode: r.Code, QuotaName: q.Name, DesiredValue: r.Desired, Status: cur.Status,
		Created: wire.Epoch(r.Steps[0].At), LastUpdated: wire.Epoch(cur.At),
		Requester: `{"accountId":"` + r.Account + `","callerArn":"` + r.Requester + `"}`,
		QuotaArn:  arn(r.Region, r.Account, q), Unit: "None", QuotaRequestedAtLevel: accountLevel,
	}
	if r.hasCase(now) {
		out.CaseID = &r.CaseID
	}
	return out
}

type requestIn struct {
	ServiceCode        string   `check:"required"`
	QuotaCode          string   `check:"required"`
	DesiredValue       *float64 `check:"required"`
	ContextID          string   `json:"ContextId"`
	SupportCaseAllowed *bool
}

type requestOut struct{ RequestedQuota RequestedQuota }

func requestIncrease(c *wire.Call, in *requestIn) (*requestOut, error) {
	q, err := find(in.ServiceCode, in.QuotaCode)
	if err != nil {
		return nil, err
	}
	if err := allowed(c, in, q); err != nil {
		return nil, err
	}
	r := Request{
		ID: newID(), Account: c.Account.ID, Requester: c.Credential.Principal, Region: c.Region,
		Service: q.Service, Code: q.Code, Desired: *in.DesiredValue, CaseID: newCase(),
	}
	outcome(c.Tx, r).plan(c.Tx, &r, in.SupportCaseAllowed == nil || *in.SupportCaseAllowed)
	requests.Put(c.Tx, c.Region, r.ID, r)
	return &requestOut{r.show(c.Now)}, nil
}

// maxOpen is how many requests an account may have open in a region. That AWS
// refuses more is documented (QuotaExceededException), the number is not [?].
const maxOpen = 20

func allowed(c *wire.Call, in *requestIn, q Quota) error {
	if err := refuseContext(in.ContextID); err != nil {
		return err
	}
	if !q.Adjustable {
		return wire.Errorf("IllegalArgumentException", "The request failed because the specified quota is not adjustable.")
	}
	have, _ := value(c.Tx, c.Account.ID, c.Region, q)
	if *in.DesiredValue <= have {
		return wire.Errorf("IllegalArgumentException", "You must provide a quota value greater than the current quota value of %v.", have)
	}
	open := 0
	for _, r := range mine(c) {
		if !r.open(c.Now) {
			continue
		}
		if r.Service == q.Service && r.Code == q.Code {
			return wire.Errorf("ResourceAlreadyExistsException", "Only one open service quota increase request is allowed per quota.")
		}
		open++
	}
	if open >= maxOpen {
		return wire.Errorf("QuotaExceededException", "You have exceeded your service quota of %d open quota increase requests.", maxOpen)
	}
	return nil
}

// mine lists the account's requests in the region, the newest first.
func mine(c *wire.Call) []Request {
	var out []Request
	for _, r := range requests.All(c.Tx, c.Region) {
		if r.Account == c.Account.ID {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Request) int {
		return cmp.Or(b.Steps[0].At.Compare(a.Steps[0].At), cmp.Compare(a.ID, b.ID))
	})
	return out
}

type oneRequestIn struct {
	RequestID string `json:"RequestId" check:"required"`
}

func getRequest(c *wire.Call, in *oneRequestIn) (*requestOut, error) {
	r, ok := requests.Get(c.Tx, c.Region, in.RequestID)
	if !ok || r.Account != c.Account.ID {
		return nil, wire.Errorf("NoSuchResourceException", "The request failed because the specified request does not exist.")
	}
	return &requestOut{r.show(c.Now)}, nil
}

type historyIn struct {
	ServiceCode           string
	Status                string
	NextToken             string
	MaxResults            *int
	QuotaRequestedAtLevel string
}

type historyOut struct {
	NextToken       *string `json:",omitempty"`
	RequestedQuotas []RequestedQuota
}

func listRequests(c *wire.Call, in *historyIn) (*historyOut, error) { return history(c, *in, "") }

type quotaHistoryIn struct {
	ServiceCode           string `check:"required"`
	QuotaCode             string `check:"required"`
	Status                string
	NextToken             string
	MaxResults            *int
	QuotaRequestedAtLevel string
}

func listRequestsByQuota(c *wire.Call, in *quotaHistoryIn) (*historyOut, error) {
	if _, err := find(in.ServiceCode, in.QuotaCode); err != nil {
		return nil, err
	}
	return history(c, historyIn{in.ServiceCode, in.Status, in.NextToken, in.MaxResults, in.QuotaRequestedAtLevel}, in.QuotaCode)
}

// kept is how long AWS shows a request.
const kept = 90 * 24 * time.Hour

func history(c *wire.Call, in historyIn, code string) (*historyOut, error) {
	all := []RequestedQuota{}
	for _, r := range mine(c) {
		shown := r.show(c.Now)
		old := c.Now.Sub(r.Steps[0].At) > kept
		if old || (in.ServiceCode != "" && in.ServiceCode != r.Service) || (code != "" && code != r.Code) ||
			(in.Status != "" && in.Status != shown.Status) || in.QuotaRequestedAtLevel == "RESOURCE" {
			continue
		}
		all = append(all, shown)
	}
	page, next, err := wire.Page(paging, all, in.MaxResults, in.NextToken)
	return &historyOut{NextToken: next, RequestedQuotas: page}, err
}

// newID is 40 characters long, as AWS's are.
func newID() string {
	var b [20]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func newCase() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(1e10))
	return fmt.Sprintf("%011d", n)
}
