package observe

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	quotas "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"amiship/internal/awsapi"
	"amiship/internal/world"
)

// limits reads what may be public in a region, and whether anything may: five
// calls, and one more where nobody has asked for another quota.
func (o *Observer) limits(ctx context.Context, region string) (world.Limits, error) {
	l, err := publicQuota(ctx, o.Clients.Quotas(region))
	if err != nil { // a region may have no Service Quotas
		l.QuotaErr = fmt.Sprintf("read the quota of public AMIs in %s: %s", region, reason(world.Query{}, err))
	}
	client := o.Clients.EC2(region)
	if l.Binned, err = binned(ctx, client); err != nil {
		return l, fmt.Errorf("list the Recycle Bin in %s: %w", region, err)
	}
	public, err := client.GetImageBlockPublicAccessState(ctx, &ec2.GetImageBlockPublicAccessStateInput{})
	if err != nil {
		return l, fmt.Errorf("ask whether AMIs may be public in %s: %w", region, err)
	}
	if aws.ToString(public.ImageBlockPublicAccessState) == string(types.ImageBlockPublicAccessEnabledStateBlockNewSharing) {
		l.BlockPublic = cmp.Or(string(public.ManagedBy), world.BlockedByAccount)
	}
	encrypted, err := client.GetEbsEncryptionByDefault(ctx, &ec2.GetEbsEncryptionByDefaultInput{})
	if err != nil {
		return l, fmt.Errorf("ask whether snapshots are encrypted in %s: %w", region, err)
	}
	l.Encrypted = aws.ToBool(encrypted.EbsEncryptionByDefault)
	return l, nil
}

// publicQuota is the quota that was given, or else AWS's default; and what was
// asked for.
func publicQuota(ctx context.Context, client *servicequotas.Client) (world.Limits, error) {
	service, code := aws.String(world.QuotaService), aws.String(world.QuotaPublicAMIs)
	var l world.Limits
	given, err := client.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: service, QuotaCode: code})
	switch {
	case awsapi.IsNoQuota(err):
		standard, err := client.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: service, QuotaCode: code})
		if err != nil {
			return l, err
		}
		l.PublicAMIs, l.Default = value(standard.Quota), true
	case err != nil:
		return l, err
	default:
		l.PublicAMIs = value(given.Quota)
	}
	pages := servicequotas.NewListRequestedServiceQuotaChangeHistoryByQuotaPaginator(client,
		&servicequotas.ListRequestedServiceQuotaChangeHistoryByQuotaInput{ServiceCode: service, QuotaCode: code})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return l, err
		}
		for _, r := range got.RequestedQuotas {
			l.Requests = append(l.Requests, request(r))
		}
	}
	return l, nil
}

func value(q *quotas.ServiceQuota) int {
	if q == nil {
		return 0
	}
	return int(aws.ToFloat64(q.Value))
}

func request(r quotas.RequestedServiceQuotaChange) world.QuotaRequest {
	at := func(t *time.Time) time.Time { return aws.ToTime(t).UTC() }
	return world.QuotaRequest{
		ID: aws.ToString(r.Id), Status: string(r.Status), Case: aws.ToString(r.CaseId), Desired: int(aws.ToFloat64(r.DesiredValue)),
		Created: at(r.Created), Updated: at(r.LastUpdated),
	}
}

// binned counts the AMIs in the Recycle Bin.
func binned(ctx context.Context, client *ec2.Client) (int, error) {
	n := 0
	pages := ec2.NewListImagesInRecycleBinPaginator(client, &ec2.ListImagesInRecycleBinInput{MaxResults: aws.Int32(page)})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		n += len(got.Images)
	}
	return n, nil
}
