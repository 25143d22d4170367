package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/plan"
)

// imageType makes SSM check that the value is an AMI of this region.
const imageType = "aws:ec2:image"

// parameter points an SSM parameter at the AMI. SSM takes no tags together
// with Overwrite, so it carries none: its name says whose it is.
func (a *Applier) parameter(ctx context.Context, act plan.Action) (Result, error) {
	_, err := a.Clients.SSM(act.Target.Region).PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(act.Name), Value: aws.String(act.Value),
		Type: types.ParameterTypeString, DataType: aws.String(imageType), Overwrite: aws.Bool(true),
	})
	if err != nil {
		return Result{}, fmt.Errorf("put parameter %s in %s: %w", act.Name, act.Target.Region, err)
	}
	return Result{}, nil
}
