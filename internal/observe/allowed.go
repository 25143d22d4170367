package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/world"
)

// allowedImages reads the account's Allowed AMIs in a region, where they may hide a base of an
// owner (docs/reference/aws.md#allowed-amis). They cost a call only then.
func allowedImages(ctx context.Context, client *ec2.Client, region, owner string) (world.AllowedImages, error) {
	out, err := client.GetAllowedImagesSettings(ctx, &ec2.GetAllowedImagesSettingsInput{})
	if err != nil {
		return world.AllowedImages{}, fmt.Errorf("whether Allowed AMIs hide it could not be read: %s", awsapi.Text(err))
	}
	allowed := world.AllowedImages{
		Enabled:  out.State != nil && *out.State == string(types.AllowedImagesSettingsEnabledStateEnabled),
		ByPolicy: out.ManagedBy == types.ManagedByDeclarativePolicy,
	}
	criteria, err := criteriaOf(append(out.ImageCriteria, types.ImageCriterion{ImageProviders: []string{owner}}))
	if err != nil || allowed.ByPolicy {
		return allowed, err
	}
	allowed.Allow = []string{"aws", "ec2", "replace-image-criteria-in-allowed-images-settings", "--region", region, "--image-criteria", criteria}
	return allowed, nil
}

// criteriaOf are criteria as the AWS CLI takes them.
func criteriaOf(all []types.ImageCriterion) (string, error) {
	var list []map[string]any
	text, err := json.Marshal(all)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return "", err
	}
	for _, criterion := range list {
		maps.DeleteFunc(criterion, func(_ string, v any) bool { return v == nil })
	}
	text, err = json.Marshal(list)
	return string(text), err
}
