package boottest

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
)

// mostLost is how many answers in a row may get lost.
const mostLost = 4

// NewKeyPair makes a key pair of a name that is the caller's alone, and returns its
// private key. One of the name that is there is from an attempt whose answer got lost,
// and the key with it: it is replaced.
func NewKeyPair(ctx context.Context, client *ec2.Client, name string, tags []types.Tag) ([]byte, error) {
	in := &ec2.CreateKeyPairInput{KeyName: aws.String(name), KeyType: types.KeyTypeRsa}
	if len(tags) > 0 {
		in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeKeyPair, Tags: tags}}
	}
	out, err := client.CreateKeyPair(ctx, in)
	for lost := 0; awsapi.IsDuplicateKey(err) && lost < mostLost; lost++ {
		if _, err := client.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyName: in.KeyName}); err != nil {
			return nil, fmt.Errorf("replace key pair %s: %w", name, err)
		}
		out, err = client.CreateKeyPair(ctx, in)
	}
	if err != nil {
		return nil, fmt.Errorf("create key pair %s: %w", name, err)
	}
	return []byte(aws.ToString(out.KeyMaterial)), nil
}
