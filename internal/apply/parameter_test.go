package apply

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// parameterStore is a counter with one SSM parameter.
type parameterStore struct {
	counter
	value string // empty: there is none
}

func (s *parameterStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, action, found := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case !found:
		s.counter.ServeHTTP(w, r)
	case action == "GetParameters" && s.value != "":
		fmt.Fprintf(w, `{"Parameters": [{"Name": "/p/1.0.0", "Value": %q}]}`, s.value)
	case action == "GetParameters":
		fmt.Fprint(w, `{"InvalidParameters": ["/p/1.0.0"]}`)
	default:
		s.changes = append(s.changes, action)
		fmt.Fprint(w, `{}`)
	}
}

// TestParametersAreReadAgain: SSM deletes whatever a parameter's value is, so it is
// deleted only while it names the AMI, and while that may be removed.
func TestParametersAreReadAgain(t *testing.T) {
	for name, c := range map[string]struct {
		gone   bool                  // the plan saw no AMI
		change func(*parameterStore) // since the plan was made
		want   []string
		err    string
	}{
		"as planned":                     {want: []string{"DeleteParameter"}},
		"whose AMI is gone":              {gone: true, change: func(s *parameterStore) { s.image.ID = "" }, want: []string{"DeleteParameter"}},
		"whose AMI is there":             {gone: true, err: "it is there"},
		"moved from an AMI that is gone": {gone: true, change: func(s *parameterStore) { s.image.ID, s.value = "", "ami-2" }, err: `it is "ami-2"`},
		"gone already":                   {change: func(s *parameterStore) { s.value = "" }},
		"names another AMI":              {change: func(s *parameterStore) { s.value = "ami-2" }, err: `it is "ami-2"`},
		"the AMI is started":             {change: func(s *parameterStore) { s.image.LastLaunched = s.image.Created.AddDate(2026, 0, 0) }, err: "it was launched"},
		"the AMI is protected":           {change: func(s *parameterStore) { s.image.Protection = "enabled-with-cooldown" }, err: "protected against deregistration"},
		"its protection is cooling down": {change: func(s *parameterStore) { s.image.Protection = world.CoolingDown }, err: "protected against deregistration"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &parameterStore{value: "ami-1", counter: counter{image: world.Image{
				ID: "ami-1", Name: "P 1.0.0", State: world.Disabled, Tags: map[string]string{record.TagProject: "1:p"},
			}}}
			act := plan.Action{
				ID: "delete-parameter", Target: release.Key{Place: release.Place{Region: "us-east-1"}}, Guard: plan.Guard{Launched: plan.Launched(s.image), Image: plan.Seen(s.image)},
				Change: plan.RemoveParameter{Image: plan.Image{AMI: "ami-1"}, Parameter: "/p/1.0.0"},
			}
			if c.gone {
				act.Guard = plan.Guard{}
			}
			if c.change != nil {
				c.change(s)
			}
			_, err := against(t, s).Do(t.Context(), act)
			if (err == nil) != (c.err == "") || err != nil && (!strings.Contains(err.Error(), c.err) || !errors.Is(err, ErrChanged)) {
				t.Errorf("got %v, want %q", err, c.err)
			}
			if diff := cmp.Diff(c.want, s.changes); diff != "" {
				t.Error(diff)
			}
		})
	}
}
