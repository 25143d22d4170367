package cli

// scheduled reports whether a schedule of GitLab or GitHub has started this process:
// no person has.
func scheduled(env func(string) string) bool {
	return env("CI_PIPELINE_SOURCE") == "schedule" || env("GITHUB_EVENT_NAME") == "schedule"
}
