package ec2_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

// TestAllowedImages: criteria hide the images of others once they are enabled, by list, by id
// and from launches; in audit mode they only say so; one's own are never restricted.
func TestAllowedImages(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{
			{Account: "vendor", Region: home, Images: []ec2.WorldImage{
				{Name: "new 2.0", Public: true, Created: ec2.Age(5 * 24 * time.Hour)},
				{Name: "old 1.0", Public: true, Created: ec2.Age(50 * 24 * time.Hour), Deprecated: ago(72 * time.Hour)},
			}},
			{Account: "customer", Region: home, Images: []ec2.WorldImage{{Name: "own"}}},
		})
	})
	theirs := r.client(customer, home)
	seen := func() (all []string) {
		out := must(theirs.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Owners: []string{vendor, "self"}, IncludeDeprecated: aws.Bool(true)}))(t)
		for _, im := range out.Images {
			name := *im.Name
			if im.ImageAllowed != nil && !*im.ImageAllowed {
				name += " (not allowed)"
			}
			all = append(all, name)
		}
		slices.Sort(all)
		return all
	}
	replace := func(all ...types.ImageCriterionRequest) error {
		return second(theirs.ReplaceImageCriteriaInAllowedImagesSettings(t.Context(), &awssdk.ReplaceImageCriteriaInAllowedImagesSettingsInput{ImageCriteria: all}))
	}
	enable := func(state types.AllowedImagesSettingsEnabledState) {
		must(theirs.EnableAllowedImagesSettings(t.Context(), &awssdk.EnableAllowedImagesSettingsInput{AllowedImagesSettingsState: state}))(t)
	}
	everything := []string{"new 2.0", "old 1.0", "own"}
	if got := seen(); !slices.Equal(got, everything) {
		t.Errorf("before: %q", got)
	}
	wiretest.WantCode(t, replace(types.ImageCriterionRequest{ImageProviders: []string{"amazon"}}), "")
	enable("audit-mode")
	if got := seen(); !slices.Equal(got, []string{"new 2.0 (not allowed)", "old 1.0 (not allowed)", "own"}) {
		t.Errorf("audited: %q", got)
	}
	enable("enabled")
	days := aws.Int32
	for name, tc := range map[string]struct {
		criteria []types.ImageCriterionRequest
		want     []string
	}{
		"none":             {nil, []string{"own"}},
		"another provider": {[]types.ImageCriterionRequest{{ImageProviders: []string{"amazon"}}}, []string{"own"}},
		"no provider":      {[]types.ImageCriterionRequest{{ImageProviders: []string{"none"}}}, []string{"own"}},
		"the provider":     {[]types.ImageCriterionRequest{{ImageProviders: []string{vendor}}}, everything},
		"a name":           {[]types.ImageCriterionRequest{{ImageNames: []string{"new *", "other"}}}, []string{"new 2.0", "own"}},
		"an age":           {[]types.ImageCriterionRequest{{CreationDateCondition: &types.CreationDateConditionRequest{MaximumDaysSinceCreated: days(10)}}}, []string{"new 2.0", "own"}},
		"not deprecated":   {[]types.ImageCriterionRequest{{DeprecationTimeCondition: &types.DeprecationTimeConditionRequest{MaximumDaysSinceDeprecated: days(0)}}}, []string{"new 2.0", "own"}},
		"deprecated a bit": {[]types.ImageCriterionRequest{{DeprecationTimeCondition: &types.DeprecationTimeConditionRequest{MaximumDaysSinceDeprecated: days(4)}}}, everything},
		"all must hold":    {[]types.ImageCriterionRequest{{ImageProviders: []string{vendor}, ImageNames: []string{"old*"}}}, []string{"old 1.0", "own"}},
		"or another":       {[]types.ImageCriterionRequest{{ImageNames: []string{"old*"}}, {ImageNames: []string{"new*"}}}, everything},
		"a product code":   {[]types.ImageCriterionRequest{{MarketplaceProductCodes: []string{"abc"}}}, []string{"own"}},
	} {
		wiretest.WantCode(t, replace(tc.criteria...), "")
		if got := seen(); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	wiretest.WantCode(t, replace(), "")
	hidden := must(r.client(vendor, home).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Owners: []string{"self"}}))(t).Images[0].ImageId
	_, err := theirs.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ImageIds: []string{*hidden}})
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
	_, err = theirs.RunInstances(t.Context(), &awssdk.RunInstancesInput{ImageId: hidden, InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
	got := must(theirs.GetAllowedImagesSettings(t.Context(), &awssdk.GetAllowedImagesSettingsInput{}))(t)
	if *got.State != "enabled" || got.ImageCriteria != nil || got.ManagedBy != "account" {
		t.Errorf("the settings are %+v", got)
	}
	must(theirs.DisableAllowedImagesSettings(t.Context(), &awssdk.DisableAllowedImagesSettingsInput{}))(t)
	if got := seen(); !slices.Equal(got, everything) {
		t.Errorf("disabled: %q", got)
	}
	for name, bad := range map[string]types.ImageCriterionRequest{
		"a provider that is none": {ImageProviders: []string{"vendor"}},
		"none beside another":     {ImageProviders: []string{"none", "amazon"}},
		"days before creation":    {CreationDateCondition: &types.CreationDateConditionRequest{MaximumDaysSinceCreated: days(-1)}},
	} {
		if err := replace(bad); wiretest.Code(err) != "InvalidParameterValue" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = theirs.EnableAllowedImagesSettings(t.Context(), &awssdk.EnableAllowedImagesSettingsInput{AllowedImagesSettingsState: "disabled"})
	wiretest.WantCode(t, err, "InvalidParameterValue")
}

// TestWorldAllowsImages: a world's Allowed AMIs hold, and nonsense is refused.
func TestWorldAllowsImages(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	w := must(readWorld(t, `[{account: customer, region: us-east-1, allowed_images: {state: enabled, criteria: [{providers: [amazon]}]}}]`))(t)
	r.update(func(tx *cloud.Tx) error { return ec2.Load(tx, w) })
	id := r.ownImage(t, ec2.WorldImage{Name: "app", Public: true})
	_, err := r.client(customer, home).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ImageIds: []string{id}})
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
	for _, bad := range []string{"{state: on}", "{state: enabled, criteria: [{providers: [nobody]}]}"} {
		w := must(readWorld(t, "[{account: customer, allowed_images: "+bad+"}]"))(t)
		if err := r.store.Update(func(tx *cloud.Tx) error { return ec2.Load(tx, w) }); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
