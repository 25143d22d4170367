package apply

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/awsapi"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire"
)

// home is the region of these tests, and Marketplace's.
const home = "us-east-1"

// fixture is an applier in front of a sandbox, as the account vendor.
type fixture struct {
	*Applier
	t   *testing.T
	box *sandboxtest.Box
}

// Do is the applier's. Whatever a step changes, the row of its kind says that it needs.
func (f *fixture) Do(ctx context.Context, act plan.Action) (Result, error) {
	f.t.Helper()
	before := len(f.changed(f.t))
	result, err := f.Applier.Do(ctx, act)
	for _, action := range f.changed(f.t)[before:] {
		needed := func(service string) bool { return act.Kind().Needs(service + ":" + action) }
		if !slices.ContainsFunc([]string{"ec2", "ssm", "servicequotas", "aws-marketplace"}, needed) {
			f.t.Errorf("a step %s calls %s: package plan's row of the kind lacks it", act.Kind(), action)
		}
	}
	return result, err
}

func newFixture(t *testing.T, world string) *fixture {
	t.Helper()
	box := sandboxtest.Start(t, world)
	key := box.Key(t, "vendor")
	clients, err := awsapi.LoadAs(patient(t), home, awsapi.Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	a := &Applier{Clients: clients, RunID: "run-1", Log: slog.New(slog.DiscardHandler), Poll: time.Millisecond, Logs: t.TempDir()}
	t.Cleanup(a.Close)
	return &fixture{a, t, box}
}

// at is the key of the image p on amd64.
func at(region string) release.Key {
	return release.Key{Image: "p", Arch: "amd64", Place: release.Place{Region: region}}
}

// images are the account's own in a region.
func (f *fixture) images(t *testing.T, region string) []world.Image {
	t.Helper()
	got, err := f.Clients.EC2(region).DescribeImages(t.Context(), &ec2.DescribeImagesInput{
		Owners: []string{"self"}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []world.Image
	for _, i := range got.Images {
		out = append(out, observe.Image(i))
	}
	return out
}

// image is that of a name, at home.
func (f *fixture) image(t *testing.T, name string) world.Image {
	t.Helper()
	all := f.images(t, home)
	n := slices.IndexFunc(all, func(i world.Image) bool { return i.Name == name })
	if n < 0 {
		t.Fatalf("no image %q", name)
	}
	return all[n]
}

// step is an action on an image as it is now.
func (f *fixture) step(t *testing.T, k plan.Kind, name string) plan.Action {
	i := f.image(t, name)
	return plan.Action{
		ID: plan.ID(string(k) + "/x"), Target: at(home), Guard: plan.Guard{Image: plan.Seen(i)},
		Change: about(k.Change(), plan.Image{AMI: i.ID, Snapshots: i.Snapshots}),
	}
}

// about is a change that is about an image, if its kind is.
func about(c plan.Change, i plan.Image) plan.Change { return with(c, "Image", i) }

// tagging is a change that writes tags, if its kind does.
func tagging(c plan.Change, tags plan.Tags) plan.Change { return with(c, "Tags", tags) }

func with(c plan.Change, field string, value any) plan.Change {
	out := reflect.New(reflect.TypeOf(c)).Elem()
	out.Set(reflect.ValueOf(c))
	if f := out.FieldByName(field); f.IsValid() {
		f.Set(reflect.ValueOf(value))
	}
	return out.Interface().(plan.Change)
}

// changed are the calls since the fixture began that change something.
func (f *fixture) changed(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(f.box.Calls(t), func(action string) bool {
		return strings.HasPrefix(action, "Describe") || strings.HasPrefix(action, "Get") || strings.HasPrefix(action, "List")
	})
}

// refuses is a fault that answers an action with an error code, each time.
func refuses(action, code string) wire.Fault {
	return wire.Fault{Action: action, Status: 400, Code: code, Message: "as the test has it"}
}

// patient waits for the sandbox for as long as it takes: on a machine that is busy an
// answer may come later than AWS's does, and the call would be repeated.
func patient(t *testing.T) context.Context {
	return awsapi.WithPatience(t.Context(), awsapi.Patience{Call: time.Hour, Read: time.Hour})
}
