package quotas

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssdk "github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"
)

func bench(t *testing.T, outcomes ...Outcome) *wiretest.Bench {
	b := wiretest.New(t, func(*cloud.Store) []wire.Service { return []wire.Service{Service()} })
	b.Update(func(tx *cloud.Tx) {
		if err := Load(tx, World{Outcomes: outcomes}); err != nil {
			t.Fatal(err)
		}
	})
	return b
}

// config points an SDK's client at the bench. It does not retry.
func config(b *wiretest.Bench, account, region string) aws.Config {
	key, secret := wiretest.Keys(account)
	return aws.Config{
		Region: region, BaseEndpoint: &b.URL, Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func client(b *wiretest.Bench, account, region string) *awssdk.Client {
	return awssdk.NewFromConfig(config(b, account, region))
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
		end   End
		ask   func(*awssdk.RequestServiceQuotaIncreaseInput)
		looks []look
	}{
		"approve":              {Approve, nil, []look{{0, Pending, false, 5}, {11 * time.Minute, Pending, false, 5}, {time.Hour, Approved, false, 30}}},
		"case-approve":         {CaseApprove, nil, []look{{0, Pending, false, 5}, {11 * time.Minute, CaseOpened, true, 5}, {time.Hour, Approved, true, 30}}},
		"case-raise":           {CaseRaise, nil, []look{{11 * time.Minute, CaseOpened, true, 5}, {time.Hour, CaseClosed, true, 30}}},
		"case-refuse":          {CaseRefuse, nil, []look{{11 * time.Minute, CaseOpened, true, 5}, {time.Hour, CaseClosed, true, 5}}},
		"deny":                 {Deny, nil, []look{{11 * time.Minute, CaseOpened, true, 5}, {time.Hour, Denied, true, 5}}},
		"refuse":               {Refuse, nil, []look{{11 * time.Minute, Pending, false, 5}, {time.Hour, NotApproved, false, 5}}},
		"never":                {Never, nil, []look{{time.Hour, CaseOpened, true, 5}, {1000 * time.Hour, CaseOpened, true, 5}}},
		"no case":              {CaseApprove, noCase, []look{{0, Pending, false, 5}, {11 * time.Minute, NotApproved, false, 5}, {time.Hour, NotApproved, false, 5}}},
		"no case but approved": {Approve, noCase, []look{{time.Hour, Approved, false, 30}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := bench(t, Outcome{End: tt.end, Case: 10 * time.Minute, After: time.Hour})
			c := client(b, wiretest.Vendor, "eu-west-1")
			more := []func(*awssdk.RequestServiceQuotaIncreaseInput){}
			if tt.ask != nil {
				more = append(more, tt.ask)
			}
			id, err := ask(t.Context(), c, PublicAMIs, 30, more...)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Duration(0)
			for _, l := range tt.looks {
				b.Advance(l.after - at)
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
	b := bench(t)
	c := client(b, wiretest.Vendor, "eu-west-1")
	if _, err := ask(t.Context(), c, PublicAMIs, 30); err != nil {
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
		"open":           {PublicAMIs, 40, nil, "ResourceAlreadyExistsException", "Only one open service quota increase request is allowed per quota."},
		"not more":       {AMISharing, 1000, nil, "IllegalArgumentException", "You must provide a quota value greater than the current quota value of 1000."},
		"not adjustable": {SnapshotCopies, 30, []func(*awssdk.RequestServiceQuotaIncreaseInput){ebs}, "IllegalArgumentException", "The request failed because the specified quota is not adjustable."},
		"unknown":        {"L-00000000", 30, nil, "NoSuchResourceException", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ask(t.Context(), c, tt.code, tt.value, tt.more...)
			if wiretest.Code(err) != tt.want {
				t.Errorf("answers %v, want %s", err, tt.want)
			}
			if got := text(err); tt.text != "" && got != tt.text {
				t.Errorf("the text is %q, want %q", got, tt.text)
			}
		})
	}
	if _, err := ask(t.Context(), client(b, wiretest.Vendor, "eu-west-2"), PublicAMIs, 30); err != nil {
		t.Errorf("another region: %v", err)
	}
	if _, err := ask(t.Context(), client(b, wiretest.Customer, "eu-west-1"), PublicAMIs, 30); err != nil {
		t.Errorf("another account: %v", err)
	}
	b.Advance(100 * time.Hour)
	if _, err := ask(t.Context(), c, PublicAMIs, 40); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
}

func text(err error) string {
	var api interface{ ErrorMessage() string }
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

func TestOutcomeByPattern(t *testing.T) {
	b := bench(t, Outcome{Region: "eu-*", UpTo: 10, End: Approve}, Outcome{Region: "eu-*", End: Deny}, Outcome{Account: wiretest.Customer, End: Refuse})
	tests := map[string]struct {
		account, region string
		value           float64
		want            types.RequestStatus
	}{
		"small":          {wiretest.Vendor, "eu-west-1", 10, Approved},
		"large":          {wiretest.Vendor, "eu-west-1", 11, Denied},
		"another region": {wiretest.Customer, "us-east-1", 11, NotApproved},
		"no rule":        {wiretest.Vendor, "us-east-1", 11, Pending},
	}
	for name, tt := range tests {
		b.Update(func(tx *cloud.Tx) {
			r := Request{Account: tt.account, Region: tt.region, Service: "ec2", Code: PublicAMIs, Desired: tt.value}
			outcome(tx, r).plan(tx, &r, true)
			if got := r.at(tx.Now).Status; got != string(tt.want) {
				t.Errorf("%s: %s, want %s", name, got, tt.want)
			}
		})
	}
}

func TestHistoryPagesAndForgets(t *testing.T) {
	b := bench(t, Outcome{End: Approve})
	c := client(b, wiretest.Vendor, "us-east-1")
	for v := 6; v < 12; v++ {
		if _, err := ask(t.Context(), c, PublicAMIs, float64(v)); err != nil {
			t.Fatal(err)
		}
		b.Advance(24 * time.Hour)
	}
	var got []float64
	pages := awssdk.NewListRequestedServiceQuotaChangeHistoryByQuotaPaginator(c, &awssdk.ListRequestedServiceQuotaChangeHistoryByQuotaInput{
		ServiceCode: aws.String("ec2"), QuotaCode: aws.String(PublicAMIs), MaxResults: aws.Int32(4), Status: types.RequestStatusApproved,
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
	b.Advance(87*24*time.Hour - time.Hour)
	out, err := c.ListRequestedServiceQuotaChangeHistory(t.Context(), &awssdk.ListRequestedServiceQuotaChangeHistoryInput{})
	if err != nil || len(out.RequestedQuotas) != 3 {
		t.Errorf("after 90 days %d requests are listed (%v), want 3", len(out.RequestedQuotas), err)
	}
}

func TestValue(t *testing.T) {
	b := bench(t, Outcome{End: Approve, After: time.Hour})
	value := func(account, region string) (v float64) {
		b.Update(func(tx *cloud.Tx) { v = Value(tx, account, region, "ec2", PublicAMIs) })
		return v
	}
	b.Update(func(tx *cloud.Tx) {
		if err := Set(tx, wiretest.Vendor, "eu-west-1", "ec2", PublicAMIs, 12); err != nil {
			t.Fatal(err)
		}
		if v := Value(tx, wiretest.Vendor, "eu-west-1", "ec2", "L-00000000"); v != 0 {
			t.Errorf("an unknown quota is %v", v)
		}
	})
	if a, b, c := value(wiretest.Vendor, "eu-west-1"), value(wiretest.Vendor, "eu-west-2"), value(wiretest.Customer, "eu-west-1"); a != 12 || b != 5 || c != 5 {
		t.Errorf("given, other region, other account: %v %v %v, want 12 5 5", a, b, c)
	}
	if _, err := ask(t.Context(), client(b, wiretest.Vendor, "eu-west-1"), PublicAMIs, 20); err != nil {
		t.Fatal(err)
	}
	b.Advance(time.Hour)
	if v := value(wiretest.Vendor, "eu-west-1"); v != 20 {
		t.Errorf("after the raise: %v, want 20", v)
	}
	d, err := client(b, wiretest.Vendor, "eu-west-1").GetAWSDefaultServiceQuota(t.Context(), &awssdk.GetAWSDefaultServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: aws.String(PublicAMIs)})
	if err != nil || *d.Quota.Value != 5 || *d.Quota.QuotaArn != "arn:aws:servicequotas:eu-west-1::ec2/L-0E3CBAB9" {
		t.Errorf("the default is %+v (%v)", d, err)
	}
}

func TestWorldIsChecked(t *testing.T) {
	b := bench(t)
	for name, w := range map[string]World{
		"no such end":   {Outcomes: []Outcome{{End: "perhaps"}}},
		"bad pattern":   {Outcomes: []Outcome{{End: Deny, Region: "[eu"}}},
		"no such quota": {Values: []Given{{Account: "1", Regions: []string{"eu-west-1"}, Service: "ec2", Code: "x"}}},
	} {
		b.Update(func(tx *cloud.Tx) {
			if err := Load(tx, w); err == nil {
				t.Errorf("%s: accepted", name)
			}
		})
	}
}
