package apply

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/awsapi"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// counter is an EC2 with one AMI; it notes what it is asked to change.
type counter struct {
	image    world.Image
	accounts []string // that may launch it, besides everybody
	changes  []string
	taken    map[string]string // tags of the list of those who could launch it
	tagged   map[string]string // all that it was asked to write
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	action := form.Get("Action")
	inner := "<return>true</return>"
	switch action {
	case "DescribeImages":
		inner = "<imagesSet><item>" + c.xml() + "</item></imagesSet>"
		if c.image.ID == "" {
			inner = "<imagesSet></imagesSet>"
		}
	case "DescribeImageAttribute":
		inner = "<launchPermission><item><group>all</group></item>"
		for _, id := range c.accounts {
			inner += "<item><userId>" + id + "</userId></item>"
		}
		inner += "</launchPermission>"
	default:
		c.changes = append(c.changes, action)
	}
	for n := 1; form.Has(fmt.Sprintf("Tag.%d.Key", n)); n++ {
		key, value := form.Get(fmt.Sprintf("Tag.%d.Key", n)), form.Get(fmt.Sprintf("Tag.%d.Value", n))
		if c.tagged == nil {
			c.tagged = map[string]string{}
		}
		if c.tagged[key] = value; strings.HasPrefix(key, record.TagTaken) {
			c.taken[key] = value
		}
	}
	fmt.Fprintf(w, "<%sResponse>%s</%sResponse>", action, inner, action)
}

func (c *counter) xml() string {
	text := fmt.Sprintf("<imageId>%s</imageId><name>%s</name><imageState>%s</imageState><isPublic>%v</isPublic><tagSet>", c.image.ID, c.image.Name, c.image.State, c.image.Public)
	protection := "disabled"
	if c.image.Protection != "" {
		protection = c.image.Protection
	}
	for k, v := range c.image.Tags {
		text += "<item><key>" + k + "</key><value>" + v + "</value></item>"
	}
	text += "</tagSet><deregistrationProtection>" + protection + "</deregistrationProtection>"
	for name, at := range map[string]time.Time{"lastLaunchedTime": c.image.LastLaunched, "deprecationTime": c.image.Deprecated} {
		if !at.IsZero() {
			text += "<" + name + ">" + at.Format(time.RFC3339) + "</" + name + ">"
		}
	}
	return text
}

// TestRetirementReadsAgain: a step writes the stage before it does anything, and
// does nothing to an AMI that is not as it was shown.
func TestRetirementReadsAgain(t *testing.T) {
	long := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	many := make([]string, 2000)
	for n := range many {
		many[n] = fmt.Sprintf("%012d", n)
	}
	for name, c := range map[string]struct {
		kind   plan.Kind
		change func(*counter) // since the plan was made
		want   []string
		taken  []string
		err    string
	}{
		"deprecated":               {kind: plan.Deprecate, want: []string{"CreateTags", "EnableImageDeprecation"}},
		"deprecated by AWS":        {kind: plan.Deprecate, change: func(c *counter) { c.image.Deprecated = long }, want: []string{"CreateTags"}},
		"made private":             {kind: plan.Demote, want: []string{"CreateTags", "ModifyImageAttribute"}, taken: []string{"111111111111", "222222222222", "all"}},
		"disabled":                 {kind: plan.Disable, want: []string{"CreateTags", "DisableImage"}, taken: []string{"111111111111", "222222222222", "all"}},
		"removed":                  {kind: plan.Remove, want: []string{"DeregisterImage"}},
		"launched since":           {kind: plan.Demote, change: func(c *counter) { c.image.LastLaunched = long.Add(time.Hour) }, err: "it was launched"},
		"launched before it goes":  {kind: plan.Remove, change: func(c *counter) { c.image.LastLaunched = long.Add(time.Hour) }, err: "it was launched"},
		"protected since":          {kind: plan.Demote, change: func(c *counter) { c.image.Protection = "enabled-without-cooldown" }, err: "protected against deregistration"},
		"cooling down":             {kind: plan.Disable, change: func(c *counter) { c.image.Protection = world.CoolingDown }, want: []string{"CreateTags", "DisableImage"}, taken: []string{"111111111111", "222222222222", "all"}},
		"tagged since":             {kind: plan.Disable, change: func(c *counter) { c.image.Tags["Keep"] = "yes" }, err: "changed"},
		"public since":             {kind: plan.Deprecate, change: func(c *counter) { c.image.Public = false }, err: "changed"},
		"many to write down":       {kind: plan.Demote, change: func(c *counter) { c.accounts = many[:30] }, want: []string{"CreateTags", "ModifyImageAttribute"}, taken: slices.Concat(many[:30], []string{"111111111111", "all"})},
		"more than one call takes": {kind: plan.Demote, change: func(c *counter) { c.accounts = many[:1000] }, want: []string{"CreateTags", "ModifyImageAttribute", "ModifyImageAttribute", "ModifyImageAttribute"}, taken: slices.Concat(many[:1000], []string{"111111111111", "all"})},
		"too many to write down":   {kind: plan.Demote, change: func(c *counter) { c.accounts = many }, err: "2002 holders of permissions take"},
	} {
		t.Run(name, func(t *testing.T) {
			ec2 := &counter{taken: map[string]string{}, accounts: []string{"222222222222"}, image: world.Image{
				ID: "ami-1", Name: "P 1.0.0", State: world.Available, Public: true, LastLaunched: long,
				Tags: map[string]string{record.TagProject: "1:p", record.TagTaken: "1:111111111111"},
			}}
			retiring := c.kind.Change()
			if c.kind == plan.Deprecate {
				retiring = plan.DeprecateImage{At: long}
			}
			act := plan.Action{
				ID: plan.ID(name), Target: release.Key{Place: release.Place{Region: "us-east-1"}},
				Guard:  plan.Guard{Image: plan.Seen(ec2.image), Launched: plan.Launched(ec2.image)},
				Change: about(tagging(retiring, plan.Tags{record.TagStage: "1:demoted"}), plan.Image{AMI: "ami-1"}),
			}
			if c.change != nil {
				c.change(ec2)
			}
			_, err := against(t, ec2).Do(t.Context(), act)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
			if changed := strings.Contains(c.err, "launched") || strings.Contains(c.err, "protected") || c.err == "changed"; changed != errors.Is(err, ErrChanged) {
				t.Errorf("%v: is ErrChanged %v", err, !changed)
			}
			if diff := cmp.Diff(c.want, ec2.changes); diff != "" {
				t.Errorf("changes %s", diff)
			}
			if diff := cmp.Diff(c.taken, record.ReadTaken(ec2.taken)); diff != "" {
				t.Errorf("taken %s", diff)
			}
		})
	}
}

// TestRetiredSnapshotIsPrivate: the public snapshot of an AMI is private once the AMI is, and
// stays shared with accounts; where it can't be made private, the AMI stays public, and the
// step is due again.
func TestRetiredSnapshotIsPrivate(t *testing.T) {
	for kind, change := range map[plan.Kind]plan.Change{
		plan.Demote:  plan.DemoteImage{Tags: plan.Tags{record.TagStage: "1:demoted"}},
		plan.Disable: plan.DisableImage{Tags: plan.Tags{record.TagStage: "1:disabled"}},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, `ec2: [{account: vendor, region: us-east-1, images: [{name: ours, public: true, shared_with: ["444455556666"]}]}]`)
			public := f.step(t, plan.PublishSnapshot, "ours")
			if _, err := f.Do(t.Context(), public); err != nil {
				t.Fatal(err)
			}
			retired := func() error {
				act := f.step(t, kind, "ours")
				act.Change = about(change, act.Image())
				_, err := f.Do(t.Context(), act)
				return err
			}
			f.box.Meets(t, refuses("ModifySnapshotAttribute", "UnauthorizedOperation"))
			if err := retired(); awsapi.Code(err) != "UnauthorizedOperation" || !f.image(t, "ours").Public {
				t.Errorf("refused: %v", err)
			}
			f.box.Meets(t)
			if err := retired(); err != nil || f.image(t, "ours").Public {
				t.Errorf("retired: %v", err)
			}
			permissions, err := observe.VolumePermissions(t.Context(), f.Clients.EC2(home), home, public.Image().Snapshots[0])
			if err != nil || !slices.Equal(observe.Restorers(permissions), []string{"444455556666"}) {
				t.Errorf("%v: %+v", err, permissions)
			}
		})
	}
}

// against is an applier whose AWS is a handler, in which nothing is paused.
func against(t *testing.T, h http.Handler) *Applier {
	t.Helper()
	return serving(t, &pausable{rest: h})
}

func serving(t *testing.T, h http.Handler) *Applier {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	clients, err := awsapi.LoadAs(t.Context(), "us-east-1", awsapi.Caller{Endpoint: srv.URL, KeyID: "AKIAEXAMPLE", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return &Applier{Clients: clients, Log: slog.New(slog.DiscardHandler)}
}
