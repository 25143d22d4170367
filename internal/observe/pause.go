package observe

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"amiship/internal/awsapi"
	"amiship/internal/record"
)

// Pause reads whether a project is paused: one call. The zero value says that it is
// not; a parameter that cannot be understood is an error.
func Pause(ctx context.Context, c *awsapi.Clients, region, project string) (record.Pause, error) {
	name := record.PauseParameter(project)
	got, err := c.SSM(region).GetParameters(ctx, &ssm.GetParametersInput{Names: []string{name}})
	if err != nil {
		return record.Pause{}, fmt.Errorf("read parameter %s in %s: %w", name, region, err)
	}
	if len(got.Parameters) == 0 {
		return record.Pause{}, nil
	}
	p, err := record.ReadPause(aws.ToString(got.Parameters[0].Value))
	if err != nil {
		return record.Pause{}, fmt.Errorf("parameter %s in %s: %w", name, region, err)
	}
	return p, nil
}
