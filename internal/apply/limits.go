package apply

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
	"amiship/internal/world"
)

// raise asks AWS for a higher quota of AMIs, the one that the action names. There is
// one open request for a quota at most; one that is open already will do.
func (a *Applier) raise(ctx context.Context, act plan.Action) (Result, error) {
	want, err := strconv.ParseFloat(act.Value, 64)
	if err != nil {
		return Result{}, fmt.Errorf("ask for a quota of %q: %w", act.Value, err)
	}
	out, err := a.Clients.Quotas(act.Target.Region).RequestServiceQuotaIncrease(ctx, &servicequotas.RequestServiceQuotaIncreaseInput{
		ServiceCode: aws.String(world.QuotaService), QuotaCode: aws.String(act.Name), DesiredValue: aws.Float64(want),
	})
	if awsapi.IsQuotaAsked(err) {
		return Result{}, nil
	}
	if err != nil {
		return Result{}, fmt.Errorf("ask for %s of quota %s in %s: %w", act.Value, act.Name, act.Target.Region, err)
	}
	return Result{Made: aws.ToString(out.RequestedQuota.Id)}, nil
}

// allow lets AMIs of the account be public in a region. It takes AWS up to ten
// minutes.
func (a *Applier) allow(ctx context.Context, act plan.Action) (Result, error) {
	_, err := a.Clients.EC2(act.Target.Region).DisableImageBlockPublicAccess(ctx, &ec2.DisableImageBlockPublicAccessInput{})
	if err != nil {
		return Result{}, fmt.Errorf("switch block public access off in %s: %w", act.Target.Region, err)
	}
	return Result{}, nil
}
