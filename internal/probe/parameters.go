package probe

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/awsapi"
	"amiship/internal/record"
)

// parameters is what the names of a probe's parameters begin with.
const parameters = "/amiship/probe/"

func parameterStatements() []Statement {
	puts := []string{"ssm:AddTagsToResource", "ssm:PutParameter"}
	return []Statement{
		{
			Number: 160, Name: "parameter-taken", Makes: "a parameter below /amiship/probe/", Mark: Verified, Group: Writes, Want: "ParameterAlreadyExists", Actions: puts,
			Does: "PutParameter of a parameter that exists is refused unless it overwrites.",
			ask: call(func(ctx context.Context, a *asker) error {
				if _, err := a.put(ctx, a.parameter("taken", "1")); err != nil {
					return unasked(err)
				}
				_, err := a.put(ctx, a.parameter("taken", "2"))
				return err
			}),
		},
		{
			Number: 161, Name: "parameter-version", Makes: "a parameter below /amiship/probe/", Mark: Verified, Group: Writes, Want: "version 2", Actions: puts,
			Does: "Overwriting a parameter gives it the next version.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				if _, err := a.put(ctx, a.parameter("version", "1")); err != nil {
					return "", unasked(err)
				}
				in := a.parameter("version", "2")
				in.Overwrite, in.Tags = aws.Bool(true), nil // AWS takes one of them
				out, err := a.put(ctx, in)
				if err != nil {
					return a.answer(err)
				}
				return "version " + strconv.FormatInt(out.Version, 10), nil
			},
		},
		{
			Number: 162, Name: "image-check", Makes: "a parameter below /amiship/probe/", Mark: Unknown, Setting: "image_check", Group: Writes, Want: "5s", Measured: true, Needs: []*Thing{imageThing()}, Actions: append(puts, "ec2:DescribeImages", "ssm:GetParameter"),
			Does: "A new parameter of the type aws:ec2:image is shown once Parameter Store has found the AMI: how long that takes.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				in := a.parameter("image", a.id(imageThing()))
				in.DataType = aws.String("aws:ec2:image")
				began := time.Now()
				if _, err := a.put(ctx, in); err != nil {
					return a.answer(err)
				}
				err := until(ctx, a.Wait, "the check of the AMI", func(ctx context.Context) (bool, error) {
					_, err := a.Clients.SSM(a.Region).GetParameter(ctx, &ssm.GetParameterInput{Name: in.Name})
					if awsapi.IsNotFound(err) {
						return false, nil
					}
					return err == nil, err
				})
				return time.Since(began).Round(time.Millisecond).String(), err
			},
		},
	}
}

// parameter is a request for a new parameter.
func (a *asker) parameter(name, value string) *ssm.PutParameterInput {
	return &ssm.PutParameterInput{
		Name: aws.String(parameters + a.run + "/" + name), Value: aws.String(value), Type: types.ParameterTypeString, Description: aws.String("made by amiship probe"),
		Tags: []types.Tag{{Key: aws.String(record.TagProbe), Value: aws.String(a.tagValue())}},
	}
}

func (a *asker) put(ctx context.Context, in *ssm.PutParameterInput) (*ssm.PutParameterOutput, error) {
	out, err := a.Clients.SSM(a.Region).PutParameter(ctx, in)
	if err == nil {
		a.note(a.Region, Parameter, aws.ToString(in.Name))
	}
	return out, err
}
