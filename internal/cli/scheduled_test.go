package cli

import "testing"

// TestScheduled: only a schedule counts; a job that a push has started has a person
// behind it.
func TestScheduled(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"a terminal":          {nil, false},
		"GitLab, scheduled":   {map[string]string{"CI": "true", "CI_PIPELINE_SOURCE": "schedule"}, true},
		"GitLab, a tag":       {map[string]string{"CI": "true", "CI_PIPELINE_SOURCE": "push"}, false},
		"GitHub, scheduled":   {map[string]string{"CI": "true", "GITHUB_EVENT_NAME": "schedule"}, true},
		"GitHub, by a person": {map[string]string{"CI": "true", "GITHUB_EVENT_NAME": "workflow_dispatch"}, false},
	} {
		if got := scheduled(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
