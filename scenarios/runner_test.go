package scenarios

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
)

// ciJob is a job of a GitLab CI file, as far as a runner needs to know it.
type ciJob struct {
	name         string
	Stage        string
	Extends      string
	Variables    map[string]string
	BeforeScript []string `yaml:"before_script"`
	Script       []string
	Environment  struct{ Name string }
	Rules        []ciRule
	AllowFailure struct {
		Codes []int `yaml:"exit_codes"`
	} `yaml:"allow_failure"`
	Artifacts struct {
		Paths   []string
		Reports map[string]string
	}
}

type ciRule struct{ If, When string }

// runner does what GitLab and its runners do with a pipeline: each job gets a
// fresh checkout, the artifacts and dotenv variables of earlier stages, and the
// variables of its environment; nothing else comes from one job to the next.
type runner struct {
	repo   string
	env    []string            // variables of every job
	scoped map[string][]string // and of an environment's jobs
	// keyless, if any, are variables of jobs in place of keys of AWS, and idToken makes the token
	// of a job by the end of its subject.
	keyless []string
	idToken func(subject string) string
	stages  []string
	jobs    []ciJob
	kept    string   // directory of artifacts
	dotenv  []string // variables from reports
}

// ciResult is how a job has ended.
type ciResult struct {
	job  ciJob
	code int
	out  string
	env  []string // its variables
	dir  string   // its checkout
	err  error
}

// newRunner reads the pipeline of a repository.
func newRunner(t *testing.T, repo, file string, env []string) *runner {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repo, file))
	if err != nil {
		t.Fatal(err)
	}
	var top struct{ Stages []string }
	raw := map[string]any{}
	if err := errors.Join(yaml.Unmarshal(text, &top), yaml.Unmarshal(text, &raw)); err != nil {
		t.Fatal(err)
	}
	delete(raw, "stages")
	r := &runner{repo: repo, env: env, stages: top.Stages, kept: t.TempDir()}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		if !strings.HasPrefix(name, ".") {
			r.jobs = append(r.jobs, extended(t, raw, name))
		}
	}
	return r
}

// extended is a job over what it extends: YAML that comes later wins.
func extended(t *testing.T, raw map[string]any, name string) ciJob {
	t.Helper()
	job := ciJob{}
	chain := []string{name}
	for next := raw[name]; ; {
		parent, ok := next.(map[string]any)["extends"].(string)
		if !ok {
			break
		}
		chain, next = append(chain, parent), raw[parent]
	}
	for _, part := range slices.Backward(chain) {
		one, err := yaml.Marshal(raw[part])
		if err != nil {
			t.Fatal(err)
		}
		if _, own := raw[part].(map[string]any)["rules"]; own {
			job.Rules = nil
		}
		if err := yaml.Unmarshal(one, &job); err != nil {
			t.Fatalf("%s: %v", part, err)
		}
	}
	job.name = name
	return job
}

// pipeline are the jobs that a pipeline has, from a tag or a schedule, by stage.
func (r *runner) pipeline(t *testing.T, source, tag string) map[string][]ciJob {
	t.Helper()
	out := map[string][]ciJob{}
	for _, job := range r.jobs {
		if job.runs(t, triggered(source, tag)) {
			if !slices.Contains(r.stages, job.Stage) {
				t.Fatalf("%s is in stage %s: there are %s", job.name, job.Stage, r.stages)
			}
			out[job.Stage] = append(out[job.Stage], job)
		}
	}
	return out
}

// triggered are the variables that rules may ask for, of a pipeline for a tag, or else for
// the default branch. The schedule is the one that is meant for releases.
func triggered(source, tag string) map[string]string {
	vars := map[string]string{"CI_PIPELINE_SOURCE": source, "CI_COMMIT_TAG": tag, "CI_DEFAULT_BRANCH": "main"}
	if tag == "" {
		vars["CI_COMMIT_BRANCH"] = "main"
	}
	if source == "schedule" {
		vars["AMISHIP_SCHEDULE"] = "true"
	}
	return vars
}

var (
	equalRule = regexp.MustCompile(`^\$(\w+) == (?:"(\w+)"|\$(\w+))$`)
	tagRule   = regexp.MustCompile(`^\$CI_COMMIT_TAG =~ /(.+)/$`)
)

// runs evaluates rules: the first that fits decides.
func (j ciJob) runs(t *testing.T, vars map[string]string) bool {
	t.Helper()
	for _, rule := range j.Rules {
		fits := true
		for condition := range strings.SplitSeq(rule.If, " && ") {
			if m := equalRule.FindStringSubmatch(condition); m != nil {
				fits = fits && vars[m[1]] == cmp.Or(m[2], vars[m[3]])
			} else if m := tagRule.FindStringSubmatch(condition); m != nil {
				fits = fits && regexp.MustCompile(m[1]).MatchString(vars["CI_COMMIT_TAG"])
			} else {
				t.Fatalf("%s: what does %q mean?", j.name, rule.If)
			}
		}
		if fits {
			return rule.When != "never"
		}
	}
	return false
}

// run runs the jobs of a stage side by side, and keeps their artifacts.
func (r *runner) run(t *testing.T, jobs []ciJob, source, tag string) []ciResult {
	t.Helper()
	results := make([]ciResult, len(jobs))
	var all sync.WaitGroup
	for i, job := range jobs {
		dir, cache := t.TempDir(), t.TempDir()
		if err := errors.Join(os.CopyFS(dir, os.DirFS(r.repo)), os.CopyFS(dir, os.DirFS(r.kept))); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			results[i] = r.script(job, dir, append(r.variables(job, dir, source, tag), "XDG_CACHE_HOME="+cache))
		})
	}
	all.Wait()
	for _, result := range results {
		if result.err != nil {
			t.Fatal(result.err)
		}
		r.keep(t, result)
	}
	return results
}

// variables are those that GitLab sets for a job; later ones win.
func (r *runner) variables(job ciJob, dir, source, tag string) []string {
	env, token := slices.Clone(r.env), "not-asked-for-without-a-role"
	if len(r.keyless) > 0 {
		env = append(slices.DeleteFunc(env, func(kv string) bool {
			return strings.HasPrefix(kv, "AWS_ACCESS_KEY_ID=") || strings.HasPrefix(kv, "AWS_SECRET_ACCESS_KEY=")
		}), r.keyless...)
		subject := "ref_type:branch:ref:main"
		if tag != "" {
			subject = "ref_type:tag:ref:" + tag
		}
		token = r.idToken(subject)
	}
	env = append(env,
		"CI=true", "GITLAB_CI=true", "CI_PROJECT_DIR="+dir, "CI_JOB_NAME="+job.name, "CI_JOB_STAGE="+job.Stage, "CI_JOB_ID=42",
		"CI_PIPELINE_SOURCE="+source, "CI_SERVER_URL=https://gitlab.example.com", "AMISHIP_ID_TOKEN="+token)
	if tag != "" {
		env = append(env, "CI_COMMIT_TAG="+tag)
	}
	for _, name := range slices.Sorted(maps.Keys(job.Variables)) {
		env = append(env, name+"="+os.Expand(job.Variables[name], func(of string) string { return valueOf(env, of) }))
	}
	return slices.Concat(env, r.dotenv, r.scoped[job.Environment.Name])
}

func valueOf(env []string, name string) string {
	for _, kv := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

// shell is the process of a job.
func shell(job ciJob, dir string, env []string) *exec.Cmd {
	lines := slices.Concat([]string{"set -eo pipefail"}, job.BeforeScript, job.Script)
	cmd := exec.Command("bash", "-c", strings.Join(lines, "\n"))
	cmd.Dir, cmd.Env = dir, env
	return cmd
}

// script runs before_script and script in one shell, as a runner does.
func (r *runner) script(job ciJob, dir string, env []string) ciResult {
	cmd := shell(job, dir, env)
	out, err := cmd.CombinedOutput()
	result := ciResult{job: job, out: string(out), env: env, dir: dir}
	if cmd.ProcessState == nil {
		result.err = err
		return result
	}
	result.code = cmd.ProcessState.ExitCode()
	return result
}

// overlay copies a file, or those of a directory, over what is there, as a runner unpacks
// artifacts.
func overlay(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		there := to + strings.TrimPrefix(path, from)
		return errors.Join(os.MkdirAll(filepath.Dir(there), 0o700), os.WriteFile(there, text, 0o600))
	})
}

// keep brings a job's artifacts to where later jobs find them.
func (r *runner) keep(t *testing.T, result ciResult) {
	t.Helper()
	for _, name := range result.job.Artifacts.Paths {
		from, to := filepath.Join(result.dir, name), filepath.Join(r.kept, name)
		if err := overlay(to, from); err != nil && !errors.Is(err, fs.ErrNotExist) { // of what is missing the runner only warns
			t.Fatal(err)
		}
	}
	if name := result.job.Artifacts.Reports["dotenv"]; name != "" {
		r.dotenv = append(r.dotenv, dotenvOf(t, filepath.Join(result.dir, name))...)
	}
}

var dotenvLine = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=\S*$`)

// dotenvOf reads a report as GitLab does: no empty lines, comments or quotes, 50
// variables at most, in 5 KB.
func dotenvOf(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for _, line := range lines {
		if !dotenvLine.MatchString(line) || strings.ContainsAny(line, `'"`) {
			t.Errorf("GitLab takes no %q in a dotenv report", line)
		}
	}
	if len(lines) > 50 || len(text) > 5<<10 {
		t.Errorf("GitLab takes no %d variables in %d bytes", len(lines), len(text))
	}
	return lines
}
