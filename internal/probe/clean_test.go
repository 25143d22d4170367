package probe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
	"amiship/internal/record"
	"amiship/sandbox/sandboxtest"
)

// full is what an account has in which a probe runs: much that looks like a probe's.
const full = `
parameters:
  - {account: vendor, regions: [eu-west-1, us-east-1], name: /amiship/probe/0123456789ab/taken, value: theirs}
  - {account: vendor, regions: [eu-west-1], name: /amiship/probe/none-of-its, value: theirs, tags: {"amiship:probes": "1:0123456789ab"}}
`

const fullImages = `
  - {account: vendor, region: eu-west-1, images: [{name: "amiship-probe-{n}", count: 9, created: 40d, public: true}, {name: mine, created: 9d, tags: {"amiship:probe": "theirs", "amiship:project": "1:mine"}, shared_with: [customer]}]}
  - {account: vendor, region: us-east-1, images: [{name: "amiship-probe-0123456789ab-copy", created: 40d, tags: {Name: amiship-probe-0123456789ab-gone}}, {name: deprecated, created: 9d}]}
  - {account: customer, region: eu-west-1, images: [{name: theirs, created: 9d, public: true, tags: {"amiship:probe": "1:0123456789ab"}}]}
`

// fill makes what a world can't have: groups, a volume, a key pair.
func fill(t *testing.T, c *awsapi.Clients) {
	t.Helper()
	client := c.EC2("eu-west-1")
	for name, tag := range map[string]string{"amiship-probe-0123456789ab-claim-0": "Name", "claim": "amiship:probes", "old": record.TagProbe} {
		_, err := client.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &name, TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeSecurityGroup, Tags: []types.Tag{{Key: &tag, Value: aws.String("of another schema")}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.CreateVolume(t.Context(), &ec2.CreateVolumeInput{AvailabilityZone: aws.String("eu-west-1a"), Size: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("amiship-probe-0123456789ab-key")}); err != nil {
		t.Fatal(err)
	}
}

// inventory is all that the account has in both regions, as AWS describes it.
func inventory(t *testing.T, c *awsapi.Clients) string {
	t.Helper()
	var out []string
	add := func(all any, err error) {
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	ctx := t.Context()
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		client := c.EC2(region)
		images, err := client.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"self", "210987654321"}, IncludeDisabled: aws.Bool(true), IncludeDeprecated: aws.Bool(true)})
		add(images.Images, err)
		for _, i := range images.Images {
			if aws.ToString(i.OwnerId) == "123456789012" {
				grants, err := client.DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{ImageId: i.ImageId, Attribute: types.ImageAttributeNameLaunchPermission})
				add(grants.LaunchPermissions, err)
			}
		}
		snapshots, err := client.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
		add(snapshots.Snapshots, err)
		volumes, err := client.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{})
		add(volumes.Volumes, err)
		groups, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
		add(groups.SecurityGroups, err)
		keys, err := client.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{})
		add(keys.KeyPairs, err)
		instances, err := client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: []types.Filter{filter("instance-state-name", "pending", "running", "stopping", "stopped", "shutting-down")}})
		add(instances.Reservations, err)
		held, err := c.SSM(region).DescribeParameters(ctx, &ssm.DescribeParametersInput{})
		add(held.Parameters, err)
		bin, err := client.ListImagesInRecycleBin(ctx, &ec2.ListImagesInRecycleBinInput{})
		add(bin.Images, err)
	}
	product, err := c.Marketplace().DescribeEntity(ctx, &marketplacecatalog.DescribeEntityInput{Catalog: aws.String(marketplace.Catalog), EntityId: aws.String("prod-aaaaaaaaaaaaa")})
	add([]*string{product.EntityIdentifier, product.Details}, err)
	return strings.Join(out, "\n")
}

func fullWorld() string {
	return strings.NewReplacer("copy_image: 20m, copy_snapshot: 20m", "copy_image: 1m, copy_snapshot: 1m, create_snapshot: 10s, snapshot_copies: 2", "\nmarketplace:", fullImages+"marketplace:").
		Replace(fmt.Sprintf(world, "", "", full))
}

// changes fits what names a call that changes something, in each of the protocols.
var changes = regexp.MustCompile(`&Action=(Create|Copy|Delete|Deregister|Disable|Enable|Modify|Register|Run|Terminate)|^AmazonSSM\.(Put|Delete)|^/(Start|Cancel)`)

// cut ends the way to AWS: a call is the last one that arrives, or that is answered.
type cut struct {
	next http.Handler
	mu   sync.Mutex
	left int  // calls that change something, until then
	done bool // the last one is done all the same
	cut  bool
}

func (c *cut) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if !c.passes(changes.MatchString(r.Header.Get("X-Amz-Target") + r.URL.Path + "&" + string(body))) {
		if c.forwards() {
			c.next.ServeHTTP(httptest.NewRecorder(), r)
		}
		w.WriteHeader(http.StatusBadRequest)
		if !strings.Contains(r.Header.Get("Content-Type"), "form") {
			_, _ = fmt.Fprint(w, `{"__type":"OptInRequired","message":"cut"}`)
			return
		}
		_, _ = fmt.Fprint(w, "<Response><Errors><Error><Code>OptInRequired</Code><Message>cut</Message></Error></Errors></Response>")
		return
	}
	c.next.ServeHTTP(w, r)
}

// passes counts a call.
func (c *cut) passes(change bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		return false
	}
	if change {
		c.left--
	}
	c.cut = c.left < 0
	return !c.cut
}

// forwards is whether the call that was the last is done; once.
func (c *cut) forwards() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	yes := c.done
	c.done = false
	return yes
}

func TestTouchesNothingOfOthers(t *testing.T) {
	t.Parallel()
	box := sandboxtest.Start(t, fullWorld())
	c := clients(t, box, box.URL)
	fill(t, c)
	before := inventory(t, c)
	if _, err := Run(t.Context(), nil, everything(c)); err != nil {
		t.Fatal(err)
	}
	if after := inventory(t, c); after != before {
		t.Errorf("before the probe the account has\n%s\nand after it\n%s", before, after)
	}
	removed, err := Clean(t.Context(), c, []string{"eu-west-1", "us-east-1"}, Sweep{Listings: true})
	if err != nil || len(removed) > 0 {
		t.Errorf("a sweep then removes %v (%v)", removed, err)
	}
	if after := inventory(t, c); after != before {
		t.Errorf("before the sweep the account has\n%s\nand after it\n%s", before, after)
	}
}

// TestKilledAtEveryChange: a probe that is killed at any call that changes something, before
// it is done or after, leaves what a sweep finds and removes.
func TestKilledAtEveryChange(t *testing.T) {
	t.Parallel()
	const shards = 4
	for shard := range shards {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			box := sandboxtest.Start(t, fullWorld())
			direct := clients(t, box, box.URL)
			fill(t, direct)
			before := inventory(t, direct)
			to, err := url.Parse(box.URL)
			if err != nil {
				t.Fatal(err)
			}
			left := 0
			for n := shard; ; n += shards {
				way := &cut{next: httputil.NewSingleHostReverseProxy(to), left: n, done: rand.IntN(2) == 0}
				server := httptest.NewServer(way)
				_, err := Run(t.Context(), nil, withoutRaces(everything(clients(t, box, server.URL)), n))
				server.Close()
				removed, sweepErr := Clean(t.Context(), direct, []string{"eu-west-1", "us-east-1"}, Sweep{Listings: true})
				if after := inventory(t, direct); sweepErr != nil || after != before {
					t.Fatalf("cut at change %d, and the sweep removes %v (%v): before it is\n%s\nand after\n%s", n, removed, sweepErr, before, after)
				}
				left += len(removed)
				if !way.cut {
					if err != nil {
						t.Errorf("the whole probe: %v", err)
					}
					break
				}
			}
			if left == 0 {
				t.Error("no sweep has removed anything")
			}
		})
	}
}

// withoutRaces leaves out the races for claims, which are most of the changes, but for some n.
func withoutRaces(cfg Config, n int) Config {
	if n%18 == 3 {
		return cfg
	}
	for _, s := range Statements() {
		if !strings.HasPrefix(s.Name, "claim-") {
			cfg.Only = append(cfg.Only, s.Name)
		}
	}
	return cfg
}

// TestCleanGivesUp: what can't be removed is named.
func TestCleanGivesUp(t *testing.T) {
	t.Parallel()
	box := sandboxtest.Start(t, "accounts: [{name: vendor, id: \"123456789012\", keys: [{deny: [\"ec2:DeleteVolume\"]}]}]")
	cfg := everything(clients(t, box, box.URL))
	cfg.Only, cfg.Wait = []string{"snapshot-tags"}, 5*time.Second
	_, err := Run(t.Context(), nil, cfg)
	var left *LeftError
	if !errors.As(err, &left) || len(left.Left) != 1 || left.Left[0].Kind != Volume || !strings.Contains(err.Error(), "UnauthorizedOperation") {
		t.Errorf("it ends with %v", err)
	}
}

// TestInterrupted: a probe that is interrupted removes what it has made.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	box := sandboxtest.Start(t, "")
	stop := make(chan struct{})
	cfg := everything(clients(t, box, box.URL))
	cfg.Say = func(s Statement) {
		if s.Name == "snapshot-in-use" {
			close(stop)
		}
	}
	got, err := Run(t.Context(), stop, cfg)
	if !errors.Is(err, ErrStopped) || len(got.Answers) == 0 || slices.ContainsFunc(got.Answers, func(a Answer) bool { return a.Number > 113 }) {
		t.Errorf("it ends with %v after %d answers", err, len(got.Answers))
	}
	left, err := Leftovers(t.Context(), clients(t, box, box.URL), []string{"eu-west-1", "us-east-1"}, Sweep{})
	if err != nil || len(left) > 0 {
		t.Errorf("left are %v (%v)", left, err)
	}
}
