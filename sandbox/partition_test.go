package sandbox

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"amiship/sandbox/wire/wiretest"
)

// TestPartitions: an account is in one partition. Its keys are known in no region of another,
// its ARNs name its own, and it sees that one's regions and bases.
func TestPartitions(t *testing.T) {
	t.Parallel()
	world := write(t, `accounts:
  - {name: gov, id: "111122223333", partition: aws-us-gov, roles: [{name: release, trust: [gov]}]}
  - {name: china, id: "444455556666", partition: aws-cn}
  - {name: eu, id: "777788889999", partition: aws-eusc}
ec2:
  - {account: gov, images: [{name: everywhere}]}
`)
	p := start(t, t.TempDir(), world)
	for account, want := range map[string]struct {
		arn, domain string
		regions     []string
		canonical   string
	}{
		"gov":   {"arn:aws-us-gov:iam::111122223333:user/gov", "amazonaws.com", []string{"us-gov-east-1", "us-gov-west-1"}, "513442679011"},
		"china": {"arn:aws-cn:iam::444455556666:user/china", "amazonaws.com.cn", []string{"cn-north-1", "cn-northwest-1"}, "837727238323"},
		"eu":    {"arn:aws-eusc:iam::777788889999:user/eu", "amazonaws.eu", []string{"eusc-de-east-1"}, "099720109477"},
	} {
		cfg := p.profileConfig(t, account)
		who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
		if err != nil || aws.ToString(who.Arn) != want.arn {
			t.Errorf("%s is %s: %v", account, aws.ToString(who.Arn), err)
		}
		client := ec2.NewFromConfig(cfg)
		out, err := client.DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{AllRegions: aws.Bool(true)})
		if err != nil {
			t.Fatal(err)
		}
		var regions []string
		for _, r := range out.Regions {
			regions = append(regions, aws.ToString(r.RegionName))
			if e := aws.ToString(r.Endpoint); e != "ec2."+aws.ToString(r.RegionName)+"."+want.domain {
				t.Errorf("%s: the endpoint is %s", account, e)
			}
		}
		if slices.Sort(regions); !slices.Equal(regions, want.regions) {
			t.Errorf("%s has the regions %v", account, regions)
		}
		if bases, err := client.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{want.canonical}}); err != nil || len(bases.Images) == 0 {
			t.Errorf("%s finds no Ubuntu: %v", account, err)
		}
		cfg.Region = "us-east-1"
		_, err = ec2.NewFromConfig(cfg).DescribeRegions(t.Context(), nil)
		wiretest.WantCode(t, err, "AuthFailure")
		_, err = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
		wiretest.WantCode(t, err, "InvalidClientTokenId")
	}

	gov := ec2.NewFromConfig(p.profileConfig(t, "gov"))
	own, err := gov.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil || len(own.Images) != 1 {
		t.Errorf("an entry without regions holds in those of the account's partition: %v %v", own, err)
	}
	_, err = gov.CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("copy"), SourceRegion: aws.String("us-east-1"), SourceImageId: aws.String("ami-0123456789abcdef0")})
	wiretest.WantCode(t, err, "InvalidParameterValue")
	group, err := gov.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("g")})
	if err != nil || aws.ToString(group.SecurityGroupArn) != "arn:aws-us-gov:ec2:us-gov-west-1:111122223333:security-group/"+aws.ToString(group.GroupId) {
		t.Errorf("the group is %s: %v", aws.ToString(group.SecurityGroupArn), err)
	}
	role := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws-us-gov:iam::111122223333:role/release"), RoleSessionName: aws.String("run")}
	if as, err := sts.NewFromConfig(p.profileConfig(t, "gov")).AssumeRole(t.Context(), role); err != nil || aws.ToString(as.AssumedRoleUser.Arn) != "arn:aws-us-gov:sts::111122223333:assumed-role/release/run" {
		t.Errorf("the role is %v: %v", as, err)
	}
	_, err = sts.NewFromConfig(p.profileConfig(t, "vendor")).AssumeRole(t.Context(), role)
	wiretest.WantCode(t, err, "AccessDenied")
	zones, err := gov.DescribeAvailabilityZones(t.Context(), &ec2.DescribeAvailabilityZonesInput{})
	if err != nil || !slices.ContainsFunc(zones.AvailabilityZones, func(z types.AvailabilityZone) bool { return aws.ToString(z.ZoneId) == "usgw1-az1" }) {
		t.Errorf("zones are %v: %v", zones, err)
	}
}

// TestWorldOfTwoPartitions: what a world has of an account is in that account's partition.
func TestWorldOfTwoPartitions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`accounts: [{name: a, id: "111122223333", partition: aws-mars}]`: `"aws-mars" is no partition: there are aws-us-gov, aws-cn, aws-eusc, aws`,
		`ec2: [{account: vendor, region: us-gov-west-1}]`:                `us-gov-west-1 is in the partition aws-us-gov, account 123456789012 in aws`,
	} {
		if _, err := open(Config{State: t.TempDir(), World: write(t, text), Driver: Instant}, discard()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// profileConfig is that of a profile.
func (p *process) profileConfig(t *testing.T, profile string) aws.Config {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile(profile),
		config.WithSharedConfigFiles([]string{filepath.Join(p.state, ConfigFile)}),
		config.WithSharedCredentialsFiles([]string{filepath.Join(p.state, CredentialsFile)}))
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTPClient = wiretest.Eager{}
	return cfg
}
