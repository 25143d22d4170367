package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/world"
)

// TestCopiesThatFail: a copy of this run that ended failed is made again, a while
// later and a few times; one of an earlier run at once.
func TestCopiesThatFail(t *testing.T) {
	const step = plan.ID("copy/premium/amd64/eu-west-1")
	tokens := map[string]string{}
	for name, c := range map[string]struct {
		failed int
		mine   bool
		since  time.Duration
		state  plan.State
		why    string
	}{
		"an earlier run's":          {1, false, time.Second, plan.Ready, ""},
		"this run's, just now":      {1, true, time.Second, plan.Waiting, "ami-f1 ended failed; it is copied again"},
		"this run's, a minute ago":  {1, true, time.Minute, plan.Ready, ""},
		"the third, a minute ago":   {3, true, time.Minute, plan.Waiting, "ami-f3 ended failed; it is copied again"},
		"the third, four ago":       {3, true, 4 * time.Minute, plan.Ready, ""},
		"the fifth":                 {5, true, time.Hour, plan.Failed, "ami-f5 ended failed, after 4 others"},
		"five of an earlier run":    {5, false, time.Second, plan.Ready, ""},
		"none, and AWS is slow yet": {0, true, time.Second, plan.Waiting, "AWS does not show ami-f0 yet"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.d.Targets = append(s.d.Targets, s.d.Targets[0])
			s.d.Targets[len(s.d.Targets)-1].Region = "eu-west-1"
			var failed []world.Image
			for n := range c.failed {
				i := s.w.Regions["us-east-1"].Images.Val[0]
				i.ID, i.State, i.Snapshots = fmt.Sprintf("ami-f%d", n+1), world.Failed, nil
				failed = append(failed, i)
			}
			s.w.Regions["eu-west-1"] = world.Region{Images: known(s.w.Now, failed)}
			if c.mine {
				s.r.Made[step] = plan.Made{AMI: fmt.Sprintf("ami-f%d", c.failed), Region: "eu-west-1", At: s.w.Now.Add(-c.since)}
			}
			p := reconcile.Reconcile(s.d, s.w, s.r)
			got, _ := p.Step(step)
			if got.State != c.state || got.Why != c.why || (got.State == plan.Waiting && c.failed > 0) == got.Retry.IsZero() {
				t.Errorf("got %s %q, again at %v; want %s %q", got.State, got.Why, got.Retry, c.state, c.why)
			}
			if stay := slices.ContainsFunc(p.Waits, func(w plan.Wait) bool { return w.On == step && w.Unshown }); stay != (c.failed == 0) {
				t.Errorf("the run stays until it is known what became of it: %v", stay)
			}
			token := plan.As[plan.CopyImage](got.Action).Token
			if was, there := tokens[token]; there && got.State == plan.Ready && was != fmt.Sprint(c.failed) {
				t.Errorf("the token is that of %s failed copies", was)
			}
			tokens[token] = fmt.Sprint(c.failed)
		})
	}
}
