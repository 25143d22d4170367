package reconcile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/world"
)

// TestSnapshotsThatAreLeft: a snapshot of the project goes if its AMI does, and stays
// while anything could still need it, or show that it does.
func TestSnapshotsThatAreLeft(t *testing.T) {
	sweep, retire := []string{"ready delete-snapshot"}, []string{"ready delete-snapshot"}
	for name, c := range map[string]struct {
		change        func(*world.Snapshot)
		world         func(*attic)
		sweep, retire []string
	}{
		"of a retired AMI":                {sweep: sweep, retire: retire},
		"of a candidate":                  {change: func(s *world.Snapshot) { s.Tags[record.TagStage] = "1:candidate" }, sweep: sweep},
		"another project's":               {change: func(s *world.Snapshot) { s.Tags[record.TagProject] = "1:p-agent" }},
		"of a newer Amiship":              {change: func(s *world.Snapshot) { s.Tags[record.TagProject] = "9:p" }},
		"of an unknown AMI":               {change: func(s *world.Snapshot) { s.AMI = "" }},
		"of an AMI that is not shown yet": {change: func(s *world.Snapshot) { s.Started = s.Started.Add(400 * oneDay).Add(-time.Minute) }},
		"of an AMI in the Recycle Bin":    {change: func(s *world.Snapshot) { s.Binned = true }},
		"of an AMI that exists":           {change: func(s *world.Snapshot) { s.AMI = "ami-0" }},
		"that another AMI needs":          {world: func(a *attic) { a.images[0].Snapshots = append(a.images[0].Snapshots, "snap-9") }},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAttic()
			a.add("1.2.0", 10)
			s := world.Snapshot{ID: "snap-9", AMI: "ami-9", Started: a.now.Add(-400 * oneDay), Tags: map[string]string{
				record.TagProject: "1:p", record.TagImage: "1:ce", record.TagArch: "1:amd64", record.TagStage: "1:disabled",
			}}
			if c.change != nil {
				c.change(&s)
			}
			if c.world != nil {
				c.world(a)
			}
			a.snapshots = []world.Snapshot{s}
			w := a.world()
			r := w.Regions["us-east-1"]
			r.Claims = known(a.now, []world.Claim(nil))
			w.Regions["us-east-1"] = r
			run := plan.NewRun("run")
			if diff := cmp.Diff(c.sweep, kindsOf(reconcile.Sweep{Project: "p", Regions: []string{"us-east-1"}}.Reconcile(w, run))); diff != "" {
				t.Error("sweep", diff)
			}
			if diff := cmp.Diff(c.retire, kindsOf(a.scope().Reconcile(w, run))); diff != "" {
				t.Error("retire", diff)
			}
		})
	}
}

func kindsOf(p plan.Plan) []string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, string(s.State)+" "+string(s.Kind()))
	}
	return out
}

// TestWhatIsLeftIsAFailure: AWS shows the AMI no longer, and the run says all the same
// that a snapshot is there.
func TestWhatIsLeftIsAFailure(t *testing.T) {
	a := newAttic()
	a.add("1.2.0", 10)
	run := plan.NewRun("run")
	run.Left["remove/x"] = plan.Left{Action: plan.Action{ID: "remove/x", Change: plan.RemoveImage{}}, Failure: plan.Failure{Err: "delete snapshot snap-9", Code: "UnauthorizedOperation"}}
	p := a.scope().Reconcile(a.world(), run).Only([]plan.ID{"remove/x"})
	s, ok := p.Step("remove/x")
	if !ok || s.State != plan.Failed || s.Why != "delete snapshot snap-9" || s.Code != "UnauthorizedOperation" || p.Complete() {
		t.Errorf("%+v", p.Steps)
	}
}
