package apply

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// leaver is a counter whose AWS deregisters the AMI and deletes none of its snapshots.
type leaver struct {
	counter
	results map[string]string // of DeregisterImage, by snapshot
	refuses string            // error code of DeleteSnapshot; empty: it works
}

func (l *leaver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	switch action := form.Get("Action"); {
	case action == "DeregisterImage":
		fmt.Fprint(w, "<DeregisterImageResponse><return>true</return><deleteSnapshotResultSet>")
		for id, code := range l.results {
			fmt.Fprintf(w, "<item><snapshotId>%s</snapshotId><returnCode>%s</returnCode></item>", id, code)
		}
		fmt.Fprint(w, "</deleteSnapshotResultSet></DeregisterImageResponse>")
	case action == "DeleteSnapshot" && l.refuses != "":
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>no</Message></Error></Errors></Response>", l.refuses)
	case action == "DeleteSnapshot":
		l.changes = append(l.changes, form.Get("SnapshotId"))
		fmt.Fprint(w, "<DeleteSnapshotResponse><return>true</return></DeleteSnapshotResponse>")
	default:
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		l.counter.ServeHTTP(w, r)
	}
}

// TestSnapshotsAreDeletedWithTheirAMI: what AWS has not deleted is asked for once more,
// and what is left then is reported, though the AMI is gone.
func TestSnapshotsAreDeletedWithTheirAMI(t *testing.T) {
	for name, c := range map[string]struct {
		result, refuses string
		deleted         []string
		left            string
	}{
		"deleted":                {result: "success"},
		"another AMI needs it":   {result: "skipped"},
		"an error of AWS's":      {result: "internal-error", deleted: []string{"snap-1"}},
		"gone since":             {result: "client-error", refuses: "InvalidSnapshot.NotFound"},
		"needed since":           {result: "client-error", refuses: "InvalidSnapshot.InUse"},
		"without the permission": {result: "missing-permissions", refuses: "UnauthorizedOperation", left: "delete snapshot snap-1 of ami-1, which is deregistered, in us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			ec2 := &leaver{results: map[string]string{"snap-1": c.result}, refuses: c.refuses, counter: counter{image: world.Image{
				ID: "ami-1", Name: "P 1.0.0", State: world.Disabled, Tags: map[string]string{record.TagProject: "1:p"},
			}}}
			act := plan.Action{ID: "remove", Target: release.Key{Place: release.Place{Region: "us-east-1"}}, Guard: plan.Guard{Image: plan.Seen(ec2.image)}, Change: plan.RemoveImage{Image: plan.Image{AMI: "ami-1"}}}
			res, err := against(t, ec2).Do(t.Context(), act)
			if err != nil {
				t.Fatal(err)
			}
			if (res.Left == nil) != (c.left == "") || res.Left != nil && !strings.Contains(res.Left.Error(), c.left) {
				t.Errorf("left %v, want %q", res.Left, c.left)
			}
			if diff := cmp.Diff(c.deleted, ec2.changes); diff != "" {
				t.Error(diff)
			}
		})
	}
}
