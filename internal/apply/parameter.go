package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
)

// imageType makes SSM check that the value is an AMI of this region.
const imageType = "aws:ec2:image"

// parameter points an SSM parameter at the AMI. SSM takes no tags together
// with Overwrite, so it carries none: its name says whose it is. Every put makes
// a version, so of two runs at once only one may put.
func (a *Applier) parameter(ctx context.Context, act plan.Action) (Result, error) {
	client := a.Clients.SSM(act.Target.Region)
	if act.Seen != "" {
		if there, err := sameParameter(ctx, client, act); there || err != nil {
			return Result{}, err
		}
	}
	_, err := client.PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(act.Name), Value: aws.String(act.Value),
		Type: types.ParameterTypeString, DataType: aws.String(imageType), Overwrite: aws.Bool(act.Seen != ""),
	})
	if awsapi.IsParameterThere(err) {
		return Result{}, nil // another run's, which SSM is still checking: the plan waits until it shows
	}
	if err != nil {
		return Result{}, fmt.Errorf("put parameter %s in %s: %w", act.Name, act.Target.Region, err)
	}
	return Result{}, nil
}

// sameParameter reports whether the parameter has its new value by now. It
// fails if that is neither the new one nor the one that the plan saw.
func sameParameter(ctx context.Context, client *ssm.Client, act plan.Action) (bool, error) {
	got, err := client.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{act.Name}})
	if err != nil {
		return false, fmt.Errorf("read parameter %s in %s again: %w", act.Name, act.Target.Region, err)
	}
	value := ""
	if len(got.Parameters) > 0 {
		value = aws.ToString(got.Parameters[0].Value)
	}
	if value != act.Value && value != act.Seen {
		return false, fmt.Errorf("parameter %s in %s: %w: it is %q", act.Name, act.Target.Region, ErrChanged, value)
	}
	return value == act.Value, nil
}
