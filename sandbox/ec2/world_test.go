package ec2_test

import (
	"context"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/goccy/go-yaml"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

const worldFile = `
- account: vendor
  regions: [us-east-1, eu-west-1]
  block_public_access: true
  recycle_bin: 7d
  images:
    - name: GitLab EE 17.1.2
      tags: {Type: EE, Version: 17.1.2}
      public: true
      shared_with: [customer, "679593333241"]
      created: 201d
      deprecated: 12h
      last_launched: 30d
    - name: app-{n}
      count: 5000
      arch: arm64
      encrypted: true
- account: "222222222222"
  region: eu-west-3
  disabled: true
`

func readWorld(t testing.TB, text string) (ec2.World, error) {
	t.Helper()
	var w ec2.World
	err := yaml.NewDecoder(strings.NewReader(text), yaml.Strict()).Decode(&w)
	return w, err
}

func TestWorldFile(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	w := must(readWorld(t, worldFile))(t)
	r.update(func(tx *cloud.Tx) error { return ec2.Load(tx, w) })
	out := must(r.client(vendor, away).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Owners: []string{"self"}}))(t)
	if len(out.Images) != 5001 {
		t.Fatalf("%d images", len(out.Images))
	}
	for _, im := range out.Images {
		switch *im.Name {
		case "GitLab EE 17.1.2":
			if !*im.Public || *im.CreationDate != "2026-05-05T12:00:00.000Z" || *im.DeprecationTime != "2026-11-22T00:00:00.000Z" || *im.LastLaunchedTime != "2026-10-23T12:00:00.000Z" || len(im.Tags) != 2 {
				t.Errorf("image %+v", im)
			}
		case "app-4711":
			if im.Architecture != "arm64" || !*im.BlockDeviceMappings[0].Ebs.Encrypted {
				t.Errorf("image %+v", im)
			}
		}
	}
	shared := must(r.client(customer, home).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ExecutableUsers: []string{"self"}, IncludeDeprecated: aws.Bool(true)}))(t)
	if len(shared.Images) != 1 {
		t.Errorf("%d images are shared with the customer", len(shared.Images))
	}
	_, err := r.client(customer, "eu-west-3").DescribeImages(t.Context(), &awssdk.DescribeImagesInput{})
	wiretest.WantCode(t, err, "AuthFailure")
}

func TestWorldFileErrors(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"an unknown field":   {"- account: vendor\n  colour: red", "colour"},
		"an age that is not": {"- account: vendor\n  recycle_bin: soon", `age "soon"`},
		"an unknown account": {"- account: nobody", `no account "nobody"`},
		"an unknown region":  {"- account: vendor\n  region: moon-1", `"moon-1" is no region`},
		"no such block":      {"- account: vendor\n  snapshot_block_public_access: yes", `"yes" is neither block-all-sharing nor`},
		"a bad name":         {"- account: vendor\n  images: [{name: a+b}]", "not one that EC2 accepts"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, ec2.Settings{})
			w, err := readWorld(t, tc.text)
			if err == nil {
				err = r.store.Update(func(tx *cloud.Tx) error { return ec2.Load(tx, w) })
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestSettingsFile(t *testing.T) {
	read := func(text string) (ec2.Settings, error) {
		var set ec2.Settings
		err := yaml.NewDecoder(strings.NewReader(text), yaml.Strict()).Decode(&set)
		return set, err
	}
	set := must(read("copy_image: 20m\nlag: 3s\nsnapshot_copies: 5\ncopy_image_limit: fail\nno_capacity: [\"*/m5.large\"]\n"))(t)
	want := ec2.Settings{CopyImage: 20 * time.Minute, Lag: 3 * time.Second, SnapshotCopies: 5, CopyImageLimit: ec2.CopyFails, NoCapacity: []string{"*/m5.large"}}
	if !reflect.DeepEqual(set, want) {
		t.Errorf("settings %+v", set)
	}
	if _, err := read("copy_image_limit: maybe\n"); err == nil || !contains(err, "queue, fail and refuse") {
		t.Errorf("a word that is not one: %v", err)
	}
}

func TestSeedingTwiceChangesNothing(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	before := must(r.store.Dump())(t)
	r.update(func(tx *cloud.Tx) error { ec2.Seed(tx, testBases()); return nil })
	after := must(r.store.Dump())(t)
	for region, images := range before["ec2.images"] {
		if len(after["ec2.images"][region]) != len(images) {
			t.Errorf("%s has %d images, then %d", region, len(images), len(after["ec2.images"][region]))
		}
	}
}

// A look at a region with 5000 own images takes five calls.
func BenchmarkLook(b *testing.B) {
	r := newRig(b, ec2.Settings{})
	w, err := readWorld(b, worldFile)
	if err != nil {
		b.Fatal(err)
	}
	r.update(func(tx *cloud.Tx) error { return ec2.Load(tx, w) })
	client := r.client(vendor, home)
	for b.Loop() {
		pages := awssdk.NewDescribeImagesPaginator(client, &awssdk.DescribeImagesInput{Owners: []string{"self"}, MaxResults: aws.Int32(1000)})
		n, start := 0, time.Now()
		for pages.HasMorePages() {
			out, err := pages.NextPage(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			n += len(out.Images)
		}
		if n != 5001 {
			b.Fatalf("%d images after %s", n, time.Since(start))
		}
	}
}

// TestManyAges: an entry of a long world costs what one of a short world does.
func TestManyAges(t *testing.T) {
	each := func(n int) uint64 {
		text := "- images:\n" + strings.Repeat("  - {name: old, created: 30d}\n", n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w := must(readWorld(t, text))(t)
		runtime.ReadMemStats(&after)
		if len(w[0].Images) != n {
			t.Fatalf("%d images, want %d", len(w[0].Images), n)
		}
		return (after.TotalAlloc - before.TotalAlloc) / uint64(n)
	}
	if few, many := each(100), each(1000); many > 2*few {
		t.Errorf("an entry of 1,000 takes %d bytes, one of 100 takes %d", many, few)
	}
}

// TestFewOfMany: images that a filter leaves out cost next to nothing.
func TestFewOfMany(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	w := must(readWorld(t, worldFile))(t)
	r.update(func(tx *cloud.Tx) error { return ec2.Load(tx, w) })
	client := r.client(vendor, away)
	ask := func() {
		out := must(client.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{
			Owners: []string{"self"}, Filters: []types.Filter{{Name: aws.String("name"), Values: []string{"GitLab EE 17.1.2"}}},
		}))(t)
		if len(out.Images) != 1 {
			t.Fatalf("%d images", len(out.Images))
		}
	}
	ask() // which opens a connection
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ask()
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / 5001; each > 200 {
		t.Errorf("%d bytes for each image", each)
	}
}
