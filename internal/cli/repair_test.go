package cli

import (
	"bytes"
	"strings"
	"testing"
)

// TestNoScheduleRepairs: it is refused before anything is read.
func TestNoScheduleRepairs(t *testing.T) {
	for _, name := range []string{"CI_PIPELINE_SOURCE", "GITHUB_EVENT_NAME"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CI_PIPELINE_SOURCE", "")
			t.Setenv("GITHUB_EVENT_NAME", "")
			t.Setenv(name, "schedule")
			var out, errs bytes.Buffer
			code := Main(t.Context(), []string{"repair", "--all", "--yes"}, Stdio{In: &bytes.Buffer{}, Out: &out, Err: &errs}, Version{})
			if code != codeUsage || !strings.Contains(errs.String(), "refuses to run in a schedule") || !strings.Contains(errs.String(), "amiship verify --all --as PROFILE") {
				t.Errorf("exit %d: %s", code, errs.String())
			}
		})
	}
}
