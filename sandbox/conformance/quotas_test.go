package conformance

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/quotas"
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"
)

func quotaBench(t *testing.T, outcomes ...quotas.Outcome) *bench {
	b := newBench(t, func(*cloud.Store) []wire.Service { return []wire.Service{quotas.Service()} })
	b.update(func(tx *cloud.Tx) {
		if err := quotas.Load(tx, quotas.World{Outcomes: outcomes}); err != nil {
			t.Fatal(err)
		}
	})
	return b
}

func quotaClient(b *bench, account, region string) *awssdk.Client {
	return awssdk.NewFromConfig(b.config(account, region))
}

func ask(ctx context.Context, c *awssdk.Client, code string, v float64, more ...func(*awssdk.RequestServiceQuotaIncreaseInput)) (string, error) {
	in := &awssdk.RequestServiceQuotaIncreaseInput{ServiceCode: aws.String("ec2"), QuotaCode: &code, DesiredValue: &v}
	for _, f := range more {
		f(in)
	}
	out, err := c.RequestServiceQuotaIncrease(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.RequestedQuota.Id, nil
}

// seen is what a client sees of a request and its quota.
func seen(t *testing.T, c *awssdk.Client, id string) (types.RequestStatus, bool, float64) {
	t.Helper()
	out, err := c.GetRequestedServiceQuotaChange(t.Context(), &awssdk.GetRequestedServiceQuotaChangeInput{RequestId: &id})
	if err != nil {
		t.Fatal(err)
	}
	q, err := c.GetServiceQuota(t.Context(), &awssdk.GetServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: out.RequestedQuota.QuotaCode})
	if err != nil {
		t.Fatal(err)
	}
	return out.RequestedQuota.Status, out.RequestedQuota.CaseId != nil, *q.Quota.Value
}

// TestEnds goes through the life of a request that ends in each way.
func TestEnds(t *testing.T) {
	type look struct {
		after  time.Duration
		status types.RequestStatus
		inCase bool
		value  float64
	}
	noCase := func(in *awssdk.RequestServiceQuotaIncreaseInput) { in.SupportCaseAllowed = aws.Bool(false) }
	tests := map[string]struct {
		end   quotas.End
		ask   func(*awssdk.RequestServiceQuotaIncreaseInput)
		looks []look
	}{
		"approve":              {quotas.Approve, nil, []look{{0, types.RequestStatusPending, false, 5}, {11 * time.Minute, types.RequestStatusPending, false, 5}, {time.Hour, types.RequestStatusApproved, false, 30}}},
		"case-approve":         {quotas.CaseApprove, nil, []look{{0, types.RequestStatusPending, false, 5}, {11 * time.Minute, types.RequestStatusCaseOpened, true, 5}, {time.Hour, types.RequestStatusApproved, true, 30}}},
		"case-raise":           {quotas.CaseRaise, nil, []look{{11 * time.Minute, types.RequestStatusCaseOpened, true, 5}, {time.Hour, types.RequestStatusCaseClosed, true, 30}}},
		"case-refuse":          {quotas.CaseRefuse, nil, []look{{11 * time.Minute, types.RequestStatusCaseOpened, true, 5}, {time.Hour, types.RequestStatusCaseClosed, true, 5}}},
		"deny":                 {quotas.Deny, nil, []look{{11 * time.Minute, types.RequestStatusCaseOpened, true, 5}, {time.Hour, types.RequestStatusDenied, true, 5}}},
		"refuse":               {quotas.Refuse, nil, []look{{11 * time.Minute, types.RequestStatusPending, false, 5}, {time.Hour, types.RequestStatusNotApproved, false, 5}}},
		"never":                {quotas.Never, nil, []look{{time.Hour, types.RequestStatusCaseOpened, true, 5}, {1000 * time.Hour, types.RequestStatusCaseOpened, true, 5}}},
		"no case":              {quotas.CaseApprove, noCase, []look{{0, types.RequestStatusPending, false, 5}, {11 * time.Minute, types.RequestStatusNotApproved, false, 5}, {time.Hour, types.RequestStatusNotApproved, false, 5}}},
		"no case but approved": {quotas.Approve, noCase, []look{{time.Hour, types.RequestStatusApproved, false, 30}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := quotaBench(t, quotas.Outcome{End: tt.end, Case: 10 * time.Minute, After: time.Hour})
			c := quotaClient(b, vendor, "eu-west-1")
			more := []func(*awssdk.RequestServiceQuotaIncreaseInput){}
			if tt.ask != nil {
				more = append(more, tt.ask)
			}
			id, err := ask(t.Context(), c, quotas.PublicAMIs, 30, more...)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Duration(0)
			for _, l := range tt.looks {
				b.advance(l.after - at)
				at = l.after
				status, inCase, value := seen(t, c, id)
				if status != l.status || inCase != l.inCase || value != l.value {
					t.Errorf("after %v: %s, case %v, value %v; want %s, case %v, value %v", l.after, status, inCase, value, l.status, l.inCase, l.value)
				}
			}
		})
	}
}

func TestRequestIsRefused(t *testing.T) {
	b := quotaBench(t)
	c := quotaClient(b, vendor, "eu-west-1")
	if _, err := ask(t.Context(), c, quotas.PublicAMIs, 30); err != nil {
		t.Fatal(err)
	}
	ebs := func(in *awssdk.RequestServiceQuotaIncreaseInput) { in.ServiceCode = aws.String("ebs") }
	tests := map[string]struct {
		code  string
		value float64
		more  []func(*awssdk.RequestServiceQuotaIncreaseInput)
		want  string
		text  string
	}{
		"open":           {quotas.PublicAMIs, 40, nil, "ResourceAlreadyExistsException", "Only one open service quota increase request is allowed per quota."},
		"not more":       {quotas.AMISharing, 1000, nil, "IllegalArgumentException", "You must provide a quota value greater than the current quota value of 1000."},
		"not adjustable": {quotas.SnapshotCopies, 30, []func(*awssdk.RequestServiceQuotaIncreaseInput){ebs}, "IllegalArgumentException", "The request failed because the specified quota is not adjustable."},
		"unknown":        {"L-00000000", 30, nil, "NoSuchResourceException", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ask(t.Context(), c, tt.code, tt.value, tt.more...)
			if wiretest.Code(err) != tt.want {
				t.Errorf("answers %v, want %s", err, tt.want)
			}
			if got := textOf(err); tt.text != "" && got != tt.text {
				t.Errorf("the text is %q, want %q", got, tt.text)
			}
		})
	}
	if _, err := ask(t.Context(), quotaClient(b, vendor, "eu-west-2"), quotas.PublicAMIs, 30); err != nil {
		t.Errorf("another region: %v", err)
	}
	if _, err := ask(t.Context(), quotaClient(b, customer, "eu-west-1"), quotas.PublicAMIs, 30); err != nil {
		t.Errorf("another account: %v", err)
	}
	b.advance(100 * time.Hour)
	if _, err := ask(t.Context(), c, quotas.PublicAMIs, 40); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
}

func textOf(err error) string {
	var api interface{ ErrorMessage() string }
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

func TestOutcomeByPattern(t *testing.T) {
	b := quotaBench(t, quotas.Outcome{Region: "eu-*", UpTo: 10, End: quotas.Approve}, quotas.Outcome{Region: "eu-*", End: quotas.Deny}, quotas.Outcome{Account: customer, End: quotas.Refuse})
	tests := map[string]struct {
		account, region string
		value           float64
		want            types.RequestStatus
	}{
		"small":          {vendor, "eu-west-1", 10, types.RequestStatusApproved},
		"large":          {vendor, "eu-west-2", 11, types.RequestStatusDenied},
		"another region": {customer, "us-east-1", 11, types.RequestStatusNotApproved},
		"no rule":        {vendor, "us-east-1", 11, types.RequestStatusPending},
	}
	for name, tt := range tests {
		c := quotaClient(b, tt.account, tt.region)
		id, err := ask(t.Context(), c, quotas.PublicAMIs, tt.value)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := seen(t, c, id); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestHistoryPagesAndForgets(t *testing.T) {
	b := quotaBench(t, quotas.Outcome{End: quotas.Approve})
	c := quotaClient(b, vendor, "us-east-1")
	for v := 6; v < 12; v++ {
		if _, err := ask(t.Context(), c, quotas.PublicAMIs, float64(v)); err != nil {
			t.Fatal(err)
		}
		b.advance(24 * time.Hour)
	}
	var got []float64
	pages := awssdk.NewListRequestedServiceQuotaChangeHistoryByQuotaPaginator(c, &awssdk.ListRequestedServiceQuotaChangeHistoryByQuotaInput{
		ServiceCode: aws.String("ec2"), QuotaCode: aws.String(quotas.PublicAMIs), MaxResults: aws.Int32(4), Status: types.RequestStatusApproved,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.RequestedQuotas {
			got = append(got, *r.DesiredValue)
		}
	}
	if len(got) != 6 || got[0] != 11 || got[5] != 6 {
		t.Errorf("the history, newest first: %v", got)
	}
	b.advance(87*24*time.Hour - time.Hour)
	out, err := c.ListRequestedServiceQuotaChangeHistory(t.Context(), &awssdk.ListRequestedServiceQuotaChangeHistoryInput{})
	if err != nil || len(out.RequestedQuotas) != 3 {
		t.Errorf("after 90 days %d requests are listed (%v), want 3", len(out.RequestedQuotas), err)
	}
}

func TestValue(t *testing.T) {
	b := quotaBench(t, quotas.Outcome{End: quotas.Approve, After: time.Hour})
	value := func(account, region string) (v float64) {
		b.update(func(tx *cloud.Tx) { v = quotas.Value(tx, account, region, "ec2", quotas.PublicAMIs) })
		return v
	}
	b.update(func(tx *cloud.Tx) {
		if err := quotas.Set(tx, vendor, "eu-west-1", "ec2", quotas.PublicAMIs, 12); err != nil {
			t.Fatal(err)
		}
		if v := quotas.Value(tx, vendor, "eu-west-1", "ec2", "L-00000000"); v != 0 {
			t.Errorf("an unknown quota is %v", v)
		}
	})
	if a, b, c := value(vendor, "eu-west-1"), value(vendor, "eu-west-2"), value(customer, "eu-west-1"); a != 12 || b != 5 || c != 5 {
		t.Errorf("given, other region, other account: %v %v %v, want 12 5 5", a, b, c)
	}
	if _, err := ask(t.Context(), quotaClient(b, vendor, "eu-west-1"), quotas.PublicAMIs, 20); err != nil {
		t.Fatal(err)
	}
	b.advance(time.Hour)
	if v := value(vendor, "eu-west-1"); v != 20 {
		t.Errorf("after the raise: %v, want 20", v)
	}
	d, err := quotaClient(b, vendor, "eu-west-1").GetAWSDefaultServiceQuota(t.Context(), &awssdk.GetAWSDefaultServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: aws.String(quotas.PublicAMIs)})
	if err != nil || *d.Quota.Value != 5 || *d.Quota.QuotaArn != "arn:aws:servicequotas:eu-west-1::ec2/L-0E3CBAB9" {
		t.Errorf("the default is %+v (%v)", d, err)
	}
}

func TestWorldIsChecked(t *testing.T) {
	b := quotaBench(t)
	for name, w := range map[string]quotas.World{
		"no such end":   {Outcomes: []quotas.Outcome{{End: "perhaps"}}},
		"bad pattern":   {Outcomes: []quotas.Outcome{{End: quotas.Deny, Region: "[eu"}}},
		"no such quota": {Values: []quotas.Given{{Account: "1", Regions: []string{"eu-west-1"}, Service: "ec2", Code: "x"}}},
	} {
		b.update(func(tx *cloud.Tx) {
			if err := quotas.Load(tx, w); err == nil {
				t.Errorf("%s: accepted", name)
			}
		})
	}
}
