package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
	"amiship/internal/record"
)

// parameters changes SSM parameters that name AMIs.
type parameters struct{ targets }

// put points an SSM parameter at the AMI. SSM takes no tags together
// with Overwrite, so its description says whose it is. Every put makes a version,
// so of two runs at once only one may put.
func (p parameters) put(ctx context.Context, act plan.Action) (Result, error) {
	client, set := p.clients.SSM(act.Target.Region), plan.As[plan.PutParameter](act)
	if act.Guard.Parameter != "" {
		if there, err := sameParameter(ctx, client, act); there || err != nil {
			return Result{}, err
		}
	}
	_, err := client.PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(set.Name), Value: aws.String(set.Value),
		Type: types.ParameterTypeString, DataType: aws.String(record.ParameterType), Overwrite: aws.Bool(act.Guard.Parameter != ""),
		Description: aws.String(record.ParameterDescription(p.desired.Project)),
	})
	if awsapi.IsParameterThere(err) {
		return Result{}, nil // another run's, which SSM is still checking: the plan waits until it shows
	}
	if err != nil {
		return Result{}, fmt.Errorf("put parameter %s in %s: %w", set.Name, act.Target.Region, err)
	}
	return Result{}, nil
}

// sameParameter reports whether the parameter has its new value by now. It
// fails if that is neither the new one nor the one that the plan saw.
func sameParameter(ctx context.Context, client *ssm.Client, act plan.Action) (bool, error) {
	p := plan.As[plan.PutParameter](act)
	value, err := parameterNow(ctx, client, act, p.Name)
	if err != nil {
		return false, err
	}
	if value != p.Value && value != act.Guard.Parameter {
		return false, fmt.Errorf("parameter %s in %s: %w: it is %q", p.Name, act.Target.Region, ErrChanged, value)
	}
	return value == p.Value, nil
}

// parameterNow is the value that a parameter has; empty: there is none.
func parameterNow(ctx context.Context, client *ssm.Client, act plan.Action, name string) (string, error) {
	got, err := client.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{name}})
	if err != nil {
		return "", fmt.Errorf("read parameter %s in %s again: %w", name, act.Target.Region, err)
	}
	if len(got.Parameters) == 0 {
		return "", nil
	}
	return aws.ToString(got.Parameters[0].Value), nil
}

// remove deletes a parameter whose AMI is deregistered next, or is gone. SSM deletes
// whatever the value is, so it is read again first: what another user has pointed
// elsewhere stays.
func (p parameters) remove(ctx context.Context, act plan.Action) (Result, error) {
	unchanged := p.dangles
	if act.Guard.Image != "" {
		unchanged = func(ctx context.Context, act plan.Action) error { _, err := p.quiet(ctx, act); return err }
	}
	if err := unchanged(ctx, act); err != nil {
		return Result{}, err
	}
	client := p.clients.SSM(act.Target.Region)
	name := plan.As[plan.RemoveParameter](act).Parameter
	value, err := parameterNow(ctx, client, act, name)
	switch {
	case err != nil || value == "":
		return Result{}, err
	case value != act.Image().AMI:
		return Result{}, fmt.Errorf("parameter %s in %s: %w: it is %q", name, act.Target.Region, ErrChanged, value)
	}
	_, err = client.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(name)})
	if err != nil && !awsapi.IsNotFound(err) {
		return Result{}, fmt.Errorf("delete parameter %s in %s with ssm:DeleteParameter: %w", name, act.Target.Region, err)
	}
	return Result{}, nil
}

// dangles refuses if the AMI that the plan took for gone is there.
func (p parameters) dangles(ctx context.Context, act plan.Action) error {
	ami, region := act.Image().AMI, act.Target.Region
	out, err := p.ec2(act.Target).DescribeImages(ctx, &ec2.DescribeImagesInput{
		Filters: []ec2types.Filter{{Name: aws.String("image-id"), Values: []string{ami}}}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	switch {
	case err != nil:
		return fmt.Errorf("read %s in %s again: %w", ami, region, err)
	case len(out.Images) > 0:
		return fmt.Errorf("%s in %s: %w: it is there", ami, region, ErrChanged)
	}
	return nil
}
