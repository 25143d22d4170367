package apply

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// pausable is an AWS with one parameter, which may be a pause.
type pausable struct {
	rest   http.Handler
	status int // of SSM; 0: it answers
	value  string
}

func (p *pausable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if !bytes.Contains(body, []byte("/pause")) {
		r.Body = io.NopCloser(bytes.NewReader(body))
		p.rest.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if p.status != 0 {
		w.WriteHeader(p.status)
		_, _ = w.Write([]byte(`{"__type": "AccessDeniedException"}`))
		return
	}
	list := ""
	if p.value != "" {
		list = fmt.Sprintf(`{"Name": "/amiship/p/pause", "Value": %q}`, p.value)
	}
	fmt.Fprintf(w, `{"Parameters": [%s]}`, list)
}

// TestHeld: each step reads the pause just before it begins, and does nothing under
// one. A claim of this run is given back whatever holds.
func TestHeld(t *testing.T) {
	paused, err := record.Pause{Reason: "key leaked", Since: time.Now().Add(-time.Hour)}.Value()
	if err != nil {
		t.Fatal(err)
	}
	over, _ := record.Pause{Reason: "over", Since: time.Now().Add(-2 * time.Hour), Until: time.Now().Add(-time.Hour)}.Value()
	freeze := release.Freeze{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour), Reason: "holidays"}
	for name, c := range map[string]struct {
		status   int
		value    string
		freeze   bool
		approved string
		override bool
		own      bool
		why      string
	}{
		"no pause":          {},
		"paused":            {value: paused, why: "key leaked"},
		"over":              {value: over},
		"not a pause":       {value: "hello", why: "could not be read"},
		"may not read":      {status: 400, why: "could not be read"},
		"frozen":            {freeze: true, why: "holidays"},
		"approved":          {freeze: true, approved: freeze.Digest()},
		"overridden":        {value: paused, freeze: true, override: true},
		"our own is undone": {value: paused, status: 400, freeze: true, own: true},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := &counter{image: world.Image{ID: "ami-1", State: world.Available}}
			a := serving(t, &pausable{rest: cloud, status: c.status, value: c.value})
			a.Poll = time.Millisecond
			a.Desired = release.Desired{Project: "p", Control: release.ChangeControl{Region: "us-east-1", Approved: c.approved, Override: c.override}}
			if c.freeze {
				a.Desired.Control.Freezes = []release.Freeze{freeze}
			}
			act := plan.Action{ID: "publish/a", Target: release.Key{Place: release.Place{Region: "us-east-1"}}, Guard: plan.Guard{Image: plan.Seen(cloud.image)}, Change: plan.PublishImage{Image: plan.Image{AMI: "ami-1"}}}
			if c.own {
				act.ID, act.Change = "unclaim/a", plan.EndClaim{Own: true, Group: "sg-1"}
			}
			_, err := a.Do(t.Context(), act)
			var held *HeldError
			if errors.As(err, &held) != (c.why != "") || c.why == "" && err != nil || c.why != "" && !strings.Contains(err.Error(), c.why) {
				t.Errorf("got %v, want %q", err, c.why)
			}
			if did := len(cloud.changes) > 0; did != (c.why == "") {
				t.Errorf("changes: %v", cloud.changes)
			}
			if c.why != "" && (!errors.Is(err, ErrChanged) || held.Query != world.Query{Kind: world.LookPause, Region: "us-east-1"}) {
				t.Errorf("the loop does not read the pause again: %v", err)
			}
		})
	}
}

// TestPauseIsReadAnew: steps that begin while the question is under way do not rest
// on its answer.
func TestPauseIsReadAnew(t *testing.T) {
	var p pause
	var asked atomic.Int64
	first, answer := make(chan struct{}), make(chan struct{})
	read := func() {
		_, _ = p.read(func() (record.Pause, error) {
			if asked.Add(1) == 1 {
				close(first)
				<-answer
			}
			return record.Pause{}, nil
		})
	}
	var wg sync.WaitGroup
	wg.Go(read)
	<-first
	for range 10 {
		wg.Go(read)
	}
	close(answer)
	wg.Wait()
	before := asked.Load()
	if before < 2 {
		t.Error("steps rest on an answer to a question from before they began")
	}
	if read(); asked.Load() != before+1 {
		t.Error("a step rests on an answer from before it began")
	}
}
