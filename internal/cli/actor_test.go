package cli

import "testing"

func TestCIJob(t *testing.T) {
	for name, c := range map[string]struct {
		env       map[string]string
		url, user string
	}{
		"none":           {},
		"GitLab":         {map[string]string{"CI_JOB_URL": "https://gitlab/1", "GITLAB_USER_LOGIN": "ann"}, "https://gitlab/1", "ann"},
		"GitHub":         {map[string]string{"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7", "GITHUB_ACTOR": "bob"}, "https://github.com/o/r/actions/runs/7", "bob"},
		"half of GitHub": {map[string]string{"GITHUB_SERVER_URL": "https://github.com", "GITHUB_ACTOR": "bob"}, "", ""},
	} {
		if url, user := ciJob(func(k string) string { return c.env[k] }); url != c.url || user != c.user {
			t.Errorf("%s: %q %q", name, url, user)
		}
	}
}
