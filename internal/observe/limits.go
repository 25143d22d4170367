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

// limits reads what may be public in a region, and whether anything may: seven
// calls, one more for each quota without a request for an increase, and one for snapshots
// that are to become public.
func (o *Observer) limits(ctx context.Context, region string) (world.Limits, error) {
	l := world.Limits{
		Public: o.quota(ctx, region, world.QuotaPublicAMIs, "public AMIs"),
		AMIs:   o.quota(ctx, region, world.QuotaAMIs, "AMIs"),
	}
	client := o.Clients.EC2(region)
	bin, err := binned(ctx, client, region)
	if err != nil {
		return l, err
	}
	l.Binned = len(bin)
	public, err := client.GetImageBlockPublicAccessState(ctx, &ec2.GetImageBlockPublicAccessStateInput{})
	if err != nil {
		return l, fmt.Errorf("ask whether AMIs may be public in %s: %w", region, err)
	}
	if aws.ToString(public.ImageBlockPublicAccessState) == string(types.ImageBlockPublicAccessEnabledStateBlockNewSharing) {
		l.BlockPublic = cmp.Or(string(public.ManagedBy), world.BlockedByAccount)
	}
	if o.Desired.PublicSnapshots() {
		if l.BlockSnapshots, err = snapshotBlock(ctx, client, region); err != nil {
			return l, err
		}
	}
	encrypted, err := client.GetEbsEncryptionByDefault(ctx, &ec2.GetEbsEncryptionByDefaultInput{})
	if err != nil {
		return l, fmt.Errorf("ask whether snapshots are encrypted in %s: %w", region, err)
	}
	l.Encrypted = aws.ToBool(encrypted.EbsEncryptionByDefault)
	return l, nil
}

// snapshotBlock says who keeps snapshots of a region from becoming public; "": no one does.
// Both modes do; in the stricter one those that are public are hidden.
func snapshotBlock(ctx context.Context, client *ec2.Client, region string) (string, error) {
	out, err := client.GetSnapshotBlockPublicAccessState(ctx, &ec2.GetSnapshotBlockPublicAccessStateInput{})
	if err != nil {
		return "", fmt.Errorf("ask whether snapshots may be public in %s: %w", region, err)
	}
	if out.State == types.SnapshotBlockPublicAccessStateUnblocked {
		return "", nil
	}
	return cmp.Or(string(out.ManagedBy), world.BlockedByAccount), nil
}

// quotaFor is for how long a quota that was read serves every release of a process: Service Quotas
// takes few requests, and AWS raises a quota in hours.
const quotaFor = time.Minute

// QuotaKey is what a quota is kept under: who asks for another one forgets it.
func QuotaKey(region, code string) string { return "quota/" + region + "/" + code }

// quota reads one of a region. A region may have no Service Quotas.
func (o *Observer) quota(ctx context.Context, region, code, what string) world.Quota {
	q, err := awsapi.Recent(o.Clients, QuotaKey(region, code), quotaFor, func() (world.Quota, error) {
		return readQuota(ctx, o.Clients.Quotas(region), aws.String(code))
	})
	if err != nil {
		q.Err = fmt.Sprintf("read the quota of %s in %s: %s", what, region, reason(world.Query{}, err))
	}
	return q
}

// readQuota is the applied quota, or else AWS's default; and the requested
// increase.
func readQuota(ctx context.Context, client *servicequotas.Client, code *string) (world.Quota, error) {
	service := aws.String(world.QuotaService)
	var q world.Quota
	given, err := client.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: service, QuotaCode: code})
	switch {
	case awsapi.IsNoQuota(err):
		standard, err := client.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: service, QuotaCode: code})
		if err != nil {
			return q, err
		}
		q.Limit, q.Default = value(standard.Quota), true
	case err != nil:
		return q, err
	default:
		q.Limit = value(given.Quota)
	}
	pages := servicequotas.NewListRequestedServiceQuotaChangeHistoryByQuotaPaginator(client,
		&servicequotas.ListRequestedServiceQuotaChangeHistoryByQuotaInput{ServiceCode: service, QuotaCode: code})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return q, err
		}
		for _, r := range got.RequestedQuotas {
			q.Requests = append(q.Requests, request(r))
		}
	}
	return q, nil
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

// binned are the AMIs in the Recycle Bin.
func binned(ctx context.Context, client *ec2.Client, region string) (map[string]bool, error) {
	out := map[string]bool{}
	pages := ec2.NewListImagesInRecycleBinPaginator(client, &ec2.ListImagesInRecycleBinInput{MaxResults: aws.Int32(page)})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the Recycle Bin in %s: %w", region, err)
		}
		for _, i := range got.Images {
			out[aws.ToString(i.ImageId)] = true
		}
	}
	return out, nil
}
