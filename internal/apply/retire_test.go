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
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// counter is an EC2 with one AMI; it notes what it is asked to change.
type counter struct {
	image    world.Image
	accounts []string // that may launch it, besides everybody
	changes  []string
	taken    string
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	action := form.Get("Action")
	inner := "<return>true</return>"
	switch action {
	case "DescribeImages":
		inner = "<imagesSet><item>" + c.xml() + "</item></imagesSet>"
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
		if form.Get(fmt.Sprintf("Tag.%d.Key", n)) == release.TagTaken {
			c.taken = form.Get(fmt.Sprintf("Tag.%d.Value", n))
		}
	}
	fmt.Fprintf(w, "<%sResponse>%s</%sResponse>", action, inner, action)
}

func (c *counter) xml() string {
	text := fmt.Sprintf("<imageId>%s</imageId><name>%s</name><imageState>%s</imageState><isPublic>%v</isPublic><tagSet>", c.image.ID, c.image.Name, c.image.State, c.image.Public)
	for k, v := range c.image.Tags {
		text += "<item><key>" + k + "</key><value>" + v + "</value></item>"
	}
	text += "</tagSet>"
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
	many := make([]string, 30)
	for n := range many {
		many[n] = fmt.Sprintf("%012d", n)
	}
	for name, c := range map[string]struct {
		kind   plan.Kind
		change func(*counter) // since the plan was made
		want   []string
		taken  string
		err    string
	}{
		"deprecated":              {kind: plan.Deprecate, want: []string{"CreateTags", "EnableImageDeprecation"}},
		"deprecated by AWS":       {kind: plan.Deprecate, change: func(c *counter) { c.image.Deprecated = long }, want: []string{"CreateTags"}},
		"made private":            {kind: plan.Demote, want: []string{"CreateTags", "ModifyImageAttribute"}, taken: "1:111111111111,222222222222,all"},
		"disabled":                {kind: plan.Disable, want: []string{"CreateTags", "DisableImage"}, taken: "1:111111111111,222222222222,all"},
		"removed":                 {kind: plan.Remove, want: []string{"DeregisterImage"}},
		"launched since":          {kind: plan.Demote, change: func(c *counter) { c.image.LastLaunched = long.Add(time.Hour) }, err: "somebody has started it"},
		"launched before it goes": {kind: plan.Remove, change: func(c *counter) { c.image.LastLaunched = long.Add(time.Hour) }, err: "somebody has started it"},
		"tagged since":            {kind: plan.Disable, change: func(c *counter) { c.image.Tags["Keep"] = "yes" }, err: "changed"},
		"public since":            {kind: plan.Deprecate, change: func(c *counter) { c.image.Public = false }, err: "changed"},
		"too many to write down":  {kind: plan.Demote, change: func(c *counter) { c.accounts = many }, want: []string{"CreateTags", "ModifyImageAttribute"}, taken: "1:" + release.WriteTaken(append(many, "111111111111", "all"))},
	} {
		t.Run(name, func(t *testing.T) {
			ec2 := &counter{accounts: []string{"222222222222"}, image: world.Image{
				ID: "ami-1", Name: "P 1.0.0", State: world.Available, Public: true, LastLaunched: long,
				Tags: map[string]string{release.TagProject: "1:p", release.TagTaken: "1:111111111111"},
			}}
			act := plan.Action{
				ID: plan.ID(name), Kind: c.kind, AMI: "ami-1", Target: release.Key{Place: release.Place{Region: "us-east-1"}},
				Value: long.Format(time.RFC3339), Launched: plan.Launched(ec2.image), Seen: plan.Seen(ec2.image),
			}
			if c.kind != plan.Remove {
				act.Tags = map[string]string{release.TagStage: "1:demoted"}
			}
			if c.change != nil {
				c.change(ec2)
			}
			_, err := against(t, ec2).Do(t.Context(), act)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
			if changed := strings.Contains(c.err, "started") || c.err == "changed"; changed != errors.Is(err, ErrChanged) {
				t.Errorf("%v: is ErrChanged %v", err, !changed)
			}
			if diff := cmp.Diff(c.want, ec2.changes); diff != "" || ec2.taken != c.taken && slices.Contains(c.want, "CreateTags") {
				t.Errorf("taken %q, changes %s", ec2.taken, diff)
			}
		})
	}
}

// against is an applier whose AWS is a handler.
func against(t *testing.T, h http.Handler) *Applier {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	clients, err := awsapi.LoadAs(t.Context(), "us-east-1", awsapi.Caller{Endpoint: srv.URL, KeyID: "AKIAEXAMPLE", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return &Applier{Clients: clients, Log: slog.New(slog.DiscardHandler)}
}
