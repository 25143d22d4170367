package probe

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
)

func claimStatements() []Statement {
	return []Statement{
		{
			Number: 101, Name: "claim-race", Makes: "20 times a security group without rules, in a race of two", Mark: Seen, Group: Writes, Want: "1 of 2, 20 times", Needs: []*Thing{vpcThing()}, Actions: []string{"ec2:CreateSecurityGroup", "ec2:CreateTags", "ec2:DeleteSecurityGroup"},
			Does: "Of two CreateSecurityGroup of one name at once, one succeeds: claims rest on it.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				c, err := a.claim(ctx)
				return c.won, err
			},
		},
		{
			Number: 102, Name: "claim-lost", Makes: "20 times a security group without rules, in a race of two", Mark: Seen, Group: Writes, Want: "InvalidGroup.Duplicate", Needs: []*Thing{vpcThing()}, Actions: []string{"ec2:CreateSecurityGroup", "ec2:CreateTags", "ec2:DeleteSecurityGroup"},
			Does: "The other one is refused as a duplicate.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				c, err := a.claim(ctx)
				return c.lost, err
			},
		},
		{
			Number: 103, Name: "key-taken", Makes: "a key pair, whose private key is not kept", Mark: Seen, Group: Writes, Want: "InvalidKeyPair.Duplicate", Actions: []string{"ec2:CreateKeyPair", "ec2:CreateTags"},
			Does: "CreateKeyPair with the name of another key pair is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				in := &ec2.CreateKeyPairInput{KeyName: aws.String(a.name("key")), KeyType: types.KeyTypeEd25519, TagSpecifications: a.specification(a.name("key"), types.ResourceTypeKeyPair)}
				first, err := a.here.CreateKeyPair(ctx, in)
				if err != nil {
					return fmt.Errorf("make the first one: %w", unasked(err))
				}
				a.note(a.Region, KeyPair, aws.ToString(first.KeyPairId))
				_, err = a.here.CreateKeyPair(ctx, in)
				return err
			}),
		},
	}
}

// unasked keeps the refusal of a preparation from being taken for the answer.
func unasked(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s", awsapi.Text(err))
}

// claims are what became of two claims at once, some times.
type claims struct{ won, lost string }

const races = 20

// claim has two requests race for one name, some times, once a run.
func (a *asker) claim(ctx context.Context) (claims, error) {
	if a.race != nil {
		return *a.race, nil
	}
	wins, lost := 0, ""
	for n := range races {
		won, code, err := a.raceFor(ctx, a.name("claim-"+strconv.Itoa(n)))
		if err != nil {
			return claims{}, err
		}
		if won != 1 {
			return claims{won: fmt.Sprintf("%d of 2, once in %d times", won, n+1), lost: code}, nil
		}
		wins++
		if lost != "" && lost != code {
			code = lost + ", " + code
		}
		lost = code
	}
	a.race = &claims{fmt.Sprintf("1 of 2, %d times", wins), lost}
	return *a.race, nil
}

func (a *asker) raceFor(ctx context.Context, name string) (won int, lost string, err error) {
	var group sync.WaitGroup
	var errs [2]error
	var ids [2]string
	start := make(chan struct{})
	for i := range errs {
		group.Go(func() {
			<-start
			out, err := a.here.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
				GroupName: aws.String(name), Description: aws.String("made by amiship probe"), VpcId: aws.String(a.id(vpcThing())),
				TagSpecifications: a.specification(name, types.ResourceTypeSecurityGroup),
			})
			if errs[i] = err; err == nil {
				ids[i] = aws.ToString(out.GroupId)
				a.note(a.Region, SecurityGroup, ids[i])
			}
		})
	}
	close(start)
	group.Wait()
	for i, err := range errs {
		if err == nil {
			won++
			if _, err := a.here.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(ids[i])}); err != nil {
				return 0, "", err
			}
			a.forget(ids[i])
			continue
		}
		if lost, err = a.answer(err); err != nil {
			return 0, "", err
		}
	}
	return won, lost, nil
}

func imageStatements() []Statement {
	onImage := []*Thing{imageThing()}
	return []Statement{
		{
			Number: 110, Name: "snapshot-tags", Mark: Documented, Group: Writes, Want: "shown", Needs: []*Thing{snapshotThing()}, Actions: []string{"ec2:DescribeSnapshots"},
			Does: "A snapshot has the tags that CreateSnapshot names.",
			ask: look(func(ctx context.Context, a *asker) (bool, error) {
				out, err := a.here.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, Filters: []types.Filter{filter("tag:Name", a.name("snapshot"))}})
				return err == nil && len(out.Snapshots) == 1 && aws.ToString(out.Snapshots[0].SnapshotId) == a.id(snapshotThing()), err
			}, shown),
		},
		{
			Number: 111, Name: "image-name-taken", Mark: Seen, Group: Writes, Want: "InvalidAMIName.Duplicate", Needs: onImage, Actions: []string{"ec2:RegisterImage"},
			Does: "RegisterImage with the name of another AMI of the caller is refused.",
			ask:  call(func(ctx context.Context, a *asker) error { return a.register(ctx, a.registration("image")) }),
		},
		{
			Number: 112, Name: "image-name-malformed", Mark: Documented, Group: Writes, Want: "InvalidAMIName.Malformed", Needs: onImage, Actions: []string{"ec2:RegisterImage"},
			Does: "RegisterImage with a name of 2 characters is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				in := a.registration("image")
				in.Name = aws.String("ab")
				return a.register(ctx, in)
			}),
		},
		{
			Number: 113, Name: "snapshot-in-use", Mark: Seen, Group: Writes, Want: "InvalidSnapshot.InUse", Needs: onImage, Actions: []string{"ec2:DeleteSnapshot"},
			Does: "DeleteSnapshot of a snapshot behind an AMI is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				_, err := a.here.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: aws.String(a.id(snapshotThing()))})
				return err
			}),
		},
		{
			Number: 114, Name: "image-share", Mark: Documented, Group: Writes, Want: "1 account", Needs: onImage, Actions: []string{"ec2:DescribeImageAttribute", "ec2:ModifyImageAttribute"},
			Does: "An AMI that is shared twice with AWS Marketplace's account shows it once.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				for range 2 {
					if err := a.share(ctx); err != nil {
						return a.answer(err)
					}
				}
				return a.sharedWith(ctx, a.here, a.id(imageThing()))
			},
		},
		{
			Number: 115, Name: "image-share-malformed", Mark: Seen, Group: Writes, Want: "InvalidAMIAttributeItemValue", Needs: onImage, Actions: []string{"ec2:ModifyImageAttribute"},
			Does: "Sharing an AMI with an account that can't be is refused.",
			ask:  call(func(ctx context.Context, a *asker) error { return a.permit(ctx, added("12")) }),
		},
		{
			Number: 116, Name: "image-share-many", Mark: Unknown, Setting: "ec2.image_changes", Group: Writes, Want: "500", Needs: onImage, Actions: []string{"ec2:ModifyImageAttribute"},
			Does: "500 launch permissions can be removed by one request, and 501 can't; -1: they can.",
			ask:  method((*asker).shareMany),
		},
		{
			Number: 117, Name: "snapshot-share", Mark: Documented, Group: Writes, Want: "1 account", Needs: []*Thing{snapshotThing()}, Actions: []string{"ec2:DescribeSnapshotAttribute", "ec2:ModifySnapshotAttribute"},
			Does: "A snapshot that is shared with AWS Marketplace's account shows it.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				id := aws.String(a.id(snapshotThing()))
				if err := a.permitSnapshot(ctx, types.CreateVolumePermissionModifications{Add: []types.CreateVolumePermission{{UserId: aws.String(marketplace.IngestionAccount)}}}); err != nil {
					return a.answer(err)
				}
				out, err := a.here.DescribeSnapshotAttribute(ctx, &ec2.DescribeSnapshotAttributeInput{SnapshotId: id, Attribute: types.SnapshotAttributeNameCreateVolumePermission})
				if err != nil {
					return a.answer(err)
				}
				return count(len(out.CreateVolumePermissions), "account"), nil
			},
		},
		{
			Number: 118, Name: "image-block-refusal", Mark: Seen, Group: Writes, Want: "OperationNotPermitted", Needs: onImage, Actions: []string{"ec2:GetImageBlockPublicAccessState", "ec2:ModifyImageAttribute"},
			Does: "Making an AMI public where the account blocks that is refused; asked only where it does.",
			ask:  method((*asker).publishBlocked),
		},
		{
			Number: 119, Name: "snapshot-block-refusal", Mark: Unknown, Setting: "ec2.snapshot_block_code", Group: Writes, Want: "OperationNotPermitted", Needs: []*Thing{snapshotThing()}, Actions: []string{"ec2:GetSnapshotBlockPublicAccessState", "ec2:ModifySnapshotAttribute"},
			Does: "Making a snapshot public where the account blocks that is refused; asked only where it does.",
			ask:  method((*asker).publishSnapshotBlocked),
		},
		{
			Number: 120, Name: "deprecation", Mark: Documented, Group: Writes, Want: "to the minute", Needs: onImage, Actions: []string{"ec2:DescribeImages", "ec2:EnableImageDeprecation"},
			Does: "An AMI shows its deprecation date, rounded to the minute.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				at := a.Clients.Now().Add(48 * time.Hour).Truncate(time.Minute).Add(10 * time.Second)
				if _, err := a.here.EnableImageDeprecation(ctx, &ec2.EnableImageDeprecationInput{ImageId: aws.String(a.id(imageThing())), DeprecateAt: &at}); err != nil {
					return a.answer(err)
				}
				return a.shows(ctx, func(image types.Image) (string, bool) {
					shown, err := time.Parse(time.RFC3339, aws.ToString(image.DeprecationTime))
					if err != nil {
						return "not shown", false
					}
					return map[bool]string{true: "to the minute", false: shown.Sub(at).String() + " off"}[shown.Equal(at.Truncate(time.Minute))], true
				})
			},
		},
		{
			Number: 121, Name: "protection", Mark: Documented, Group: Writes, Want: "refused", Needs: onImage, Actions: []string{"ec2:DeregisterImage", "ec2:DisableImageDeregistrationProtection", "ec2:EnableImageDeregistrationProtection"},
			Does: "DeregisterImage of an AMI with deregistration protection is refused.",
			ask:  method((*asker).protected),
		},
	}
}

func shown(yes bool) string {
	if yes {
		return "shown"
	}
	return "not shown"
}

func (a *asker) register(ctx context.Context, in *ec2.RegisterImageInput) error {
	out, err := a.here.RegisterImage(ctx, in)
	if err == nil {
		a.note(a.Region, Image, aws.ToString(out.ImageId))
	}
	return err
}

func added(account string) types.LaunchPermissionModifications {
	return types.LaunchPermissionModifications{Add: []types.LaunchPermission{{UserId: &account}}}
}

func (a *asker) permit(ctx context.Context, change types.LaunchPermissionModifications) error {
	_, err := a.here.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{ImageId: aws.String(a.id(imageThing())), LaunchPermission: &change})
	return err
}

func (a *asker) permitSnapshot(ctx context.Context, change types.CreateVolumePermissionModifications) error {
	_, err := a.here.ModifySnapshotAttribute(ctx, &ec2.ModifySnapshotAttributeInput{SnapshotId: aws.String(a.id(snapshotThing())), CreateVolumePermission: &change})
	return err
}

// share shares the run's AMI with AWS Marketplace's account, which is known to exist.
func (a *asker) share(ctx context.Context) error {
	return a.permit(ctx, added(marketplace.IngestionAccount))
}

// sharedWith says with how many accounts an AMI is shared.
func (a *asker) sharedWith(ctx context.Context, client *ec2.Client, id string) (string, error) {
	out, err := client.DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{ImageId: &id, Attribute: types.ImageAttributeNameLaunchPermission})
	if err != nil {
		return a.answer(err)
	}
	return count(len(out.LaunchPermissions), "account"), nil
}

// documentedChanges is how many permissions of a snapshot AWS documents that one request
// changes.
const documentedChanges = 500

// shareMany removes permissions that the AMI does not have.
func (a *asker) shareMany(ctx context.Context) (string, error) {
	remove := func(n int) types.LaunchPermissionModifications {
		var change types.LaunchPermissionModifications
		for i := range n {
			change.Remove = append(change.Remove, types.LaunchPermission{UserId: aws.String(fmt.Sprintf("%012d", 200000000000+i))})
		}
		return change
	}
	if err := a.permit(ctx, remove(documentedChanges)); err != nil {
		return "", skipped("%d are refused: %w", documentedChanges, unasked(err))
	}
	switch got, err := a.answer(a.permit(ctx, remove(documentedChanges+1))); {
	case err != nil:
		return "", err
	case got == accepted:
		return "-1", nil
	}
	return strconv.Itoa(documentedChanges), nil
}

// publishBlocked asks only where AWS refuses it; if it does not, it is undone at once.
func (a *asker) publishBlocked(ctx context.Context) (string, error) {
	state, err := a.here.GetImageBlockPublicAccessState(ctx, &ec2.GetImageBlockPublicAccessStateInput{})
	if err != nil {
		return "", err
	}
	if aws.ToString(state.ImageBlockPublicAccessState) != "block-new-sharing" {
		return "", skipped("%s does not block public AMIs", a.Region)
	}
	all := []types.LaunchPermission{{Group: types.PermissionGroupAll}}
	got, err := a.answer(a.permit(ctx, types.LaunchPermissionModifications{Add: all}))
	if err == nil && got == accepted {
		err = a.permit(context.WithoutCancel(ctx), types.LaunchPermissionModifications{Remove: all})
	}
	return got, err
}

func (a *asker) publishSnapshotBlocked(ctx context.Context) (string, error) {
	state, err := a.here.GetSnapshotBlockPublicAccessState(ctx, &ec2.GetSnapshotBlockPublicAccessStateInput{})
	if err != nil {
		return "", err
	}
	if state.State == types.SnapshotBlockPublicAccessStateUnblocked {
		return "", skipped("%s does not block public snapshots", a.Region)
	}
	all := []types.CreateVolumePermission{{Group: types.PermissionGroupAll}}
	got, err := a.answer(a.permitSnapshot(ctx, types.CreateVolumePermissionModifications{Add: all}))
	if err == nil && got == accepted {
		err = a.permitSnapshot(context.WithoutCancel(ctx), types.CreateVolumePermissionModifications{Remove: all})
	}
	return got, err
}

// shows reads the run's AMI until something is shown, for as long as reads may lag.
func (a *asker) shows(ctx context.Context, what func(types.Image) (string, bool)) (got string, err error) {
	return a.showsOf(ctx, a.here, a.id(imageThing()), what)
}

func (a *asker) showsOf(ctx context.Context, client *ec2.Client, id string, what func(types.Image) (string, bool)) (got string, err error) {
	ends := time.Now().Add(a.Settle)
	err = until(ctx, a.Wait, id, func(ctx context.Context) (bool, error) {
		image, found, err := describe(ctx, client, id)
		if err != nil || !found {
			return time.Now().After(ends), err
		}
		var done bool
		got, done = what(image)
		return done || time.Now().After(ends), nil
	})
	return got, err
}

func (a *asker) protected(ctx context.Context) (string, error) {
	id := aws.String(a.id(imageThing()))
	if _, err := a.here.EnableImageDeregistrationProtection(ctx, &ec2.EnableImageDeregistrationProtectionInput{ImageId: id}); err != nil {
		return a.answer(err)
	}
	_, refused := a.here.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: id})
	got, err := a.answer(refused)
	if err != nil {
		return "", err
	}
	if _, err := a.here.DisableImageDeregistrationProtection(ctx, &ec2.DisableImageDeregistrationProtectionInput{ImageId: id}); err != nil {
		return "", err
	}
	if got == accepted {
		return got, nil
	}
	return "refused", nil
}
