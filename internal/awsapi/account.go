package awsapi

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Identity asks AWS who is calling: the account's id and the caller's ARN.
func (c *Clients) Identity(ctx context.Context) (account, arn string, err error) {
	out, err := sts.NewFromConfig(c.cfg).GetCallerIdentity(context.WithValue(ctx, identifying{}, true), &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", "", fmt.Errorf("ask AWS who is calling: %w", err)
	}
	return aws.ToString(out.Account), aws.ToString(out.Arn), nil
}

// Alias asks IAM what the account is called; "" if it has no alias. An account has one at
// most.
func (c *Clients) Alias(ctx context.Context) (string, error) {
	out, err := iam.NewFromConfig(c.cfg).ListAccountAliases(ctx, &iam.ListAccountAliasesInput{})
	if err != nil {
		return "", fmt.Errorf("ask IAM for the account's alias: %w", err)
	}
	if len(out.AccountAliases) == 0 {
		return "", nil
	}
	return out.AccountAliases[0], nil
}

// Endpoint is where EC2 is, if the configuration names another place than AWS's own, for
// all services or for EC2 alone; else "".
func (c *Clients) Endpoint() string {
	return aws.ToString(ec2.NewFromConfig(c.cfg).Options().BaseEndpoint)
}

// Sandboxed reports whether a sandbox has answered, and not AWS.
func (c *Clients) Sandboxed() bool {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	return c.clock.sandboxed
}
