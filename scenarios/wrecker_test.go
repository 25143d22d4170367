package scenarios

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"amiship/sandbox/wire/wiretest"
)

// finished is a release that is complete: a sandbox's state, and its catalog.json.
type finished struct{ state, file, amis string }

func finishedRelease(t *testing.T) finished {
	t.Helper()
	f := finished{file: verifyBundle(t), amis: filepath.Join(t.TempDir(), "amis.json")}
	b := startAt(t)
	if code, out := amiship(t, b.env(t, "vendor", ""), "release", "v2.42.0", "--file", f.file, "--poll", "200ms", "--catalog", f.amis); code != 0 {
		t.Fatalf("release: exit %d\n%s", code, out)
	}
	b.end(t)
	f.state = b.state
	return f
}

// ami is what catalog.json says.
func (f finished) ami(t *testing.T, image, region string) string {
	t.Helper()
	text, err := os.ReadFile(f.amis)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		AMIs map[string]map[string]map[string]string
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	id := list.AMIs[image]["amd64"][region]
	if id == "" {
		t.Fatalf("no %s in %s", image, region)
	}
	return id
}

// wrecker does to a finished release what a user with the vendor's keys can,
// in eu-west-1.
type wrecker struct {
	t   *testing.T
	b   *box
	env []string
	ec2 *ec2.Client
	ssm *ssm.Client
	finished
	public, premium string // AMIs
}

const wreckedRegion = "eu-west-1"

func (f finished) wreck(t *testing.T) *wrecker {
	t.Helper()
	b := killWorld(t, f.state)
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile("vendor"), config.WithRegion(wreckedRegion),
		config.WithSharedConfigFiles([]string{filepath.Join(b.state, "aws-config")}),
		config.WithSharedCredentialsFiles([]string{filepath.Join(b.state, "aws-credentials")}))
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTPClient = wiretest.Eager{}
	return &wrecker{
		t: t, b: b, env: b.env(t, "vendor", ""), ec2: ec2.NewFromConfig(cfg), ssm: ssm.NewFromConfig(cfg), finished: f,
		public: f.ami(t, "prometheus", wreckedRegion), premium: f.ami(t, "premium", wreckedRegion),
	}
}

// must is one call of AWS that has to work.
func must[In, Out, Options any](w *wrecker, fn func(context.Context, *In, ...func(*Options)) (*Out, error), in *In) *Out {
	w.t.Helper()
	out, err := fn(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func everybody() types.LaunchPermission { return types.LaunchPermission{Group: "all"} }

func account(id string) types.LaunchPermission { return types.LaunchPermission{UserId: aws.String(id)} }

func (w *wrecker) let(ami string, who types.LaunchPermission) {
	w.t.Helper()
	change := types.LaunchPermissionModifications{Add: []types.LaunchPermission{who}}
	must(w, w.ec2.ModifyImageAttribute, &ec2.ModifyImageAttributeInput{ImageId: &ami, LaunchPermission: &change})
}

func (w *wrecker) shut(ami string, who types.LaunchPermission) {
	w.t.Helper()
	change := types.LaunchPermissionModifications{Remove: []types.LaunchPermission{who}}
	must(w, w.ec2.ModifyImageAttribute, &ec2.ModifyImageAttributeInput{ImageId: &ami, LaunchPermission: &change})
}

func (w *wrecker) restore(ami string, change types.CreateVolumePermissionModifications) {
	w.t.Helper()
	must(w, w.ec2.ModifySnapshotAttribute, &ec2.ModifySnapshotAttributeInput{
		SnapshotId: aws.String(w.snapshot(ami)), Attribute: types.SnapshotAttributeNameCreateVolumePermission, CreateVolumePermission: &change,
	})
}

func (w *wrecker) snapshot(ami string) string {
	w.t.Helper()
	out := must(w, w.ec2.DescribeImages, &ec2.DescribeImagesInput{ImageIds: []string{ami}})
	return aws.ToString(out.Images[0].BlockDeviceMappings[0].Ebs.SnapshotId)
}

func (w *wrecker) tag(id, key, value string) {
	w.t.Helper()
	must(w, w.ec2.CreateTags, &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: &key, Value: &value}}})
}

// copy makes another AMI of a released one, and waits until it is there.
func (w *wrecker) copy(of, name string, specs ...types.TagSpecification) string {
	w.t.Helper()
	out := must(w, w.ec2.CopyImage, &ec2.CopyImageInput{
		SourceRegion: aws.String(wreckedRegion), SourceImageId: &of, Name: &name, TagSpecifications: specs,
	})
	waiter := ec2.NewImageAvailableWaiter(w.ec2, func(o *ec2.ImageAvailableWaiterOptions) { o.MinDelay, o.MaxDelay = 50*time.Millisecond, time.Second })
	if err := waiter.Wait(w.t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{*out.ImageId}}, time.Minute); err != nil {
		w.t.Fatal(err)
	}
	return *out.ImageId
}

// releaseTags are those that say that something is the release's.
func releaseTags(kind types.ResourceType, image, stage string) types.TagSpecification {
	out := types.TagSpecification{ResourceType: kind}
	for _, kv := range [][2]string{{"project", "prometheus"}, {"tag", "v2.42.0"}, {"image", image}, {"arch", "amd64"}, {"stage", stage}} {
		out.Tags = append(out.Tags, types.Tag{Key: aws.String("amiship:" + kv[0]), Value: aws.String("1:" + kv[1])})
	}
	return out
}

// put sets a parameter, and waits until it is set: an AMI is looked at first.
func (w *wrecker) put(name, value string) {
	w.t.Helper()
	must(w, w.ssm.PutParameter, &ssm.PutParameterInput{Name: &name, Value: &value, Overwrite: aws.Bool(true)})
	for range 500 {
		if out := must(w, w.ssm.GetParameter, &ssm.GetParameterInput{Name: &name}); *out.Parameter.Value == value {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("%s does not become %s", name, value)
}

// buildLeft leaves what builds and boot tests need.
func (w *wrecker) buildLeft() {
	w.t.Helper()
	must(w, w.ec2.CreateKeyPair, &ec2.CreateKeyPairInput{
		KeyName: aws.String("k"), TagSpecifications: []types.TagSpecification{releaseTags(types.ResourceTypeKeyPair, "premium", "candidate")},
	})
	must(w, w.ec2.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("g"), Description: aws.String("d"),
		TagSpecifications: []types.TagSpecification{releaseTags(types.ResourceTypeSecurityGroup, "premium", "candidate")},
	})
	must(w, w.ec2.RunInstances, &ec2.RunInstancesInput{
		ImageId: &w.public, InstanceType: types.InstanceTypeT3Micro, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		TagSpecifications: []types.TagSpecification{releaseTags(types.ResourceTypeInstance, "premium", "candidate")},
	})
}

// verify returns the exit code and what was printed.
func (w *wrecker) verify(args ...string) (int, string) {
	w.t.Helper()
	return amiship(w.t, w.env, append([]string{"verify", "v2.42.0", "--file", w.file, "--as", "customer", "--catalog", w.amis}, args...)...)
}

// edit changes catalog.json.
func (w *wrecker) edit(from, to string) {
	w.t.Helper()
	text, err := os.ReadFile(w.amis)
	if err != nil {
		w.t.Fatal(err)
	}
	out := regexp.MustCompile(from).ReplaceAllString(string(text), to)
	if out == string(text) {
		w.t.Fatalf("catalog.json has no %s:\n%s", from, text)
	}
	w.amis = filepath.Join(w.t.TempDir(), "amis.json")
	if err := os.WriteFile(w.amis, []byte(out), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// recatalog asks for something else than what was released.
func (w *wrecker) recatalog(from, to string) {
	w.t.Helper()
	text, err := os.ReadFile(w.file)
	if err != nil {
		w.t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		w.t.Fatalf("the catalog has no %q: adapt this test", from)
	}
	w.file = filepath.Join(filepath.Dir(w.file), strings.ReplaceAll(w.t.Name(), "/", "-")+".yaml")
	if err := os.WriteFile(w.file, []byte(strings.Replace(string(text), from, to, 1)), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wrecker) fault(account, action string) {
	w.t.Helper()
	w.b.run(w.t, "sandbox", "fault", "--state", w.b.state, "--region", wreckedRegion, "--account", account, "--action", action, "--status", "400", "--code", "UnauthorizedOperation")
}
