package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"amiship/internal/awsapi"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/world"
)

// limits lifts what AWS limits an account to.
type limits struct{ clients *awsapi.Clients }

// raise asks AWS for a higher quota of AMIs, the one that the action names. There is
// one open request for a quota at most; one that is open already will do.
func (l limits) raise(ctx context.Context, act plan.Action) (Result, error) {
	c := plan.As[plan.RaiseQuota](act)
	defer l.clients.Forget(observe.QuotaKey(act.Target.Region, c.Quota))
	out, err := l.clients.Quotas(act.Target.Region).RequestServiceQuotaIncrease(ctx, &servicequotas.RequestServiceQuotaIncreaseInput{
		ServiceCode: aws.String(world.QuotaService), QuotaCode: aws.String(c.Quota), DesiredValue: aws.Float64(float64(c.Limit)),
	})
	if awsapi.IsQuotaAsked(err) {
		return Result{}, nil
	}
	if err != nil {
		return Result{}, fmt.Errorf("ask for %d of quota %s in %s: %w", c.Limit, c.Quota, act.Target.Region, err)
	}
	return Result{Made: aws.ToString(out.RequestedQuota.Id)}, nil
}

// allow lets AMIs of the account be public in a region. It takes AWS up to ten
// minutes.
func (l limits) allow(ctx context.Context, act plan.Action) (Result, error) {
	_, err := l.clients.EC2(act.Target.Region).DisableImageBlockPublicAccess(ctx, &ec2.DisableImageBlockPublicAccessInput{})
	if err != nil {
		return Result{}, fmt.Errorf("disable block public access in %s: %w", act.Target.Region, err)
	}
	return Result{}, nil
}

// allowSnapshots lets snapshots of the account be public in a region; those that were made
// public before, and are hidden, can be seen again.
func (l limits) allowSnapshots(ctx context.Context, act plan.Action) (Result, error) {
	_, err := l.clients.EC2(act.Target.Region).DisableSnapshotBlockPublicAccess(ctx, &ec2.DisableSnapshotBlockPublicAccessInput{})
	if err != nil {
		return Result{}, fmt.Errorf("disable block public access for snapshots in %s: %w", act.Target.Region, err)
	}
	return Result{}, nil
}
