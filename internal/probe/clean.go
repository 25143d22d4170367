package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	parameter "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/awsapi"
	"amiship/internal/record"
)

// Kind is a kind of things that probes make.
type Kind string

// The kinds.
const (
	ChangeSet     Kind = "change set"
	Instance      Kind = "instance"
	Image         Kind = "AMI"
	Snapshot      Kind = "snapshot"
	Volume        Kind = "volume"
	SecurityGroup Kind = "security group"
	KeyPair       Kind = "key pair"
	Parameter     Kind = "parameter"
)

// kinds are in the order in which they can be removed.
func kinds() []Kind {
	return []Kind{ChangeSet, Instance, Image, Snapshot, Volume, SecurityGroup, KeyPair, Parameter}
}

// Leftover is something that a probe has made and that is still there.
type Leftover struct {
	Region string
	Kind   Kind
	ID     string
	Run    string // of the probe
}

func (l Leftover) String() string { return fmt.Sprintf("%s %s in %s", l.Kind, l.ID, l.Region) }

// cleanActions are the IAM actions that Clean takes, whatever was made.
var cleanActions = []string{
	"ec2:DeleteKeyPair", "ec2:DeleteSecurityGroup", "ec2:DeleteSnapshot", "ec2:DeleteVolume", "ec2:DeregisterImage", "ec2:DescribeImages", "ec2:DescribeInstances",
	"ec2:DescribeKeyPairs", "ec2:DescribeSecurityGroups", "ec2:DescribeSnapshots", "ec2:DescribeVolumes",
	"ec2:DisableImageDeregistrationProtection", "ec2:TerminateInstances", "ssm:DeleteParameter", "ssm:DescribeParameters", "ssm:ListTagsForResource",
}

// Sweep says whose things Clean removes.
type Sweep struct {
	Run string // empty: of every probe
	// Known is what a run knows to have made: AWS may not show it yet.
	Known []Leftover
	// Listings has change sets cancelled, too.
	Listings bool
}

// Clean removes what probes have made, until AWS shows nothing of it, and returns what it
// has removed. It goes by the tag, and by names that no one else gives; a pending copy or a
// snapshot that is under way is removed once AWS allows it.
func Clean(ctx context.Context, clients *awsapi.Clients, regions []string, s Sweep) (removed []Leftover, err error) {
	known := s.Known
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 10*time.Second) {
		left, err := Leftovers(ctx, clients, regions, s)
		if err != nil {
			return removed, &LeftError{Left: known, err: err}
		}
		for _, l := range known {
			if !slices.Contains(left, l) {
				left = append(left, l)
			}
		}
		if len(left) == 0 {
			return removed, nil
		}
		slices.SortStableFunc(left, func(a, b Leftover) int { return slices.Index(kinds(), a.Kind) - slices.Index(kinds(), b.Kind) })
		var errs []error
		known = nil
		for _, l := range left {
			if err := remove(ctx, clients, l); err != nil {
				errs, known = append(errs, fmt.Errorf("remove %s: %w", l, err)), append(known, l)
				continue
			}
			if !slices.Contains(removed, l) {
				removed = append(removed, l)
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return removed, &LeftError{Left: left, err: errors.Join(errs...)}
		}
	}
}

// LeftError says what could not be removed, as far as that is known.
type LeftError struct {
	Left []Leftover
	err  error
}

func (e *LeftError) Error() string {
	if len(e.Left) == 0 {
		return fmt.Sprintf("something of the probe may be left: %v", e.err)
	}
	return fmt.Sprintf("%s of the probe left: %v", count(len(e.Left), "thing"), e.err)
}

func (e *LeftError) Unwrap() error { return e.err }

// Leftovers finds what probes have made, in some regions.
func Leftovers(ctx context.Context, clients *awsapi.Clients, regions []string, s Sweep) (out []Leftover, err error) {
	if s.Listings {
		out, err = pendingSets(ctx, clients, s.Run)
		if err != nil && !awsapi.Denied(awsapi.Code(err)) { // who may not list them has started none
			return nil, fmt.Errorf("list change sets: %w", err)
		}
	}
	for _, region := range regions {
		f := finder{client: clients.EC2(region), ssm: clients.SSM(region), region: region, run: s.Run}
		for _, find := range []func(context.Context) error{f.instances, f.images, f.snapshots, f.volumes, f.groups, f.keys, f.parameters} {
			if err := find(ctx); err != nil {
				return nil, fmt.Errorf("%s: find what probes have left: %w", region, err)
			}
		}
		out = append(out, f.found...)
	}
	return out, nil
}

// Regions are those that the account has enabled.
func Regions(ctx context.Context, clients *awsapi.Clients, from string) (out []string, err error) {
	all, err := clients.EC2(from).DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
	if err != nil {
		return nil, fmt.Errorf("describe the regions: %w", err)
	}
	for _, r := range all.Regions {
		out = append(out, aws.ToString(r.RegionName))
	}
	slices.Sort(out)
	return out, nil
}

// finder finds what probes have made in a region.
type finder struct {
	client *ec2.Client
	ssm    *ssm.Client
	region string
	run    string
	found  []Leftover
}

// add takes a resource of the caller's that has the tag.
func (f *finder) add(kind Kind, id *string, tags []types.Tag) {
	for _, t := range tags {
		if aws.ToString(t.Key) == record.TagProbe {
			f.addOf(kind, aws.ToString(id), aws.ToString(t.Value))
		}
	}
}

func (f *finder) addOf(kind Kind, id, value string) {
	run, schema := record.ReadTag(value)
	if schema == record.Schema && (f.run == "" || f.run == run) {
		f.found = append(f.found, Leftover{Region: f.region, Kind: kind, ID: id, Run: run})
	}
}

func tagged() []types.Filter { return []types.Filter{filter("tag-key", record.TagProbe)} }

func (f *finder) instances(ctx context.Context) error {
	pages := ec2.NewDescribeInstancesPaginator(f.client, &ec2.DescribeInstancesInput{
		Filters: append(tagged(), filter("instance-state-name", "pending", "running", "stopping", "stopped", "shutting-down")),
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, r := range out.Reservations {
			for _, i := range r.Instances {
				f.add(Instance, i.InstanceId, i.Tags)
			}
		}
	}
	return nil
}

func (f *finder) images(ctx context.Context) error {
	pages := ec2.NewDescribeImagesPaginator(f.client, &ec2.DescribeImagesInput{
		Owners: []string{"self"}, Filters: tagged(), IncludeDisabled: aws.Bool(true), IncludeDeprecated: aws.Bool(true), MaxResults: aws.Int32(1000),
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, i := range out.Images {
			f.add(Image, i.ImageId, i.Tags)
		}
	}
	return nil
}

func (f *finder) snapshots(ctx context.Context) error {
	pages := ec2.NewDescribeSnapshotsPaginator(f.client, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, Filters: tagged(), MaxResults: aws.Int32(1000)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, s := range out.Snapshots {
			f.add(Snapshot, s.SnapshotId, s.Tags)
		}
	}
	return nil
}

func (f *finder) volumes(ctx context.Context) error {
	pages := ec2.NewDescribeVolumesPaginator(f.client, &ec2.DescribeVolumesInput{Filters: tagged()})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, v := range out.Volumes {
			f.add(Volume, v.VolumeId, v.Tags)
		}
	}
	return nil
}

func (f *finder) groups(ctx context.Context) error {
	pages := ec2.NewDescribeSecurityGroupsPaginator(f.client, &ec2.DescribeSecurityGroupsInput{Filters: tagged()})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, g := range out.SecurityGroups {
			f.add(SecurityGroup, g.GroupId, g.Tags)
		}
	}
	return nil
}

func (f *finder) keys(ctx context.Context) error {
	out, err := f.client.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{Filters: tagged()})
	if err != nil {
		return err
	}
	for _, k := range out.KeyPairs {
		f.add(KeyPair, k.KeyPairId, k.Tags)
	}
	return nil
}

// parameters are found by their path, and taken if they have the tag as well.
func (f *finder) parameters(ctx context.Context) error {
	pages := ssm.NewDescribeParametersPaginator(f.ssm, &ssm.DescribeParametersInput{
		ParameterFilters: []parameter.ParameterStringFilter{{Key: aws.String("Path"), Option: aws.String("Recursive"), Values: []string{strings.TrimSuffix(parameters, "/")}}},
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, p := range out.Parameters {
			tags, err := f.ssm.ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{ResourceType: parameter.ResourceTypeForTaggingParameter, ResourceId: p.Name})
			if err != nil {
				return err
			}
			for _, t := range tags.TagList {
				if aws.ToString(t.Key) == record.TagProbe {
					f.addOf(Parameter, aws.ToString(p.Name), aws.ToString(t.Value))
				}
			}
		}
	}
	return nil
}

// remove removes one thing; one that is gone already is no error.
func remove(ctx context.Context, clients *awsapi.Clients, l Leftover) (err error) {
	client := clients.EC2(l.Region)
	switch l.Kind {
	case ChangeSet:
		err = cancelSet(ctx, clients, l.ID)
		if awsapi.IsEntityLocked(err) || awsapi.IsInvalid(err) { // it has ended, or soon will by itself
			return nil
		}
	case Instance:
		_, err = client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{l.ID}})
	case Image:
		return deregister(ctx, client, l.ID)
	case Snapshot:
		_, err = client.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: &l.ID})
	case Volume:
		_, err = client.DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: &l.ID})
	case SecurityGroup:
		_, err = client.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &l.ID})
	case KeyPair:
		_, err = client.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyPairId: &l.ID})
	case Parameter:
		_, err = clients.SSM(l.Region).DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: &l.ID})
	}
	if awsapi.IsNotFound(err) {
		return nil
	}
	return err
}

// deregister removes an AMI. A run that was killed may have left it protected.
func deregister(ctx context.Context, client *ec2.Client, id string) error {
	_, err := client.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: &id})
	if err == nil {
		return nil
	}
	image, found, readErr := describe(ctx, client, id)
	switch {
	case readErr != nil:
		return readErr
	case !found:
		return nil
	case !strings.HasPrefix(aws.ToString(image.DeregistrationProtection), "enabled"):
		return err
	}
	if _, err := client.DisableImageDeregistrationProtection(ctx, &ec2.DisableImageDeregistrationProtectionInput{ImageId: &id}); err != nil {
		return err
	}
	_, err = client.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: &id})
	return err
}
