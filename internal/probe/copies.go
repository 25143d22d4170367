package probe

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
)

// mostCopies is how many snapshot copies a run starts at once, to find the limit: AWS's
// default is 20.
const mostCopies = 21

func copyStatements() []Statement {
	onImage, onCopy := []*Thing{imageThing()}, []*Thing{copyThing()}
	return []Statement{
		{
			Number: 130, Name: "copy-pending", Makes: "a copy of that AMI in the other region", Mark: Documented, Group: Writes, Want: "pending", Needs: onImage, Actions: []string{"ec2:CopyImage", "ec2:CreateTags", "ec2:DescribeImages"}, Cents: snapshotDay,
			Does: "A copy that has just begun is a pending AMI.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				c := a.begin(ctx)
				if c.err != nil {
					return a.answer(c.err)
				}
				return a.showsOf(ctx, a.there, c.id, func(image types.Image) (string, bool) { return string(image.State), true })
			},
		},
		{
			Number: 131, Name: "copy-pending-share", Makes: "a copy of that AMI in the other region", Mark: Seen, Group: Writes, Want: "InvalidAMIID.Unavailable", Needs: onImage, Actions: []string{"ec2:CopyImage", "ec2:ModifyImageAttribute"},
			Does: "Sharing a pending AMI is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				c := a.begin(ctx)
				if c.err != nil {
					return c.err
				}
				change := added(marketplace.IngestionAccount)
				_, err := a.there.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{ImageId: &c.id, LaunchPermission: &change})
				return err
			}),
		},
		{
			Number: 132, Name: "copy-token", Makes: "a copy of that AMI in the other region", Mark: Documented, Group: Writes, Want: "the same AMI", Needs: onImage, Actions: []string{"ec2:CopyImage"},
			Does: "The same CopyImage with the same client token answers with the AMI that the first one began.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				c := a.begin(ctx)
				if c.err != nil {
					return a.answer(c.err)
				}
				again, err := a.copy(ctx, a.copying("copy"))
				switch {
				case err != nil:
					return a.answer(err)
				case again == c.id:
					return "the same AMI", nil
				}
				return "another AMI", nil
			},
		},
		{
			Number: 133, Name: "copy-token-reused", Makes: "a copy of that AMI in the other region", Mark: Documented, Group: Writes, Want: "IdempotentParameterMismatch", Needs: onImage, Actions: []string{"ec2:CopyImage"},
			Does: "Another CopyImage with that client token is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				if c := a.begin(ctx); c.err != nil {
					return c.err
				}
				in := a.copying("copy")
				in.Description = aws.String("another request")
				_, err := a.copy(ctx, in)
				return err
			}),
		},
		{
			Number: 134, Name: "copy-tags", Mark: Documented, Group: Writes, Want: "shown", Needs: onCopy, Actions: []string{"ec2:DescribeImages"},
			Does: "CopyImageTags gives the copy the tags of its source.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				return a.showsOf(ctx, a.there, a.id(copyThing()), func(image types.Image) (string, bool) {
					for _, tag := range image.Tags {
						if aws.ToString(tag.Key) == ownTag {
							return shown(true), true
						}
					}
					return shown(false), false
				})
			},
		},
		{
			Number: 135, Name: "copy-private", Mark: Documented, Group: Writes, Want: "0 accounts", Needs: onCopy, Actions: []string{"ec2:DescribeImageAttribute"},
			Does: "A copy has no launch permissions, whatever its source has.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				return a.sharedWith(ctx, a.there, a.id(copyThing()))
			},
		},
		{
			Number: 136, Name: "copy-name-again", Makes: "a second copy of that AMI, of the same name", Mark: Seen, Group: Writes, Want: accepted, Needs: onCopy, Actions: []string{"ec2:CopyImage", "ec2:DescribeImages"}, Cents: snapshotDay,
			Does: "CopyImage with the name of another AMI of the caller is accepted.",
			ask: call(func(ctx context.Context, a *asker) error {
				in := a.copying("again")
				in.Name = aws.String(a.name("copy"))
				id, err := a.copy(ctx, in)
				if err == nil {
					_, err = a.available(ctx, a.there, id) // or the next copy may be one too many at once
				}
				return err
			}),
		},
		{
			Number: 137, Name: "deregister-pending", Makes: "a copy that is deregistered while it is pending", Mark: Unknown, Setting: "ec2.deregister_pending", Group: Writes, Want: "free", Needs: onImage, Actions: []string{"ec2:CopyImage", "ec2:CreateTags", "ec2:DeregisterImage", "ec2:DescribeSnapshots"}, Cents: snapshotDay,
			Does: "Deregistering a pending copy with its snapshots ends the copy (free), leaves its snapshot (keep), or is refused (refuse).",
			ask:  method((*asker).deregisterPending),
		},
		{
			Number: 138, Name: "disable", Mark: Documented, Group: Writes, Want: "disabled, 0 accounts", Needs: onCopy, Actions: []string{"ec2:DescribeImageAttribute", "ec2:DescribeImages", "ec2:DisableImage", "ec2:ModifyImageAttribute"},
			Does: "DisableImage takes an AMI's launch permissions.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				id := a.id(copyThing())
				change := added(marketplace.IngestionAccount)
				if _, err := a.there.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{ImageId: &id, LaunchPermission: &change}); err != nil {
					return "", unasked(err)
				}
				if _, err := a.there.DisableImage(ctx, &ec2.DisableImageInput{ImageId: &id}); err != nil {
					return a.answer(err)
				}
				return a.stateAndShares(ctx, id, types.ImageStateDisabled)
			},
		},
		{
			Number: 139, Name: "enable", Mark: Documented, Group: Writes, Want: "available, 0 accounts", Needs: onCopy, Actions: []string{"ec2:DescribeImageAttribute", "ec2:DescribeImages", "ec2:EnableImage"},
			Does: "EnableImage does not give them back.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				id := a.id(copyThing())
				if _, err := a.there.EnableImage(ctx, &ec2.EnableImageInput{ImageId: &id}); err != nil {
					return a.answer(err)
				}
				return a.stateAndShares(ctx, id, types.ImageStateAvailable)
			},
		},
		{
			Number: 140, Name: "deregister-snapshots", Mark: Verified, Group: Writes, Want: "success", Needs: onCopy, Actions: []string{"ec2:DeleteSnapshot", "ec2:DeregisterImage"},
			Does: "DeregisterImage with DeleteAssociatedSnapshots deletes the snapshot and says so.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				out, err := a.there.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: aws.String(a.id(copyThing())), DeleteAssociatedSnapshots: aws.Bool(true)})
				switch {
				case err != nil:
					return a.answer(err)
				case len(out.DeleteSnapshotResults) == 0:
					return "", skipped("%s keeps AMIs in the Recycle Bin", a.To)
				}
				return string(out.DeleteSnapshotResults[0].ReturnCode), nil
			},
		},
		{
			Number: 141, Name: "deregister-again", Mark: Seen, Group: Writes, Want: "InvalidAMIID.Unavailable", Needs: onImage, Makes: "a second AMI of that snapshot, deregistered at once", Actions: []string{"ec2:DeregisterImage", "ec2:RegisterImage"},
			Does: "DeregisterImage of an AMI that was deregistered before is refused.",
			ask: call(func(ctx context.Context, a *asker) error {
				made, err := a.here.RegisterImage(ctx, a.registration("twice"))
				if err != nil {
					return unasked(err)
				}
				a.note(a.Region, Image, aws.ToString(made.ImageId))
				for range 2 {
					if _, err = a.here.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: made.ImageId}); err != nil {
						return err
					}
				}
				return nil
			}),
		},
		{
			Number: 142, Name: "snapshot-copies", Makes: "up to 21 copies of the snapshot at once, in the other region", Mark: Documented, Setting: "ec2.snapshot_copies", Group: Writes, Want: "20", Needs: onImage, Actions: []string{"ec2:CopySnapshot", "ec2:CreateTags"}, Cents: mostCopies * snapshotDay,
			Does: "CopySnapshot is refused beyond 20 copies at once into a region.",
			ask: func(ctx context.Context, a *asker) (string, error) {
				limit, err := a.fillCopies(ctx)
				return strconv.Itoa(limit), err
			},
		},
		{
			Number: 143, Name: "copy-limit", Makes: "up to 21 copies of the snapshot at once, in the other region", Mark: Unknown, Setting: "ec2.copy_image_limit", Group: Writes, Want: "queue", Needs: onImage, Actions: []string{"ec2:CopyImage", "ec2:CopySnapshot", "ec2:CreateTags", "ec2:DescribeImages"}, Cents: snapshotDay,
			Does: "CopyImage beyond that limit waits (queue), ends as a failed AMI (fail), or is refused (refuse).",
			ask:  method((*asker).copyBeyond),
		},
	}
}

// stateAndShares waits until an AMI shows a state, and says with whom it is shared.
func (a *asker) stateAndShares(ctx context.Context, id string, state types.ImageState) (string, error) {
	got, err := a.showsOf(ctx, a.there, id, func(image types.Image) (string, bool) {
		return string(image.State), image.State == state
	})
	if err != nil {
		return "", err
	}
	shares, err := a.sharedWith(ctx, a.there, id)
	return got + ", " + shares, err
}

// deregisterPending begins a copy and deregisters it at once.
func (a *asker) deregisterPending(ctx context.Context) (string, error) {
	id, err := a.copy(ctx, a.copying("gone"))
	if err != nil {
		return "", unasked(err)
	}
	state, err := a.showsOf(ctx, a.there, id, func(image types.Image) (string, bool) { return string(image.State), true })
	switch {
	case err != nil:
		return "", err
	case state != string(types.ImageStatePending):
		return "", skipped("the copy was %s at once", state)
	}
	_, err = a.there.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: &id, DeleteAssociatedSnapshots: aws.Bool(true)})
	switch got, err := a.answer(err); {
	case err != nil:
		return "", err
	case got != accepted:
		return "refuse", nil
	}
	ends := time.Now().Add(a.Settle)
	got := "keep"
	err = until(ctx, a.Wait, "the snapshot", func(ctx context.Context) (bool, error) {
		out, err := a.there.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, Filters: []types.Filter{filter("tag:Name", a.name("gone"))}})
		if err == nil && len(out.Snapshots) == 0 {
			got = "free"
		}
		return got == "free" || time.Now().After(ends), err
	})
	return got, err
}

var limitIs = regexp.MustCompile(`limit is (\d+)`)

// fillCopies starts copies of the run's snapshot until AWS refuses one, and returns the
// limit.
func (a *asker) fillCopies(ctx context.Context) (int, error) {
	for n := range mostCopies {
		out, err := a.there.CopySnapshot(ctx, &ec2.CopySnapshotInput{
			SourceRegion: &a.Region, SourceSnapshotId: aws.String(a.id(snapshotThing())), Description: aws.String("made by amiship probe"),
			TagSpecifications: a.specification(a.name("filling"), types.ResourceTypeSnapshot),
		})
		switch {
		case awsapi.IsOverLimit(err):
			a.message = awsapi.Message(err)
			if m := limitIs.FindStringSubmatch(a.message); m != nil {
				return strconv.Atoi(m[1])
			}
			return n, nil
		case err != nil:
			return 0, unasked(err)
		}
		a.note(a.To, Snapshot, aws.ToString(out.SnapshotId))
	}
	return 0, skipped("%d copies at once are below the limit of %s", mostCopies, a.To)
}

// copyBeyond copies the AMI while the limit is reached.
func (a *asker) copyBeyond(ctx context.Context) (string, error) {
	if _, err := a.fillCopies(ctx); err != nil {
		return "", err
	}
	id, err := a.copy(ctx, a.copying("beyond"))
	if err != nil {
		if _, err := a.answer(err); err != nil {
			return "", err
		}
		return "refuse", nil
	}
	image, err := a.available(ctx, a.there, id)
	if image.State == types.ImageStateFailed {
		a.message = aws.ToString(image.StateReason.Message)
		return "fail", nil
	}
	return "queue", err
}
