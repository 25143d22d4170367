package probe

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/rbin"
	bin "github.com/aws/aws-sdk-go-v2/service/rbin/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"amiship/internal/marketplace"
)

// Ids that AWS has given to nothing: it makes them of random digits.
const (
	noImage    = "ami-00000000000000000"
	noSnapshot = "snap-00000000000000000"
	noGroup    = "sg-00000000000000000"
	noInstance = "i-00000000000000000"
	noVolume   = "vol-00000000000000000"
	noName     = "amiship-probe-that-there-is-not"
	noProduct  = "prod-zzzzzzzzzzzzz"
	noSet      = "aaaaaaaaaaaaaaaaaaaaaaaaa"
)

// answered is the answer to a read whose result is the account's own.
const answered = "answered"

// call asks by one call, of which only the code matters.
func call(try func(context.Context, *asker) error) func(context.Context, *asker) (string, error) {
	return func(ctx context.Context, a *asker) (string, error) { return a.answer(try(ctx, a)) }
}

// look asks by one read, and says what it shows.
func look[T any](read func(context.Context, *asker) (T, error), shows func(T) string) func(context.Context, *asker) (string, error) {
	return func(ctx context.Context, a *asker) (string, error) {
		out, err := read(ctx, a)
		if err != nil {
			return a.answer(err)
		}
		return shows(out), nil
	}
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

func reads() []Statement {
	return []Statement{
		{
			Number: 1, Name: "image-unknown", Mark: Seen, Group: Reads, Want: "InvalidAMIID.NotFound", Actions: []string{"ec2:DescribeImages"},
			Does: "DescribeImages of an id that no AMI has is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.here.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{noImage}})
				return err
			}),
		},
		{
			Number: 2, Name: "image-malformed", Mark: Seen, Group: Reads, Want: "InvalidAMIID.Malformed", Actions: []string{"ec2:DescribeImages"},
			Does: "DescribeImages of an id that no AMI can have is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.here.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{"ami-1"}})
				return err
			}),
		},
		{
			Number: 3, Name: "image-name-unknown", Mark: Documented, Group: Reads, Want: "0 AMIs", Actions: []string{"ec2:DescribeImages"},
			Does: "DescribeImages by a name that no AMI has shows none, and is no error.",
			ask: look(func(ctx context.Context, a *asker) (*ec2.DescribeImagesOutput, error) {
				return a.here.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filter("name", noName)}})
			}, func(out *ec2.DescribeImagesOutput) string { return count(len(out.Images), "AMI") }),
		},
		{
			Number: 4, Name: "filter-unknown", Mark: Seen, Group: Reads, Want: "InvalidParameterValue", Actions: []string{"ec2:DescribeImages"},
			Does: "DescribeImages with a filter that there is not is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.here.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filter("color", "red")}})
				return err
			}),
		},
		{
			Number: 5, Name: "snapshot-unknown", Mark: Seen, Group: Reads, Want: "InvalidSnapshot.NotFound", Actions: []string{"ec2:DescribeSnapshots"},
			Does: "DescribeSnapshots of an id that no snapshot has is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.here.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: []string{noSnapshot}})
				return err
			}),
		},
		{
			Number: 6, Name: "group-unknown", Mark: Seen, Group: Reads, Want: "InvalidGroup.NotFound", Actions: []string{"ec2:DescribeSecurityGroups"},
			Does: "DescribeSecurityGroups of an id that no group has is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.here.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{noGroup}})
				return err
			}),
		},
		{
			Number: 7, Name: "key-unknown", Mark: Seen, Group: Reads, Want: "InvalidKeyPair.NotFound", Actions: []string{"ec2:DescribeKeyPairs"},
			Does: "DescribeKeyPairs of a name that no key pair has is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.here.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyNames: []string{noName}})
				return err
			}),
		},
		{
			Number: 8, Name: "instance-unknown", Mark: Seen, Group: Reads, Want: "InvalidInstanceID.NotFound", Actions: []string{"ec2:DescribeInstances"},
			Does: "DescribeInstances of an id that no instance has is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.here.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{noInstance}})
				return err
			}),
		},
		{
			Number: 9, Name: "volume-unknown", Mark: Seen, Group: Reads, Want: "InvalidVolume.NotFound", Actions: []string{"ec2:DescribeVolumes"},
			Does: "DescribeVolumes of an id that no volume has is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.here.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{noVolume}})
				return err
			}),
		},
		{
			Number: 10, Name: "others-permissions", Mark: Documented, Group: Reads, Want: "AuthFailure", Actions: []string{"ec2:DescribeImages", "ec2:DescribeImageAttribute"},
			Does: "DescribeImageAttribute of the launch permissions of another account's AMI is refused.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				image, err := a.base(ctx)
				if err != nil {
					return "", err
				}
				_, err = a.here.DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{
					ImageId: image.ImageId, Attribute: types.ImageAttributeNameLaunchPermission,
				})
				return a.answer(err)
			},
		},
		{
			Number: 11, Name: "dry-run", Mark: Documented, Group: Reads, Want: "DryRunOperation", Actions: []string{"ec2:CreateSecurityGroup"},
			Does: "A dry run of what the caller may do is an error that says so.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.here.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{DryRun: aws.Bool(true), GroupName: aws.String(noName), Description: aws.String("a dry run")})
				return err
			}),
		},
		{
			Number: 12, Name: "image-block", Mark: Verified, Group: Reads, Want: answered, Actions: []string{"ec2:GetImageBlockPublicAccessState"},
			Does: "GetImageBlockPublicAccessState is unblocked or block-new-sharing.",
			ask: look(func(ctx context.Context, a *asker) (*ec2.GetImageBlockPublicAccessStateOutput, error) {
				return a.here.GetImageBlockPublicAccessState(ctx, &ec2.GetImageBlockPublicAccessStateInput{})
			}, func(out *ec2.GetImageBlockPublicAccessStateOutput) string {
				return oneOf(aws.ToString(out.ImageBlockPublicAccessState), "unblocked", "block-new-sharing")
			}),
		},
		{
			Number: 13, Name: "snapshot-block", Mark: Verified, Group: Reads, Want: answered, Actions: []string{"ec2:GetSnapshotBlockPublicAccessState"},
			Does: "GetSnapshotBlockPublicAccessState is unblocked, block-new-sharing or block-all-sharing.",
			ask: look(func(ctx context.Context, a *asker) (*ec2.GetSnapshotBlockPublicAccessStateOutput, error) {
				return a.here.GetSnapshotBlockPublicAccessState(ctx, &ec2.GetSnapshotBlockPublicAccessStateInput{})
			}, func(out *ec2.GetSnapshotBlockPublicAccessStateOutput) string {
				return oneOf(string(out.State), "unblocked", "block-new-sharing", "block-all-sharing")
			}),
		},
		{
			Number: 14, Name: "metadata-defaults", Mark: Verified, Group: Reads, Want: answered, Actions: []string{"ec2:GetInstanceMetadataDefaults"},
			Does: "GetInstanceMetadataDefaults shows the account's defaults, also where none is set.",
			ask: look(func(ctx context.Context, a *asker) (*ec2.GetInstanceMetadataDefaultsOutput, error) {
				return a.here.GetInstanceMetadataDefaults(ctx, &ec2.GetInstanceMetadataDefaultsInput{})
			}, func(out *ec2.GetInstanceMetadataDefaultsOutput) string {
				if out.AccountLevel == nil {
					return "no AccountLevel"
				}
				return answered
			}),
		},
		{
			Number: 15, Name: "recycle-bin", Mark: Verified, Group: Reads, Want: answered, Actions: []string{"ec2:ListImagesInRecycleBin"},
			Does: "ListImagesInRecycleBin shows the caller's AMIs in the Recycle Bin, or none.",
			ask: look(func(ctx context.Context, a *asker) (*ec2.ListImagesInRecycleBinOutput, error) {
				return a.here.ListImagesInRecycleBin(ctx, &ec2.ListImagesInRecycleBinInput{})
			}, func(*ec2.ListImagesInRecycleBinOutput) string { return answered }),
		},
		{
			Number: 16, Name: "recycle-bin-rules", Mark: Verified, Group: Reads, Want: answered, Actions: []string{"rbin:ListRules"},
			Does: "ListRules shows the Recycle Bin's rules for AMIs, or none.",
			ask: look(func(ctx context.Context, a *asker) (*rbin.ListRulesOutput, error) {
				return a.Clients.RecycleBin(a.Region).ListRules(ctx, &rbin.ListRulesInput{ResourceType: bin.ResourceTypeEc2Image})
			}, func(*rbin.ListRulesOutput) string { return answered }),
		},
		{
			Number: 17, Name: "regions", Mark: Documented, Group: Reads, Want: answered, Actions: []string{"ec2:DescribeRegions"},
			Does: "DescribeRegions says of every region whether it needs to be enabled, and is.",
			ask: look(func(ctx context.Context, a *asker) (*ec2.DescribeRegionsOutput, error) {
				return a.here.DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(true)})
			}, func(out *ec2.DescribeRegionsOutput) string {
				for _, r := range out.Regions {
					if status := oneOf(aws.ToString(r.OptInStatus), "opt-in-not-required", "opted-in", "not-opted-in"); status != answered {
						return status
					}
				}
				return answered
			}),
		},
		{
			Number: 18, Name: "quota-public", Mark: Seen, Group: Reads, Want: "Public AMIs, adjustable", Actions: []string{"servicequotas:GetAWSDefaultServiceQuota"},
			Does: "The quota L-0E3CBAB9 of EC2 is that of public AMIs, and can be raised.",
			ask: look(func(ctx context.Context, a *asker) (*servicequotas.GetAWSDefaultServiceQuotaOutput, error) {
				return a.Clients.Quotas(a.Region).GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: aws.String("L-0E3CBAB9")})
			}, func(out *servicequotas.GetAWSDefaultServiceQuotaOutput) string {
				return aws.ToString(out.Quota.QuotaName) + adjustable(out.Quota.Adjustable)
			}),
		},
		{
			Number: 19, Name: "quota-unknown", Mark: Verified, Group: Reads, Want: "NoSuchResourceException", Actions: []string{"servicequotas:GetServiceQuota"},
			Does: "GetServiceQuota of a code that no quota has is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.Clients.Quotas(a.Region).GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: aws.String("L-00000000")})
				return err
			}),
		},
		{
			Number: 20, Name: "quota-copies", Mark: Seen, Group: Reads, Want: "20, not adjustable", Actions: []string{"servicequotas:ListAWSDefaultServiceQuotas"},
			Does: `EBS's quota "Concurrent snapshot copies per destination Region" is 20, and can't be raised here.`,
			ask: func(ctx context.Context, a *asker) (string, error) {
				pages := servicequotas.NewListAWSDefaultServiceQuotasPaginator(a.Clients.Quotas(a.Region), &servicequotas.ListAWSDefaultServiceQuotasInput{ServiceCode: aws.String("ebs")})
				for pages.HasMorePages() {
					out, err := pages.NextPage(ctx)
					if err != nil {
						return a.answer(err)
					}
					for _, q := range out.Quotas {
						if aws.ToString(q.QuotaName) == "Concurrent snapshot copies per destination Region" {
							return strconv.FormatFloat(aws.ToFloat64(q.Value), 'f', -1, 64) + adjustable(q.Adjustable), nil
						}
					}
				}
				return "no such quota", nil
			},
		},
		{
			Number: 21, Name: "parameter-unknown", Mark: Verified, Group: Reads, Want: "ParameterNotFound", Actions: []string{"ssm:GetParameter"},
			Does: "GetParameter of a name that no parameter has is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.Clients.SSM(a.Region).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(parameters + "none")})
				return err
			}),
		},
		{
			Number: 22, Name: "parameters-unknown", Mark: Documented, Group: Reads, Want: "1 invalid parameter", Actions: []string{"ssm:GetParameters"},
			Does: "GetParameters of such a name lists it as invalid, and is no error.",
			ask: look(func(ctx context.Context, a *asker) (*ssm.GetParametersOutput, error) {
				return a.Clients.SSM(a.Region).GetParameters(ctx, &ssm.GetParametersInput{Names: []string{parameters + "none"}})
			}, func(out *ssm.GetParametersOutput) string {
				return count(len(out.InvalidParameters), "invalid parameter")
			}),
		},
		{
			Number: 23, Name: "catalog-list", Mark: Documented, Group: Reads, Want: answered, Actions: []string{"aws-marketplace:ListEntities"},
			Does: "ListEntities shows the caller's AMI products, or none.",
			ask: look(func(ctx context.Context, a *asker) (*marketplacecatalog.ListEntitiesOutput, error) {
				return a.Clients.Marketplace().ListEntities(ctx, &marketplacecatalog.ListEntitiesInput{Catalog: aws.String(marketplace.Catalog), EntityType: aws.String("AmiProduct")})
			}, func(*marketplacecatalog.ListEntitiesOutput) string { return answered }),
		},
		{
			Number: 24, Name: "product-unknown", Mark: Verified, Group: Reads, Want: "ResourceNotFoundException", Actions: []string{"aws-marketplace:DescribeEntity"},
			Does: "DescribeEntity of an id that no product of the caller has is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.Clients.Marketplace().DescribeEntity(ctx, &marketplacecatalog.DescribeEntityInput{Catalog: aws.String(marketplace.Catalog), EntityId: aws.String(noProduct)})
				return err
			}),
		},
		{
			Number: 25, Name: "change-set-unknown", Mark: Verified, Group: Reads, Want: "ResourceNotFoundException", Actions: []string{"aws-marketplace:DescribeChangeSet"},
			Does: "DescribeChangeSet of an id that no change set of the caller has is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.Clients.Marketplace().DescribeChangeSet(ctx, &marketplacecatalog.DescribeChangeSetInput{Catalog: aws.String(marketplace.Catalog), ChangeSetId: aws.String(noSet)})
				return err
			}),
		},
		{
			Number: 26, Name: "filter-tag-value", Mark: Seen, Group: Reads, Want: "0 AMIs", Actions: []string{"ec2:DescribeImages"},
			Does: "DescribeImages takes the filters tag-key and tag-value, each twice.",
			ask: look(func(ctx context.Context, a *asker) (*ec2.DescribeImagesOutput, error) {
				return a.here.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{
					filter("tag-key", noName), filter("tag-value", noName), filter("tag-key", "Name"), filter("tag-value", noName),
				}})
			}, func(out *ec2.DescribeImagesOutput) string { return count(len(out.Images), "AMI") }),
		},
		{
			Number: 27, Name: "tags-absent", Mark: Seen, Group: Reads, Want: "absent", Actions: []string{"ec2:DescribeImages"},
			Does: "An AMI without tags has no member for them: Debian's, of which the caller sees none.",
			ask: look(func(ctx context.Context, a *asker) (types.Image, error) { return a.base(ctx) }, func(image types.Image) string {
				if image.Tags == nil && image.ProductCodes == nil {
					return "absent"
				}
				return "an empty list"
			}),
		},
		{
			Number: 28, Name: "owner-malformed", Mark: Seen, Group: Reads, Want: "InvalidUserID.Malformed", Actions: []string{"ec2:DescribeImages"},
			Does: "DescribeImages of an owner that no account can be is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.here.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"not-an-account"}})
				return err
			}),
		},
		{
			Number: 29, Name: "images-unknown", Mark: Seen, Group: Reads, Want: "both are named", Actions: []string{"ec2:DescribeImages"},
			Does: "A refusal for several ids names all that no AMI has.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				const other = "ami-0000000000000000f"
				_, err := a.here.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{noImage, other}})
				got, err := a.answer(err)
				if strings.Contains(a.message, noImage) && strings.Contains(a.message, other) {
					got = "both are named"
				}
				return got, err
			},
		},
	}
}

// base is a public AMI of another account: the newest of Debian 12.
func (a *asker) base(ctx context.Context) (types.Image, error) {
	out, err := a.here.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{debian}, Filters: []types.Filter{filter("name", "debian-12-amd64-*")}})
	if err != nil {
		return types.Image{}, err
	}
	if len(out.Images) == 0 {
		return types.Image{}, skipped("%s has no AMI of Debian 12", a.Region)
	}
	return slices.MaxFunc(out.Images, func(x, y types.Image) int {
		return strings.Compare(aws.ToString(x.CreationDate), aws.ToString(y.CreationDate))
	}), nil
}

// debian is Debian's account.
const debian = "136693071363"

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// oneOf is answered if a value is among those that are known, else the value.
func oneOf(value string, known ...string) string {
	if slices.Contains(known, value) {
		return answered
	}
	return strconv.Quote(value)
}

func adjustable(yes bool) string {
	if yes {
		return ", adjustable"
	}
	return ", not adjustable"
}
